// What a Mach-O image's symbol table calls its code.
#ifndef HUBSPY_IMAGE_MACHO_SYMBOLS_H_
#define HUBSPY_IMAGE_MACHO_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "image/macho_parser.h"

namespace hubspy {

struct MachoSymbol {
  uint64_t vaddr = 0;
  uint64_t section_end = 0;
  absl::string_view name;  // without the underscore that C names begin with
  bool external = false;   // other images may call it
};

// Those that name code, in the table's order. The surprising part: they have no
// size, and a debugger's own symbols, data's, and second entries into a
// function are left out. Names point into `bytes`: the file that `contents`
// were parsed from.
std::vector<MachoSymbol> CodeSymbols(const MachoContents& contents,
                                     absl::Span<const std::byte> bytes);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MACHO_SYMBOLS_H_
