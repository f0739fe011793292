// How many bytes a core's NT_PRSTATUS has for a thread's registers.
#ifndef HUBSPY_TARGET_CORE_USER_REGISTER_BYTES_H_
#define HUBSPY_TARGET_CORE_USER_REGISTER_BYTES_H_

#include <cstddef>

namespace hubspy {

inline constexpr size_t kUserRegisterBytes = 34 * 8;  // user_pt_regs

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_USER_REGISTER_BYTES_H_
