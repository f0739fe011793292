// Finds the return address of a function that has left it in the link register,
// when that was not captured.
//
// Of a thread read in its sleep only pc and sp are known, and many a function
// sleeps that makes no frame: glibc's syscall and flock, Go's runtime.futex. So
// it is found by its surroundings. Its caller C, whose frame begins where its
// own ends, has stored a return address of its own there, to behind a call that
// leads to C. C's code tells from where it calls the function; and a step from
// such a place, by what is known, must give just that return address.
//
// The surprising part: the stack that this gives may name another line of C,
// where C calls the function from several places with the same frame. Nothing
// is found where two functions fit, where C was itself called through a
// pointer, or the frame of C has no fixed size. Only where C is not found can
// what an earlier call has left among its locals be taken for it, if by chance
// that lies just so, and the next frame, too, was called by what leads to it.
//
// It costs as much as some frames for each KiB of the stack, because it is
// looked at up to its end; and some milliseconds once, in code that is new.
#ifndef HUBSPY_UNWIND_LINK_REGISTER_H_
#define HUBSPY_UNWIND_LINK_REGISTER_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "image/module_map.h"
#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "unwind/call_graph.h"
#include "unwind/cfi_stepper.h"
#include "unwind/code_pages.h"
#include "unwind/code_reader.h"
#include "unwind/code_stepper.h"
#include "unwind/fde_table.h"
#include "unwind/stack_window.h"
#include "unwind/unwind_tables.h"

namespace hubspy {

class LinkRegister {
 public:
  // Borrows all.
  LinkRegister(const ModuleMap& modules, const CodeReader& code,
               CodePages& pages, UnwindTables& tables,
               CodeStepper& code_stepper)
      : modules_(modules),
        code_(code),
        pages_(pages),
        tables_(tables),
        code_stepper_(code_stepper),
        graph_(modules, code, pages, tables) {}

  // The step from a frame that stands at `frame` in the function of `fde`, of
  // `module`; without a caller where that was not found. Nullopt when the row
  // asks for something else than the link register, or that is known.
  std::optional<CfiStep> StepOut(CodeAddress frame, const Registers& registers,
                                 const StackWindow& window,
                                 const MemoryCopy& stack,
                                 const LoadedModule& module, const Fde& fde);
  // The same where there is no unwind table. Nullopt, too, when not found.
  std::optional<CodeStep> StepOutByCode(CodeAddress frame,
                                        const Registers& registers,
                                        const StackWindow& window,
                                        const MemoryCopy& stack);

 private:
  // What one search is about.
  struct Leaf {
    Address pc;
    std::optional<Address> function;  // its begin, if a table tells
    Registers caller;                 // all but pc
    const StackWindow& window;
    const MemoryCopy& stack;
  };
  // A place that it may return to.
  struct Site {
    Address pc;
    Address function;  // its begin
  };
  // That with a frame in which all is in place.
  struct Fit {
    Site site;
    Registers registers;
    Registers caller;  // of that frame, in turn
  };

  std::optional<Fit> Find(const Leaf& leaf);
  std::optional<Fit> Search(const Leaf& leaf);
  std::vector<Site> SitesBelow(const Leaf& leaf, Address return_address);
  bool IsCallOf(const Leaf& leaf, Address target);
  std::optional<Fit> FitAt(const Leaf& leaf, Site site, Address return_address);
  bool CouldHaveCalled(const Leaf& leaf, const Registers& caller);
  bool LeadsTo(Address target, Address return_address);
  // nullopt: cannot be told.
  std::optional<Registers> CallerOf(const Leaf& leaf,
                                    const Registers& registers);
  std::optional<int64_t> RecordOverStackPointer(Site site);

  const ModuleMap& modules_;
  const CodeReader& code_;
  CodePages& pages_;
  UnwindTables& tables_;
  CodeStepper& code_stepper_;
  CallGraph graph_;
  // What was found in code, none of it on a stack; void when `pages_` has
  // another edition. By the leaf's pc, or the called, and a return address.
  using Pair = std::pair<Address, Address>;
  absl::flat_hash_map<Pair, std::vector<Site>> sites_;
  absl::flat_hash_map<Pair, bool> leads_;
  absl::flat_hash_map<Address, std::optional<int64_t>> records_;
  uint64_t edition_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_LINK_REGISTER_H_
