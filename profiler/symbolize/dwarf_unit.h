// One compilation unit: its functions by address, the scopes they are declared
// in, and its lines.
#ifndef HUBSPY_SYMBOLIZE_DWARF_UNIT_H_
#define HUBSPY_SYMBOLIZE_DWARF_UNIT_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "symbolize/interval_index.h"

namespace hubspy {

struct SourceLine {
  std::string file;  // absolute where the unit tells of its folder
  int line = 0;
};

class DwarfUnit {
 public:
  // `skeleton` is the unit's DIE in the image; `split` the one in a .dwo file,
  // where there is such a file: it then holds the functions.
  DwarfUnit(const Dwarf_Die& skeleton, const std::optional<Dwarf_Die>& split);

  // The ranges of code that the unit covers.
  std::vector<std::pair<uint64_t, uint64_t>> Ranges();

  std::optional<Dwarf_Die> FunctionAt(uint64_t vaddr);

  // The inlined calls around `vaddr` in `function`, outermost first.
  std::vector<Dwarf_Die> InlinedAt(Dwarf_Die function, uint64_t vaddr);

  // "green::(anonymous namespace)::" for what is declared there; for a DIE of
  // this unit.
  std::string ScopeOf(Dwarf_Die* declaration);

  std::optional<SourceLine> LineAt(uint64_t vaddr);

  // Where an inlined call stands.
  SourceLine CallSite(Dwarf_Die* inlined);

 private:
  // A namespace, class or function that others are declared in.
  struct Scope {
    uint32_t parent = 0;
    const char* name = nullptr;  // libdw's
  };

  std::string FileName(const char* name);
  void Index();
  void IndexChildren(Dwarf_Die die, uint32_t scope, int depth);
  void IndexFunction(Dwarf_Die* function, uint32_t scope);
  uint32_t EnterScope(Dwarf_Die* die, uint32_t scope);

  Dwarf_Die skeleton_;
  Dwarf_Die tree_;
  bool indexed_ = false;
  Dwarf_Off visited_ = 0;      // the highest offset met while indexing
  std::vector<Scope> scopes_;  // 0 is the global one
  absl::flat_hash_map<Dwarf_Off, uint32_t> scope_of_function_;
  IntervalIndex<Dwarf_Off> functions_;
};

// Every range of `die`, except those that linkers leave behind for code that
// they dropped: at 0 or 1 (GNU ld) or at the top of the address space (lld).
std::vector<std::pair<uint64_t, uint64_t>> RangesOf(Dwarf_Die* die);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_DWARF_UNIT_H_
