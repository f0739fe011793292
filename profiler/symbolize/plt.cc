#include "symbolize/plt.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "model/machine.h"
#include "symbolize/plt_stub.h"

namespace hubspy {
namespace {

constexpr size_t kMaxSlots = size_t{1} << 20;

void AddSlots(Elf* elf, Elf_Scn* section, const GElf_Shdr& header,
              absl::flat_hash_map<uint64_t, std::string>& slots) {
  Elf_Data* relocations = elf_getdata(section, nullptr);
  Elf_Scn* table = elf_getscn(elf, header.sh_link);
  GElf_Shdr table_header;
  if (relocations == nullptr || table == nullptr ||
      gelf_getshdr(table, &table_header) == nullptr ||
      table_header.sh_type != SHT_DYNSYM) {
    return;
  }
  Elf_Data* symbols = elf_getdata(table, nullptr);
  if (symbols == nullptr) return;
  const size_t count =
      relocations->d_size / gelf_fsize(elf, ELF_T_RELA, 1, EV_CURRENT);
  for (size_t i = 0; i < count && slots.size() < kMaxSlots; ++i) {
    GElf_Rela relocation;
    if (gelf_getrela(relocations, static_cast<int>(i), &relocation) ==
        nullptr) {
      return;
    }
    const uint64_t type = GELF_R_TYPE(relocation.r_info);
    if (!IsSlotRelocation(type)) continue;
    GElf_Sym symbol;
    if (gelf_getsym(symbols, static_cast<int>(GELF_R_SYM(relocation.r_info)),
                    &symbol) == nullptr) {
      continue;
    }
    const char* name = elf_strptr(elf, table_header.sh_link, symbol.st_name);
    if (name != nullptr && *name != '\0') {
      slots.try_emplace(relocation.r_offset, name);
    }
  }
}

}  // namespace

PltStubs::PltStubs(Elf* elf) {
  GElf_Ehdr file;
  size_t names;
  if (gelf_getehdr(elf, &file) == nullptr || file.e_machine != kElfMachine ||
      elf_getshdrstrndx(elf, &names) != 0) {
    return;
  }
  Slots slots;
  std::vector<std::pair<Elf_Scn*, GElf_Shdr>> sections;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (header.sh_type == SHT_RELA) AddSlots(elf, section, header, slots);
    // .plt, .plt.sec, .plt.got
    if (header.sh_type == SHT_PROGBITS && name != nullptr &&
        absl::StartsWith(name, ".plt")) {
      sections.emplace_back(section, header);
    }
  }
  for (const auto& [stubs, header] : sections) AddStubs(stubs, header, slots);
  index_.Sort();
}

void PltStubs::AddStubs(Elf_Scn* section, const GElf_Shdr& header,
                        const Slots& slots) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return;
  const auto* code = static_cast<const unsigned char*>(data->d_buf);
  const uint64_t step = header.sh_entsize >= 8 && header.sh_entsize <= 64
                            ? header.sh_entsize
                            : kPltStubBytes;
  // A table may begin with code of another size.
  for (uint64_t at = data->d_size % step; at < data->d_size; at += step) {
    const uint64_t size = std::min<uint64_t>(step, data->d_size - at);
    const auto slot = SlotOfStub({code + at, size}, header.sh_addr + at);
    if (!slot) continue;
    const auto it = slots.find(*slot);
    if (it == slots.end()) continue;
    index_.Add(header.sh_addr + at, header.sh_addr + at + size,
               static_cast<uint32_t>(names_.size()));
    names_.push_back(it->second);
  }
}

absl::string_view PltStubs::Find(uint64_t vaddr) const {
  const auto* found = index_.Find(vaddr);
  return found == nullptr ? absl::string_view() : names_[found->value];
}

}  // namespace hubspy
