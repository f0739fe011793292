// Where a core of aarch64 has a thread's registers.
#ifndef HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_
#define HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_

#include <array>
#include <cstddef>

namespace hubspy {

inline constexpr size_t kStatusBytes = 392;
// The register at this index: pc, sp, the number of a system call (x8) and its
// result (x0).
inline constexpr std::array<size_t, 4> kStatusIndices = {32, 31, 8, 0};
// The code that a thread is seen asleep by: svc #0.
inline constexpr char kCallCode[] = "\x01\0\0\xd4";

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_TARGET_CORE_MACHINE_H_
