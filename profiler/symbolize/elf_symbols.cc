#include "symbolize/elf_symbols.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"

namespace hubspy {
namespace {

// More than any program has; a bound for what a hostile file can cost.
constexpr size_t kMaxSymbols = size_t{1} << 23;
constexpr size_t kMaxNameSize = 64 * 1024;

bool NamesCode(const GElf_Sym& symbol) {
  const int type = GELF_ST_TYPE(symbol.st_info);
  return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 &&
         (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

// Which of the names of one place to show: a function rather than a label,
// a name that others can call rather than a local one, and of those the one
// with the fewest underscores in front ("poll", not "__poll").
int Rank(const GElf_Sym& symbol, absl::string_view name) {
  const int label = GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE ? 1 : 0;
  const int local = GELF_ST_BIND(symbol.st_info) == STB_LOCAL ? 1 : 0;
  const size_t underscores =
      std::min(std::min(name.find_first_not_of('_'), name.size()), size_t{15});
  return label * 64 + local * 32 + static_cast<int>(underscores);
}

// Marks that assemblers leave for tools, no names: "$x" (mapping symbols of
// the ARM ELF ABI), ".L42" (local labels).
bool IsMark(absl::string_view name) {
  return name.empty() || name[0] == '$' || absl::StartsWith(name, ".L");
}

}  // namespace

void ElfSymbols::Add(Elf* elf) {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      AddTable(elf, section);
    }
  }
}

void ElfSymbols::AddTable(Elf* elf, Elf_Scn* section) {
  GElf_Shdr table;
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || gelf_getshdr(section, &table) == nullptr) return;
  const size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
  const size_t count = std::min(entry > 0 ? data->d_size / entry : 0,
                                kMaxSymbols - symbols_.size());
  for (size_t i = 0; i < count; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
    if (!NamesCode(symbol)) continue;
    const char* name = elf_strptr(elf, table.sh_link, symbol.st_name);
    if (name == nullptr || IsMark(name)) continue;
    GElf_Shdr home;
    Elf_Scn* in = elf_getscn(elf, symbol.st_shndx);
    if (in == nullptr || gelf_getshdr(in, &home) == nullptr ||
        (home.sh_flags & SHF_EXECINSTR) == 0 ||
        symbol.st_value < home.sh_addr ||
        symbol.st_value - home.sh_addr >= home.sh_size) {
      continue;
    }
    const uint64_t room = home.sh_size - (symbol.st_value - home.sh_addr);
    const absl::string_view text = name;
    symbols_.push_back({symbol.st_value,
                        symbol.st_value + std::min(symbol.st_size, room),
                        symbol.st_value + room, Rank(symbol, text),
                        text.substr(0, kMaxNameSize)});
  }
}

void ElfSymbols::Sort() {
  std::sort(symbols_.begin(), symbols_.end(),
            [](const Symbol& a, const Symbol& b) {
              return std::tie(a.begin, a.rank, a.name) <
                     std::tie(b.begin, b.rank, b.name);
            });
  uint64_t sized_reach = 0;
  for (uint32_t i = 0, next; i < symbols_.size(); i = next) {
    for (next = i + 1;
         next < symbols_.size() && symbols_[next].begin == symbols_[i].begin;) {
      ++next;
    }
    // All the names of one place, best first: it reaches as far as any of them
    // says. Assembly often gives no size; such a name reaches to the next, but
    // is a mere label where it lies in a function that has one.
    uint64_t end = symbols_[i].begin;
    for (uint32_t k = i; k < next; ++k) end = std::max(end, symbols_[k].end);
    if (end == symbols_[i].begin) {
      if (end < sized_reach) continue;
      end = symbols_[i].section_end;
      if (next < symbols_.size()) end = std::min(end, symbols_[next].begin);
    } else {
      sized_reach = std::max(sized_reach, end);
    }
    index_.Add(symbols_[i].begin, end, i);
  }
  index_.Sort();
}

absl::string_view ElfSymbols::Find(uint64_t vaddr) const {
  const auto* found = index_.Find(vaddr);
  return found == nullptr ? absl::string_view() : symbols_[found->value].name;
}

std::optional<std::pair<uint64_t, uint64_t>> ElfSymbols::FindRange(
    uint64_t vaddr) const {
  const auto* found = index_.Find(vaddr);
  if (found == nullptr) return std::nullopt;
  return std::pair(found->begin, found->end);
}

}  // namespace hubspy
