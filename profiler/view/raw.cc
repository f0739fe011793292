#include "view/raw.h"

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "view/fold.h"

namespace hubspy {

std::string RenderRaw(const Profile& profile, const RawOptions& options) {
  const FoldedProfile folded =
      Fold(profile,
           {.include_idle = options.include_idle, .threads = options.threads});
  std::map<std::string, int64_t> counts;
  for (const FoldedStack& stack : folded.stacks) {
    std::string line;
    for (const uint32_t label : stack.labels) {
      // Only `;` is left to escape: labels hold no line breaks.
      absl::StrAppend(
          &line, line.empty() ? "" : ";",
          absl::StrReplaceAll(folded.labels[label].text, {{";", ":"}}));
    }
    counts[line] += stack.count;
  }
  std::string out;
  for (const auto& [line, count] : counts) {
    absl::StrAppend(&out, line, " ", count, "\n");
  }
  return out;
}

}  // namespace hubspy
