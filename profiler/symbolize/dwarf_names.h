// What an image's DWARF says of an address: the function, the functions inlined
// there, and the line of each.
//
//   DwarfNames names(dwarf, split_units);
//   for (const SourceFrame& f : names.FramesAt(0x1234)) ...  // innermost first
//
// Addresses are in the image's own numbering. Compilation units are found by
// one pass over their ranges, and a unit's functions are indexed, and its split
// file opened, when an address in it is first asked for. DWARF is hostile:
// trees are walked to a bounded depth and always forward, so that no cycle in a
// file is a loop here.
#ifndef HUBSPY_SYMBOLIZE_DWARF_NAMES_H_
#define HUBSPY_SYMBOLIZE_DWARF_NAMES_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "symbolize/dwarf_unit.h"
#include "symbolize/interval_index.h"
#include "symbolize/split_units.h"

namespace hubspy {

struct SourceFrame {
  std::string function;  // demangled; empty when only the line is known
  std::string file;
  int line = 0;
  int function_line = 0;
  bool inlined = false;
};

class DwarfNames {
 public:
  // Borrows both. `split_units`: of the skeletons in `dwarf`.
  DwarfNames(Dwarf* dwarf, SplitUnits& split_units);
  DwarfNames(const DwarfNames&) = delete;
  DwarfNames& operator=(const DwarfNames&) = delete;

  // Empty when the DWARF says nothing of `vaddr`.
  std::vector<SourceFrame> FramesAt(uint64_t vaddr);

  // All the code, [begin, end) each, of the function that holds `vaddr`, as the
  // DWARF lists it; empty when it knows none.
  std::vector<std::pair<uint64_t, uint64_t>> FunctionRangesAt(uint64_t vaddr);

 private:
  // The unit that `die` is in, which may be one without code (a partial unit,
  // or one of another file that dwz moved common parts to).
  DwarfUnit& UnitOf(const Dwarf_Die& die);
  SourceFrame Frame(DwarfUnit& unit, Dwarf_Die function, SourceLine line);
  std::string FunctionName(DwarfUnit& unit, Dwarf_Die* function);

  SplitUnits& split_units_;
  absl::flat_hash_map<Dwarf_CU*, std::unique_ptr<DwarfUnit>> units_;
  IntervalIndex<DwarfUnit*> by_address_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DWARF_NAMES_H_
