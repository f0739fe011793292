// Lines of source files, for showing beside the code that they became.
//
//   SourceText sources;
//   sources.Line("/src/hub.cc", 93)       // "  while (!stopped_) {"
//
// The surprising part: it is the target's debug information that says which
// files these are. Only regular files of a sensible size are opened, by
// absolute names; and a file may have been edited since the program was built.
#ifndef HUBSPY_CLI_SOURCE_TEXT_H_
#define HUBSPY_CLI_SOURCE_TEXT_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace hubspy {

class SourceText {
 public:
  // Without its newline; `line` counts from 1. Empty when there is none.
  std::string Line(const std::string& file, int line);

 private:
  absl::flat_hash_map<std::string, std::vector<std::string>> files_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_SOURCE_TEXT_H_
