// Any bytes as a file of split units: 8 of a dwo_id, 8 of a type's signature,
// and the file.
#include <dwarf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "symbolize/dwarf_unit.h"
#include "symbolize/split_file.h"
#include "symbolize/split_unit.h"

namespace {

constexpr int kMaxEntries = 10000;

// What DwarfUnit asks of every function.
void AskOfTree(Dwarf_Die die, int& entries) {
  Dwarf_Die child;
  if (entries > kMaxEntries || dwarf_child(&die, &child) != 0) return;
  do {
    if (++entries > kMaxEntries) return;
    (void)hubspy::RangesOf(&child);
    (void)dwarf_haspc(&child, 0x1010);
    const char* name = dwarf_diename(&child);
    volatile size_t size = name == nullptr ? 0 : std::strlen(name);
    (void)size;
    if (entries < kMaxEntries / 100) AskOfTree(child, entries);
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t id, signature;
  if (size < sizeof(id) + sizeof(signature)) return 0;
  std::memcpy(&id, data, sizeof(id));
  std::memcpy(&signature, data + sizeof(id), sizeof(signature));
  std::string bytes(reinterpret_cast<const char*>(data) + 16, size - 16);
  elf_version(EV_CURRENT);
  const hubspy::ElfHandle elf(elf_memory(bytes.data(), bytes.size()));
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return 0;

  const hubspy::SplitFile file(elf.get());
  const std::string addresses(256, '\x10');
  if (const auto sections = file.Unit(id)) {
    const auto unit =
        hubspy::SplitUnit::Join(*sections, {.dwo_id = id,
                                            .low_pc = 0x1000,
                                            .addresses = addresses,
                                            .ranges = addresses});
    int entries = 0;
    if (unit != nullptr) AskOfTree(unit->root(), entries);
  }
  if (const auto sections = file.TypeUnit(signature)) {
    (void)hubspy::TypeNameIn(*sections);
  }
  return 0;
}
