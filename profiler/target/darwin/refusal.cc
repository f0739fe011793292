#include "target/darwin/refusal.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hubspy {
namespace {

constexpr absl::string_view kSignOurselves =
    "sign hubspy as a debugger (tools/sign gives it the entitlement "
    "com.apple.security.cs.debugger)";
constexpr absl::string_view kOpenTheTarget =
    "make the program debuggable (sign it with the entitlement "
    "com.apple.security.get-task-allow)";

}  // namespace

std::string ExplainRefusal(const Refusal& refusal) {
  const std::string who = absl::StrCat(
      "not allowed to look at process ", refusal.pid,
      refusal.name.empty() ? "" : absl::StrCat(" (", refusal.name, ")"), ": ");
  const bool is_root = refusal.our_user_id == 0;
  // System Integrity Protection keeps these from everybody, root included.
  if ((refusal.code_signing & (kPlatformBinary | kRestricted)) != 0) {
    return absl::StrCat(
        who,
        "it is a part of macOS, which System Integrity Protection keeps "
        "closed to root, too; look at a copy of your own instead: what "
        "Homebrew installs, or a build of yours");
  }
  if ((refusal.code_signing & kHardenedRuntime) != 0 &&
      (refusal.code_signing & kGetTaskAllow) == 0) {
    return absl::StrCat(
        who, "it was signed with the hardened runtime, which keeps it closed; ",
        is_root ? "" : "run hubspy as root (sudo), or ", kSignOurselves,
        ", or ", kOpenTheTarget);
  }
  if (is_root) {
    return absl::StrCat(who, "root alone does not do; ", kSignOurselves,
                        ", or ", kOpenTheTarget);
  }
  return absl::StrCat(who, "run hubspy as root (sudo), or ", kSignOurselves,
                      ", or ", kOpenTheTarget);
}

}  // namespace hubspy
