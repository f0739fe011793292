#include "view/frame_label.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "view/text.h"

namespace hubspy {
namespace {

absl::string_view Basename(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos || slash + 1 == path.size()) return path;
  return path.substr(slash + 1);
}

}  // namespace

bool HasName(const SymbolFrame& frame) {
  if (frame.function.empty() || absl::StartsWith(frame.function, "[0x")) {
    return false;
  }
  return frame.module.empty() ||
         !absl::StartsWith(frame.function,
                           absl::StrCat(Basename(frame.module), "+0x"));
}

std::string FrameLabel(const SymbolFrame& frame) {
  std::string label =
      frame.function.empty()
          ? absl::StrCat("[0x", absl::Hex(frame.address.value()), "]")
          : CleanText(frame.function);
  if (!frame.file.empty()) {
    absl::StrAppend(&label, " (", CleanText(Basename(frame.file)));
    if (frame.line > 0) absl::StrAppend(&label, ":", frame.line);
    return absl::StrCat(label, ")");
  }
  if (frame.module.empty() || !HasName(frame)) return label;
  return absl::StrCat(label, " (", CleanText(Basename(frame.module)), ")");
}

std::string MarkedFrameLabel(const SymbolFrame& frame) {
  return absl::StrCat(FrameLabel(frame), frame.inlined ? kInlinedMark : "");
}

}  // namespace hubspy
