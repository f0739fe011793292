// What a Mach-O image's symbol table calls the code at an address, and where
// functions are of which it does not tell the name.
//
//   MachoNames names(contents, bytes);
//   if (const MachoFunction* f = names.Find(0x1234)) ...   // f->name
//
// Addresses are in the image's own numbering. The surprising part: Mach-O's
// symbols have no size. A function reaches to where the next one begins, by its
// symbol or by the image's list of functions, so that in a stripped image no
// name is stretched over functions that have lost theirs.
#ifndef HUBSPY_SYMBOLIZE_MACHO_NAMES_H_
#define HUBSPY_SYMBOLIZE_MACHO_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "image/macho_parser.h"

namespace hubspy {

struct MachoFunction {
  uint64_t begin = 0;
  uint64_t end = 0;
  int rank = 0;            // of several names for one place; lower is better
  absl::string_view name;  // not demangled; empty when it has lost its name
};

class MachoNames {
 public:
  // Borrows `bytes`: the file that `contents` were parsed from.
  MachoNames(const MachoContents& contents, absl::Span<const std::byte> bytes);

  // Null where no code is.
  const MachoFunction* Find(uint64_t vaddr) const;

 private:
  std::vector<MachoFunction> functions_;  // sorted, disjoint
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_MACHO_NAMES_H_
