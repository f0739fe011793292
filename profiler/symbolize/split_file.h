// A file of split units: a .dwo, which a compiler wrote, or a .dwp, into which
// many of them were packed.
//
//   SplitFile file(elf);
//   std::optional<SectionBytes> unit = file.Unit(dwo_id);
//
// Of a unit it gives what the file has of its sections, of .debug_info and
// .debug_types that unit alone.
#ifndef HUBSPY_SYMBOLIZE_SPLIT_FILE_H_
#define HUBSPY_SYMBOLIZE_SPLIT_FILE_H_

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "symbolize/debug_sections.h"
#include "symbolize/dwp_index.h"
#include "symbolize/elf_handles.h"

namespace hubspy {

class SplitFile {
 public:
  explicit SplitFile(Elf* elf);  // borrows
  SplitFile(const SplitFile&) = delete;
  SplitFile& operator=(const SplitFile&) = delete;

  std::optional<SectionBytes> Unit(uint64_t dwo_id) const;
  std::optional<SectionBytes> TypeUnit(uint64_t signature) const;

 private:
  using Units = absl::flat_hash_map<uint64_t, SectionBytes>;

  void ListUnits();
  void ListUnits(absl::string_view info, absl::string_view types);
  std::optional<SectionBytes> Packed(const DwpIndex& index, uint64_t id) const;

  DebugSections sections_;
  // Of a package.
  DwpIndex unit_index_;
  DwpIndex type_index_;
  // Of one that is none.
  Units units_;
  Units type_units_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_SPLIT_FILE_H_
