// A split unit, joined with what its skeleton tells, as a unit that libdw reads
// like any other.
//
//   std::unique_ptr<SplitUnit> unit = SplitUnit::Join(sections, skeleton);
//   unit->root()
//
// The surprising part: libdw joins the two by itself only where it finds the
// .dwo file by itself, and knows no packages. What is missing to a split unit
// is its addresses, which become its .debug_addr, and the address from which
// its ranges count, DW_AT_low_pc. The latter takes the place that its dwo_id
// has in the unit, eight bytes like that, so that all else stays where it was
// and the references between entries stay right.
#ifndef HUBSPY_SYMBOLIZE_SPLIT_UNIT_H_
#define HUBSPY_SYMBOLIZE_SPLIT_UNIT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "symbolize/debug_sections.h"
#include "symbolize/elf_handles.h"

namespace hubspy {

struct Skeleton {
  uint64_t dwo_id = 0;
  uint64_t low_pc = 0;
  absl::string_view addresses;  // its .debug_addr, from its base on
  absl::string_view ranges;     // likewise .debug_ranges; DWARF 4 only
};

class SplitUnit {
 public:
  // `sections`: as SplitFile::Unit gives them; borrows their bytes, and the
  // skeleton's. Null when that is not the skeleton's unit, or a broken one.
  static std::unique_ptr<SplitUnit> Join(SectionBytes sections,
                                         const Skeleton& skeleton);
  SplitUnit(const SplitUnit&) = delete;
  SplitUnit& operator=(const SplitUnit&) = delete;

  const Dwarf_Die& root() const { return root_; }

 private:
  SplitUnit() = default;

  // In the order in which they refer to each other.
  std::string info_;
  std::string abbrev_;
  std::unique_ptr<SectionDwarf> dwarf_;
  Dwarf_Die root_ = {};
};

// The name of the type that a type unit is about, of which `sections` are those
// that SplitFile::TypeUnit gives; empty when it has none.
std::string TypeNameIn(SectionBytes sections);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_SPLIT_UNIT_H_
