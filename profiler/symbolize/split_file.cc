#include "symbolize/split_file.h"

#include <dwarf.h>

#include <memory>

namespace hubspy {
namespace {

// Far more than any compiler puts into one file.
constexpr size_t kMaxUnitsOfAFile = size_t{1} << 16;

// The bytes of the unit that begins at `begin` of a section.
absl::string_view UnitBytes(Dwarf* dwarf, absl::string_view section,
                            Dwarf_Off begin, bool in_types) {
  Dwarf_Off end = 0, type_offset = 0;
  size_t header_size = 0;
  uint64_t signature = 0;
  if (begin >= section.size() ||
      dwarf_next_unit(dwarf, begin, &end, &header_size, nullptr, nullptr,
                      nullptr, nullptr, in_types ? &signature : nullptr,
                      in_types ? &type_offset : nullptr) != 0 ||
      end <= begin || end > section.size()) {
    return {};
  }
  return section.substr(begin, end - begin);
}

const SectionBytes* Find(
    const absl::flat_hash_map<uint64_t, SectionBytes>& units, uint64_t id) {
  const auto it = units.find(id);
  return it == units.end() ? nullptr : &it->second;
}

}  // namespace

SplitFile::SplitFile(Elf* elf)
    : sections_(elf, DebugSections::Kind::kSplit),
      unit_index_(sections_.bytes()[DebugSection::kCuIndex]),
      type_index_(sections_.bytes()[DebugSection::kTuIndex]) {
  // A package may hold gigabytes of units: they are never listed.
  if (unit_index_.units() == 0 && type_index_.units() == 0) ListUnits();
}

void SplitFile::ListUnits() {
  absl::string_view types = sections_.bytes()[DebugSection::kTypes];
  for (const absl::string_view info : sections_.infos()) {
    ListUnits(info, types);
    types = {};  // listed with the first
  }
}

void SplitFile::ListUnits(absl::string_view info, absl::string_view types) {
  SectionBytes sections;
  sections[DebugSection::kInfo] = info;
  sections[DebugSection::kTypes] = types;
  sections[DebugSection::kAbbrev] = sections_.bytes()[DebugSection::kAbbrev];
  const std::unique_ptr<SectionDwarf> read = SectionDwarf::Of(sections);
  if (read == nullptr) return;
  Dwarf_CU* cu = nullptr;
  Dwarf_Die root;
  uint8_t type;
  Dwarf_Half version;
  for (size_t i = 0;
       i < kMaxUnitsOfAFile && dwarf_get_units(read->dwarf(), cu, &cu, &version,
                                               &type, &root, nullptr) == 0;
       ++i) {
    uint64_t id = 0;
    if (dwarf_cu_info(cu, nullptr, nullptr, nullptr, nullptr, &id, nullptr,
                      nullptr) != 0) {
      continue;
    }
    const bool is_type = type == DW_UT_type || type == DW_UT_split_type;
    if (!is_type && type != DW_UT_split_compile) continue;
    const bool in_types = is_type && version < 5;
    const absl::string_view bytes =
        UnitBytes(read->dwarf(), in_types ? types : info,
                  dwarf_dieoffset(&root) - dwarf_cuoffset(&root), in_types);
    if (bytes.empty()) continue;
    SectionBytes unit = sections_.bytes();
    unit[DebugSection::kInfo] = in_types ? absl::string_view() : bytes;
    unit[DebugSection::kTypes] = in_types ? bytes : absl::string_view();
    (is_type ? type_units_ : units_).try_emplace(id, unit);
  }
}

std::optional<SectionBytes> SplitFile::Unit(uint64_t dwo_id) const {
  if (const auto* unit = Find(units_, dwo_id); unit != nullptr) return *unit;
  return Packed(unit_index_, dwo_id);
}

std::optional<SectionBytes> SplitFile::TypeUnit(uint64_t signature) const {
  if (const auto* unit = Find(type_units_, signature); unit != nullptr) {
    return *unit;
  }
  return Packed(type_index_, signature);
}

std::optional<SectionBytes> SplitFile::Packed(const DwpIndex& index,
                                              uint64_t id) const {
  const std::optional<DwpIndex::Row> row = index.Find(id);
  if (!row) return std::nullopt;
  SectionBytes unit;
  unit[DebugSection::kStr] = sections_.bytes()[DebugSection::kStr];
  for (const auto& [section, offset, size] : *row) {
    const absl::string_view whole = sections_.bytes()[section];
    if (offset > whole.size() || size > whole.size() - offset) {
      return std::nullopt;
    }
    unit[section] = whole.substr(offset, size);
  }
  return unit;
}

}  // namespace hubspy
