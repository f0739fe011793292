// Where in a package of split units (a .dwp file) the sections of each unit
// lie: what .debug_cu_index and .debug_tu_index tell (DWARF 5, section 7.3.5,
// and, as version 2, the GNU extension that it was made of).
//
//   DwpIndex index(sections[DebugSection::kCuIndex]);
//   std::optional<DwpIndex::Row> row = index.Find(dwo_id);
//
// It is a hash table in the file, used as it lies there: a browser's package
// holds tens of thousands of units, of which a profile names a few.
#ifndef HUBSPY_SYMBOLIZE_DWP_INDEX_H_
#define HUBSPY_SYMBOLIZE_DWP_INDEX_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "symbolize/debug_sections.h"

namespace hubspy {

class DwpIndex {
 public:
  struct Slice {
    DebugSection section;
    uint32_t offset = 0;  // in the package's section; not checked against it
    uint32_t size = 0;
  };
  using Row = std::vector<Slice>;

  // Borrows `section`. Empty when that is no index, or a broken one.
  explicit DwpIndex(absl::string_view section);

  // The sections of the unit with that id (of a compilation unit its dwo_id, of
  // a type unit its signature), without those that symbols do not need.
  std::optional<Row> Find(uint64_t id) const;

  uint32_t units() const { return units_; }

 private:
  uint32_t Word(uint64_t offset) const;  // of section_, whose size is checked
  uint64_t LongWord(uint64_t offset) const;
  std::optional<DebugSection> Column(uint32_t column) const;
  Row ReadRow(uint32_t number) const;

  absl::string_view section_;
  uint32_t version_ = 0;
  uint32_t columns_ = 0;
  uint32_t units_ = 0;
  uint32_t slots_ = 0;  // a power of two, or 0
  // Where the parts begin; where the slots do, is known.
  uint64_t rows_ = 0;
  uint64_t headings_ = 0;
  uint64_t offsets_ = 0;
  uint64_t sizes_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DWP_INDEX_H_
