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
      Fold(profile, {.include_idle = options.include_idle,
                     .threads = options.threads,
                     .by_state = options.by_state});
  std::map<std::string, int64_t> counts;
  for (const FoldedStack& stack : folded.stacks) {
    std::string line;
    for (const uint32_t id : stack.labels) {
      const Label& label = folded.labels[id];
      // Only `;` is left to escape: labels hold no line breaks. How
      // flamegraph.pl and its kin know an inlined frame is its last letters.
      absl::StrAppend(&line, line.empty() ? "" : ";",
                      absl::StrReplaceAll(label.text, {{";", ":"}}),
                      label.inlined ? "_[i]" : "");
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
