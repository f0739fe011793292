// What LLVM libunwind would ask of the process it runs in, answered by us.
//
// The private copy (tools/cmake/PrivateLibunwind.cmake) is linked so that its
// calls to dl_iterate_phdr, dlsym, abort and standard error come here:
// - the process has exactly one module, the one that holds the address being
//   stepped, and that one has a search table of exactly one record. So a
//   frame's cost does not grow with modules or with their size, and libunwind
//   neither walks whole tables nor remembers records (it would not notice that
//   a shadow is unmapped and another one takes its place);
// - nothing is found in the real process (_dl_find_object through dlsym);
// - abort() ends the step, not the profiler, and says nothing.
#ifndef HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_
#define HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_

#include <cstdint>

namespace hubspy {

// Addresses in our own process.
struct SteppedRow {
  uintptr_t module_begin = 0;
  uintptr_t module_end = 0;
  uintptr_t function_begin = 0;
  uintptr_t fde = 0;
};

// What this thread's libunwind finds from now on. An empty row: nothing.
void SetSteppedRow(const SteppedRow& row);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_
