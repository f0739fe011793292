// Whom the functions of the target's modules call, and into which others they
// jump, by the branches in their code.
//
//   CallGraph graph(modules, code, pages, tables);
//   for (const CallGraph::Call& call : graph.Below(target).calls) ...
//
// What was called and has not returned yet may be in the called function, or in
// one that it has jumped to. Where there is an unwind table, it tells where
// functions end, and all their code counts; elsewhere what can be reached.
//
// The surprising part: the linker's stubs (the procedure linkage table, and
// veneers for what is far away) are passed. Where a stub of the former leads is
// not in the file: the loader has written it into the target's memory, with
// lazy binding at the first call only.
//
// Only for machines whose calls leave the return address in a register: others
// need none of it.
#ifndef HUBSPY_UNWIND_CALL_GRAPH_H_
#define HUBSPY_UNWIND_CALL_GRAPH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "image/module_map.h"
#include "model/address.h"
#include "unwind/code_pages.h"
#include "unwind/code_reader.h"
#include "unwind/unwind_tables.h"

namespace hubspy {

class CallGraph {
 public:
  // Borrows all.
  CallGraph(const ModuleMap& modules, const CodeReader& code, CodePages& pages,
            UnwindTables& tables)
      : modules_(modules), code_(code), pages_(pages), tables_(tables) {}

  // Where whoever calls `target` arrives, behind the stubs.
  Address BehindStubs(Address target);

  struct Call {
    std::optional<Address> target;  // absent: told by a register
    Address return_address;
    Address function;  // it is called from: its begin
  };
  // All that may happen in what is called at a target, before it returns.
  struct Calls {
    std::vector<Call> calls;
    bool open = false;  // or others, for all that the code tells
  };
  Calls Below(Address target);

  // Reads again what the target's memory says of stubs that led nowhere yet,
  // once a look. Whether it is other now.
  bool ReadAgain();

  // A file may be made so that its graph takes any time. What is asked after
  // this may take some milliseconds, besides what is already known; then it is
  // exhausted, and the answers are not to be relied on.
  void NextSearch();
  bool exhausted() const { return budget_ <= 0; }

 private:
  std::optional<AddressRange> FunctionAt(Address at);
  std::optional<Address> ThroughStub(Address stub);
  std::optional<Address> ReadSlot(const LoadedModule& module, Address slot);
  Calls ByTable(AddressRange first);
  Calls ByReach(Address entry);
  template <typename Visit>
  bool ForEachBranch(AddressRange function, const Visit& visit);

  const ModuleMap& modules_;
  const CodeReader& code_;
  CodePages& pages_;
  UnwindTables& tables_;
  int64_t budget_ = 0;  // instructions
  // Void when `pages_` has another edition.
  absl::flat_hash_map<Address, Address> behind_stubs_;
  absl::flat_hash_set<Address> unbound_;  // pages with such stubs' slots
  uint64_t edition_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CALL_GRAPH_H_
