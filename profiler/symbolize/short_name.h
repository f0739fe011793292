// A function's name without what its templates were given.
//
//   ShortName("std::vector<int, std::allocator<int> >::push_back")
//                                            // "std::vector<…>::push_back"
//
// The surprising part: not every '<' opens template arguments. Operators and
// comparisons hold some, "<lambda(int)>" is a name, and in Rust
// "<Foo<T> as Trait>::method" says whose method it is, so that only what is
// inside is shortened. A name in which they do not pair up is left as it is.
#ifndef HUBSPY_SYMBOLIZE_SHORT_NAME_H_
#define HUBSPY_SYMBOLIZE_SHORT_NAME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

// `name`: demangled (symbolize/demangle.h).
std::string ShortName(absl::string_view name);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_SHORT_NAME_H_
