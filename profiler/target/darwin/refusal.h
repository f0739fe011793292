// Why macOS does not let us look at a process, and what can be done about it.
#ifndef HUBSPY_TARGET_DARWIN_REFUSAL_H_
#define HUBSPY_TARGET_DARWIN_REFUSAL_H_

#include <cstdint>
#include <string>

namespace hubspy {

// What is known where task_for_pid says no.
struct Refusal {
  int32_t pid = 0;
  std::string name;  // the program's
  uint32_t our_user_id = 0;
  // How its code is signed: the status flags of csops(2) (xnu,
  // osfmk/kern/cs_blobs.h); 0 when they cannot be had.
  uint32_t code_signing = 0;
};

inline constexpr uint32_t kGetTaskAllow = 0x00000004;     // CS_GET_TASK_ALLOW
inline constexpr uint32_t kRestricted = 0x00000800;       // CS_RESTRICT
inline constexpr uint32_t kHardenedRuntime = 0x00010000;  // CS_RUNTIME
inline constexpr uint32_t kPlatformBinary = 0x04000000;   // CS_PLATFORM_BINARY

// One line: who refuses, and the ways out that there are.
std::string ExplainRefusal(const Refusal& refusal);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_REFUSAL_H_
