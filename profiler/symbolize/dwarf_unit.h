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
#include "symbolize/split_units.h"

namespace hubspy {

struct SourceLine {
  std::string file;  // absolute where the unit tells of its folder
  int line = 0;
};

class DwarfUnit {
 public:
  // `root` is the unit's DIE. Where that is a skeleton, its functions are those
  // of the unit that `split_units`, borrowed, has for it.
  DwarfUnit(const Dwarf_Die& root, SplitUnits& split_units);

  // The ranges of code that the unit covers.
  std::vector<std::pair<uint64_t, uint64_t>> Ranges();

  std::optional<Dwarf_Die> FunctionAt(uint64_t vaddr);

  // The inlined calls around `vaddr` in `function`, outermost first.
  std::vector<Dwarf_Die> InlinedAt(Dwarf_Die function, uint64_t vaddr);

  // Whether `die` is in this unit.
  bool Holds(const Dwarf_Die& die);

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
    // Of one without a name: where the type unit's signature is referred to
    // that has it.
    std::optional<Dwarf_Attribute> signature;
  };

  std::string FileName(const char* name);
  void Index();
  void IndexChildren(Dwarf_Die die, uint32_t scope, int depth);
  void IndexFunction(Dwarf_Die* function, uint32_t scope);
  uint32_t EnterScope(Dwarf_Die* die, uint32_t scope);
  std::string ScopeName(const Scope& scope);

  SplitUnits& split_units_;
  Dwarf_Die skeleton_;
  Dwarf_Die tree_;  // with the functions, once indexed
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
