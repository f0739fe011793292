// What LLVM libunwind would ask of the process it runs in, answered by us.
//
// The private copy (tools/cmake/PrivateLibunwind.cmake) is linked so that its
// calls to dl_iterate_phdr, dlsym, abort and standard error come here:
// - the process has exactly one module, which is one function, and that has a
//   search table of exactly one record. So a frame's cost does not grow with
//   modules or with their size, and libunwind neither walks whole tables nor
//   remembers records that will not be there any more;
// - nothing is found in the real process (_dl_find_object through dlsym);
// - abort() ends the step, not the profiler, and says nothing.
#ifndef HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_
#define HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_

#include <cstdint>

namespace hubspy {

struct SteppedFunction {
  uint64_t begin = 0;  // as the record numbers it
  uint64_t end = 0;
  const void* fde = nullptr;
};

// What this thread's libunwind finds from now on. Without an FDE: nothing.
void SetSteppedFunction(const SteppedFunction& function);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_LIBUNWIND_HOOKS_H_
