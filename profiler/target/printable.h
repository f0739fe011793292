// What a process may choose, as text for our user's terminal.
#ifndef HUBSPY_TARGET_PRINTABLE_H_
#define HUBSPY_TARGET_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

// `text` with each control character replaced by '?': a process chooses its
// name, and must not drive our user's terminal with it.
std::string Printable(absl::string_view text);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_PRINTABLE_H_
