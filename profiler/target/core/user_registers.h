// A thread's registers as a core's NT_PRSTATUS holds them, and the system call
// that they tell of.
#ifndef HUBSPY_TARGET_CORE_USER_REGISTERS_H_
#define HUBSPY_TARGET_CORE_USER_REGISTERS_H_

#include <cstddef>
#include <optional>

#include "absl/types/span.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "target/core/user_register_bytes.h"
#include "target/memory.h"

namespace hubspy {

// Of kUserRegisterBytes, as are `user`'s below.
Registers ToRegisters(absl::Span<const std::byte> user);

// A thread that slept in a system call was woken out of it to be dumped: the
// call that it would make again, or that has told of this. `memory` is asked
// for code, where the registers alone do not tell.
std::optional<SystemCall> SleptIn(absl::Span<const std::byte> user,
                                  const Memory& memory);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_USER_REGISTERS_H_
