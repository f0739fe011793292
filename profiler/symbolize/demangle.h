// Linker names -> the names people wrote: C++ (Itanium ABI) and Rust (both
// manglings).
//
//   Demangle("_ZN5green3Hub3RunEv")    // "green::Hub::Run"
//
// Qualified, with template arguments, without parameters or return type: what
// fits on a line of a profile. The surprising part: a mangled name of a few
// hundred bytes can stand for gigabytes of text (each substitution doubles it),
// and symbol tables are hostile; so the result is cut at kMaxDemangledSize.
#ifndef HUBSPY_SYMBOLIZE_DEMANGLE_H_
#define HUBSPY_SYMBOLIZE_DEMANGLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace hubspy {

inline constexpr size_t kMaxDemangledSize = 4096;

// `name` itself, up to kMaxDemangledSize, when it is not mangled. Without the
// linker's suffixes: a symbol version ("@GLIBC_2.2.5"), and what compilers add
// to clones of a mangled name (".cold").
std::string Demangle(absl::string_view name);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DEMANGLE_H_
