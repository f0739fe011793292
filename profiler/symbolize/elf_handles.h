// Owners of what libelf and libdw hand out.
#ifndef HUBSPY_SYMBOLIZE_ELF_HANDLES_H_
#define HUBSPY_SYMBOLIZE_ELF_HANDLES_H_

#include <elfutils/libdw.h>
#include <libelf.h>

#include <memory>

namespace hubspy {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
struct DwarfEnd {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

using ElfHandle = std::unique_ptr<Elf, ElfEnd>;
using DwarfHandle = std::unique_ptr<Dwarf, DwarfEnd>;

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_ELF_HANDLES_H_
