#include "symbolize/split_units.h"

#include <dwarf.h>

#include <optional>
#include <utility>

namespace hubspy {
namespace {

std::string Text(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  if (dwarf_attr(die, name, &attribute) == nullptr) return "";
  const char* text = dwarf_formstring(&attribute);
  return text == nullptr ? "" : text;
}

// The part of a section that begins at the offset which `skeleton` gives by one
// of two attributes; the whole, when it gives none.
absl::string_view FromBase(absl::string_view section, Dwarf_Die* skeleton,
                           unsigned int attribute_name,
                           unsigned int gnu_attribute_name) {
  Dwarf_Attribute attribute;
  Dwarf_Word base = 0;
  if (dwarf_attr(skeleton, attribute_name, &attribute) != nullptr ||
      dwarf_attr(skeleton, gnu_attribute_name, &attribute) != nullptr) {
    if (dwarf_formudata(&attribute, &base) != 0) return {};
  }
  return base < section.size() ? section.substr(base) : absl::string_view();
}

}  // namespace

SplitUnits::SplitUnits(const Image& image, std::string debug_file,
                       const SectionBytes& skeletons)
    : image_(image),
      debug_file_(std::move(debug_file)),
      skeletons_(skeletons) {}

const SplitUnit* SplitUnits::Of(Dwarf_Die root) {
  uint8_t type;
  Skeleton skeleton;
  if (dwarf_cu_info(root.cu, nullptr, &type, nullptr, nullptr, &skeleton.dwo_id,
                    nullptr, nullptr) != 0 ||
      type != DW_UT_skeleton) {
    return nullptr;
  }
  Dwarf_Addr low_pc;
  if (dwarf_lowpc(&root, &low_pc) == 0) skeleton.low_pc = low_pc;
  skeleton.addresses = FromBase(skeletons_[DebugSection::kAddr], &root,
                                DW_AT_addr_base, DW_AT_GNU_addr_base);
  skeleton.ranges = FromBase(skeletons_[DebugSection::kRanges], &root,
                             DW_AT_GNU_ranges_base, DW_AT_GNU_ranges_base);
  OpenPackage();
  if (package_ != nullptr) {
    const SplitUnit* unit = Join(*package_, skeleton);
    if (unit != nullptr) return unit;
  }
  std::string name = Text(&root, DW_AT_dwo_name);
  if (name.empty()) name = Text(&root, DW_AT_GNU_dwo_name);
  for (const std::string& path :
       SplitFilePaths(image_, debug_file_, Text(&root, DW_AT_comp_dir), name)) {
    const SplitFile* file = Open(path);
    if (file == nullptr) continue;
    const SplitUnit* unit = Join(*file, skeleton);
    if (unit != nullptr) return unit;
  }
  return nullptr;
}

const SplitUnit* SplitUnits::Join(const SplitFile& file,
                                  const Skeleton& skeleton) {
  const std::optional<SectionBytes> sections = file.Unit(skeleton.dwo_id);
  if (!sections) return nullptr;
  std::unique_ptr<SplitUnit> unit = SplitUnit::Join(*sections, skeleton);
  if (unit == nullptr) return nullptr;
  Joined& joined = joined_[unit->root().cu];
  joined = {&file, std::move(unit)};
  return joined.unit.get();
}

SplitFile* SplitUnits::Open(const std::string& path) {
  const auto [it, inserted] = files_.try_emplace(path);
  OpenFile& open = it->second;
  if (inserted) {
    open.file = DebugFile::Open(path);
    if (open.file != nullptr) {
      open.units = std::make_unique<SplitFile>(open.file->elf());
    }
  }
  return open.units.get();
}

void SplitUnits::OpenPackage() {
  if (package_looked_for_) return;
  package_looked_for_ = true;
  for (const std::string& path : PackagePaths(image_, debug_file_)) {
    package_ = Open(path);
    if (package_ != nullptr) return;
  }
}

std::string SplitUnits::TypeName(const Dwarf_CU* unit, uint64_t signature) {
  const auto it = joined_.find(unit);
  if (it == joined_.end()) return "";
  const SplitFile* file = it->second.file;
  const auto [name, inserted] = type_names_.try_emplace({file, signature});
  if (inserted) {
    const std::optional<SectionBytes> sections = file->TypeUnit(signature);
    if (sections) name->second = TypeNameIn(*sections);
  }
  return name->second;
}

}  // namespace hubspy
