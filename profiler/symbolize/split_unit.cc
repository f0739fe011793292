#include "symbolize/split_unit.h"

#include <dwarf.h>

#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

constexpr size_t kAddressSize = 8;
// libdw takes a value at a unit's very end for whole.
constexpr size_t kSlack = 16;

// Where the parts of a unit's header lie (DWARF 5, section 7.5.1.2; DWARF 4,
// section 7.5.1.1), and of its root entry the code of its abbreviation.
struct Layout {
  Dwarf_Half version = 0;
  size_t type = 0;  // DWARF 5 only
  size_t abbrev_offset = 0;
  size_t offset_size = 0;
  size_t root = 0;
  size_t code_size = 0;
};

size_t Uleb128Size(absl::string_view bytes) {
  size_t size = 0;
  while (size < bytes.size() && (bytes[size] & 0x80) != 0) ++size;
  return size + 1;
}

void Overwrite(std::string& bytes, size_t at, uint64_t value, size_t size) {
  std::memcpy(bytes.data() + at, &value, size);  // little-endian, like the file
}

// The only unit in `dwarf`, when it is the one of `dwo_id`.
std::optional<Dwarf_Die> RootOf(Dwarf* dwarf, uint64_t dwo_id) {
  Dwarf_CU* cu;
  Dwarf_Die root;
  uint8_t type, address_size;
  uint64_t id = 0;
  if (dwarf_get_units(dwarf, nullptr, &cu, nullptr, &type, &root, nullptr) !=
          0 ||
      type != DW_UT_split_compile ||
      dwarf_cu_info(cu, nullptr, nullptr, nullptr, nullptr, &id, &address_size,
                    nullptr) != 0 ||
      id != dwo_id || address_size != kAddressSize ||
      dwarf_tag(&root) != DW_TAG_compile_unit || dwarf_cuoffset(&root) == 0) {
    return std::nullopt;
  }
  return root;
}

std::optional<Layout> LayoutOf(Dwarf_Die root, absl::string_view info) {
  Layout layout;
  uint8_t offset_size;
  if (dwarf_cu_info(root.cu, &layout.version, nullptr, nullptr, nullptr,
                    nullptr, nullptr, &offset_size) != 0) {
    return std::nullopt;
  }
  layout.offset_size = offset_size;
  const size_t version = offset_size == 8 ? 12 : 4;  // behind the length
  layout.type = version + 2;
  layout.abbrev_offset = version + (layout.version >= 5 ? 4 : 2);
  layout.root = dwarf_cuoffset(&root);
  if (layout.root >= info.size()) return std::nullopt;
  layout.code_size = Uleb128Size(info.substr(layout.root));
  if (layout.code_size > info.size() - layout.root) return std::nullopt;
  return layout;
}

absl::string_view From(absl::string_view bytes, uint64_t offset) {
  return offset < bytes.size() ? bytes.substr(offset) : absl::string_view();
}

struct Rewritten {
  std::string info;
  std::string abbrev;
};

// Attribute and form, ULEB128 each: DW_AT_GNU_dwo_id (0x2131), DW_FORM_data8,
// and, of the same length, DW_AT_low_pc (0x11), DW_FORM_addr.
constexpr absl::string_view kDwoIdSpecification = "\xb1\x42\x07";
constexpr absl::string_view kLowPcSpecification("\x91\x00\x01", 3);

std::optional<size_t> OffsetOfDwoId(Dwarf_Abbrev* abbrev,
                                    absl::string_view attributes) {
  Dwarf_Off first = 0, offset = 0;
  unsigned int name, form;
  if (dwarf_getabbrevattr(abbrev, 0, &name, &form, &first) != 0) {
    return std::nullopt;
  }
  for (size_t i = 0; dwarf_getabbrevattr(abbrev, i, &name, &form, &offset) == 0;
       ++i) {
    if (name != DW_AT_GNU_dwo_id) continue;
    const size_t at = offset - first;
    if (!absl::StartsWith(From(attributes, at), kDwoIdSpecification)) break;
    return at;
  }
  return std::nullopt;
}

std::optional<size_t> OffsetOfDwoIdValue(Dwarf_Die root,
                                         absl::string_view info) {
  Dwarf_Attribute attribute;
  if (dwarf_attr(&root, DW_AT_GNU_dwo_id, &attribute) == nullptr) {
    return std::nullopt;
  }
  const auto at = static_cast<size_t>(
      reinterpret_cast<const char*>(attribute.valp) - info.data());
  if (at > info.size() || info.size() - at < kAddressSize) return std::nullopt;
  return at;
}

// The declaration of the root's abbreviation, in the unit's table of them.
struct RootAbbreviation {
  size_t offset = 0;
  size_t size = 0;
  size_t attributes = 0;         // where, in the declaration, their list begins
  std::optional<size_t> dwo_id;  // where in it DW_AT_GNU_dwo_id is listed
};

std::optional<RootAbbreviation> AbbreviationOf(Dwarf_Die root,
                                               absl::string_view table) {
  dwarf_tag(&root);  // or libdw has not looked for it yet
  const unsigned int code = dwarf_getabbrevcode(root.abbrev);
  RootAbbreviation found;
  Dwarf_Abbrev* abbrev = nullptr;
  while ((abbrev = dwarf_getabbrev(&root, found.offset, &found.size)) !=
             nullptr &&
         abbrev != DWARF_END_ABBREV && dwarf_getabbrevcode(abbrev) != code) {
    found.offset += found.size;
  }
  if (abbrev == nullptr || abbrev == DWARF_END_ABBREV ||
      found.offset > table.size() || found.size > table.size() - found.offset) {
    return std::nullopt;
  }
  const absl::string_view bytes = table.substr(found.offset, found.size);
  const size_t code_size = Uleb128Size(bytes);
  found.attributes = code_size + Uleb128Size(From(bytes, code_size)) + 1;
  if (found.attributes >= bytes.size()) return std::nullopt;
  found.dwo_id = OffsetOfDwoId(abbrev, bytes.substr(found.attributes));
  return found;
}

// The unit with its dwo_id replaced by DW_AT_low_pc, `low_pc`: in DWARF 5 the
// end of the header, which an ordinary unit's is shorter by; in DWARF 4 an
// attribute of the root.
std::optional<Rewritten> Rewrite(Dwarf_Die root, const SectionBytes& sections,
                                 uint64_t low_pc) {
  const absl::string_view info = sections[DebugSection::kInfo];
  const std::optional<Layout> layout = LayoutOf(root, info);
  if (!layout) return std::nullopt;
  uint64_t table_offset = 0;
  std::memcpy(&table_offset, info.data() + layout->abbrev_offset,
              layout->offset_size);
  const absl::string_view table =
      From(sections[DebugSection::kAbbrev], table_offset);
  const std::optional<RootAbbreviation> found = AbbreviationOf(root, table);
  if (!found) return std::nullopt;

  Rewritten unit{.info = std::string(info)};
  std::string declaration(table.substr(found->offset, found->size));
  if (layout->version >= 5) {
    const absl::string_view code = info.substr(layout->root, layout->code_size);
    const size_t new_root = layout->root - kAddressSize;
    Overwrite(unit.info, layout->type, DW_UT_compile, 1);
    code.copy(unit.info.data() + new_root, code.size());
    Overwrite(unit.info, new_root + code.size(), low_pc, kAddressSize);
    declaration.insert(found->attributes, {DW_AT_low_pc, DW_FORM_addr});
  } else {
    const std::optional<size_t> value = OffsetOfDwoIdValue(root, info);
    if (!found->dwo_id || !value) return std::nullopt;
    Overwrite(unit.info, *value, low_pc, kAddressSize);
    declaration.replace(found->attributes + *found->dwo_id,
                        kDwoIdSpecification.size(), kLowPcSpecification.data(),
                        kLowPcSpecification.size());
  }
  unit.abbrev = absl::StrCat(table.substr(0, found->offset), declaration,
                             table.substr(found->offset + found->size));
  Overwrite(unit.info, layout->abbrev_offset, 0, layout->offset_size);
  return unit;
}

}  // namespace

std::unique_ptr<SplitUnit> SplitUnit::Join(SectionBytes sections,
                                           const Skeleton& skeleton) {
  // The types of the whole file; what is asked of them is asked of it.
  sections[DebugSection::kTypes] = {};
  std::optional<Rewritten> rewritten;
  if (const auto read = SectionDwarf::Of(sections); read != nullptr) {
    const auto root = RootOf(read->dwarf(), skeleton.dwo_id);
    if (root) rewritten = Rewrite(*root, sections, skeleton.low_pc);
  }
  if (!rewritten) return nullptr;
  std::unique_ptr<SplitUnit> unit(new SplitUnit);
  unit->info_ = std::move(rewritten->info);
  unit->abbrev_ = std::move(rewritten->abbrev);
  const size_t size = unit->info_.size();
  unit->info_.append(kSlack, '\0');
  sections[DebugSection::kInfo] =
      absl::string_view(unit->info_).substr(0, size);
  sections[DebugSection::kAbbrev] = unit->abbrev_;
  sections[DebugSection::kAddr] = skeleton.addresses;
  sections[DebugSection::kRanges] = skeleton.ranges;
  unit->dwarf_ = SectionDwarf::Of(sections);
  Dwarf_CU* cu;
  if (unit->dwarf_ == nullptr ||
      dwarf_get_units(unit->dwarf_->dwarf(), nullptr, &cu, nullptr, nullptr,
                      &unit->root_, nullptr) != 0) {
    return nullptr;
  }
  return unit;
}

std::string TypeNameIn(SectionBytes sections) {
  absl::string_view& info = sections[DebugSection::kInfo];
  const bool in_types = info.empty();
  // libdw refuses a file without a .debug_info, be it not to read it.
  if (in_types) info = sections[DebugSection::kTypes];
  const std::unique_ptr<SectionDwarf> read = SectionDwarf::Of(sections);
  if (read == nullptr) return "";
  Dwarf_Die type;
  if (in_types) {
    Dwarf_Off end = 0, type_offset = 0;
    uint64_t signature = 0;
    size_t header_size = 0;
    if (dwarf_next_unit(read->dwarf(), 0, &end, &header_size, nullptr, nullptr,
                        nullptr, nullptr, &signature, &type_offset) != 0 ||
        dwarf_offdie_types(read->dwarf(), type_offset, &type) == nullptr) {
      return "";
    }
  } else {
    Dwarf_CU* cu;
    if (dwarf_get_units(read->dwarf(), nullptr, &cu, nullptr, nullptr, nullptr,
                        &type) != 0 ||
        type.addr == nullptr) {
      return "";
    }
  }
  const char* name = dwarf_diename(&type);
  return name == nullptr ? "" : name;
}

}  // namespace hubspy
