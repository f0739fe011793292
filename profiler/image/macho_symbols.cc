#include "image/macho_symbols.h"

#include <algorithm>
#include <cstring>

#include "image/macho_format.h"
#include "image/read_at.h"

namespace hubspy {
namespace {

// As in symbolize/elf_symbols.cc.
constexpr size_t kMaxSymbols = size_t{1} << 23;
constexpr size_t kMaxNameSize = 64 * 1024;

const MachoSection* HomeOf(const macho::Symbol& symbol,
                           const MachoContents& contents) {
  const bool is_defined =
      (symbol.type & macho::kStab) == 0 &&
      (symbol.type & macho::kTypeMask) == macho::kInSection &&
      (symbol.description & macho::kAltEntry) == 0;
  if (!is_defined || symbol.section == 0 ||
      symbol.section > contents.sections.size()) {
    return nullptr;
  }
  const MachoSection& home = contents.sections[symbol.section - 1u];
  const bool inside = home.in_code && home.has_instructions &&
                      home.range.Contains(symbol.value);
  return inside ? &home : nullptr;
}

absl::string_view NameAt(absl::Span<const std::byte> names, uint32_t offset) {
  if (offset >= names.size()) return {};
  const auto* const begin =
      reinterpret_cast<const char*>(names.data()) + offset;
  absl::string_view name(
      begin, strnlen(begin, std::min(names.size() - offset, kMaxNameSize)));
  if (!name.empty() && name.front() == '_') name.remove_prefix(1);
  return name;
}

}  // namespace

std::vector<MachoSymbol> CodeSymbols(const MachoContents& contents,
                                     absl::Span<const std::byte> bytes) {
  std::vector<MachoSymbol> symbols;
  if (!contents.symbol_table) return symbols;
  const FileRange& table = contents.symbol_table->symbols;
  const FileRange& strings = contents.symbol_table->names;
  if (!Inside(table.offset, table.size, bytes.size()) ||
      !Inside(strings.offset, strings.size, bytes.size())) {
    return symbols;
  }
  const absl::Span<const std::byte> names =
      bytes.subspan(strings.offset, strings.size);
  const size_t count =
      std::min<size_t>(table.size / sizeof(macho::Symbol), kMaxSymbols);
  for (size_t i = 0; i < count; ++i) {
    macho::Symbol symbol;
    std::memcpy(&symbol,
                bytes.data() + table.offset + i * sizeof(macho::Symbol),
                sizeof symbol);
    const MachoSection* const home = HomeOf(symbol, contents);
    if (home == nullptr) continue;
    const absl::string_view name = NameAt(names, symbol.name);
    if (name.empty()) continue;
    symbols.push_back({.vaddr = symbol.value,
                       .section_end = home->range.end,
                       .name = name,
                       .external = (symbol.type & macho::kExternal) != 0});
  }
  return symbols;
}

}  // namespace hubspy
