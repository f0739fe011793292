// Which of the functions that were seen the user means by a name.
//
//   ChooseFunction("Run", {{"green::Hub::Run", 93}, {"main", 100}})
//                                                    // "green::Hub::Run"
//
// The first of these that fits any: the exact name; the name without template
// arguments and parameters; that, without the scopes before it; a part of it.
#ifndef HUBSPY_CLI_CHOOSE_FUNCTION_H_
#define HUBSPY_CLI_CHOOSE_FUNCTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hubspy {

struct SeenFunction {
  std::string name;  // demangled; distinct
  int64_t samples = 0;
};

// NotFound, or InvalidArgument when it may mean several: one line that lists
// what there is, the most seen first.
absl::StatusOr<std::string> ChooseFunction(absl::string_view wanted,
                                           std::vector<SeenFunction> seen);

}  // namespace hubspy

#endif  // HUBSPY_CLI_CHOOSE_FUNCTION_H_
