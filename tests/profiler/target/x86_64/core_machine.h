// Where a core of x86_64 has a thread's registers.
#ifndef HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_
#define HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_

#include <array>
#include <cstddef>

namespace hubspy {

inline constexpr size_t kStatusBytes = 336;
// The register at this index: pc, sp, the number of a system call (orig_rax)
// and its result (rax).
inline constexpr std::array<size_t, 4> kStatusIndices = {16, 19, 15, 10};
// The code that a thread is seen asleep by: none.
inline constexpr char kCallCode[] = "";

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_
