// What an ELF file's symbol tables call the code at an address.
//
//   ElfSymbols symbols;
//   symbols.Add(elf);                  // again for a separate debug file
//   symbols.Sort();
//   symbols.Find(0x1234)               // "_ZN5green3Hub3RunEv", or empty
//
// Addresses are in the file's own numbering. The surprising part: several
// symbols often name one function ("poll", "__poll"); the one that people know
// is taken. And no symbol is stretched beyond its size: code between two
// exported functions of a stripped library belongs to neither.
#ifndef HUBSPY_SYMBOLIZE_ELF_SYMBOLS_H_
#define HUBSPY_SYMBOLIZE_ELF_SYMBOLS_H_

#include <gelf.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "symbolize/interval_index.h"

namespace hubspy {

class ElfSymbols {
 public:
  // Borrows `elf`, which has to stay open as long as this is used.
  void Add(Elf* elf);
  void Sort();

  // As in the file, not demangled; empty when nothing covers `vaddr`.
  absl::string_view Find(uint64_t vaddr) const;
  // From where to where that name reaches, [begin, end).
  std::optional<std::pair<uint64_t, uint64_t>> FindRange(uint64_t vaddr) const;

 private:
  struct Symbol {
    uint64_t begin = 0;
    uint64_t end = 0;  // begin, when it has no size
    uint64_t section_end = 0;
    int rank = 0;            // lower is better
    absl::string_view name;  // in the file's string table
  };

  void AddTable(Elf* elf, Elf_Scn* section);

  std::vector<Symbol> symbols_;  // by begin, then best first, once sorted
  IntervalIndex<uint32_t> index_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_ELF_SYMBOLS_H_
