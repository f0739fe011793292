#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "target/core/user_registers.h"

namespace hubspy {
namespace {

// user_regs_struct, in the order of its fields; segment registers follow.
enum UserRegister {
  kR15,
  kR14,
  kR13,
  kR12,
  kRbp,
  kRbx,
  kR11,
  kR10,
  kR9,
  kR8,
  kRax,
  kRcx,
  kRdx,
  kRsi,
  kRdi,
  kOrigRax,
  kRip,
  kCs,
  kEflags,
  kRsp,
  kUserRegisters
};
using UserRegisters = std::array<uint64_t, kUserRegisters>;
static_assert(sizeof(UserRegisters) <= kUserRegisterBytes);

UserRegisters Read(absl::Span<const std::byte> bytes) {
  UserRegisters user;
  std::memcpy(&user, bytes.data(), sizeof(user));
  return user;
}

}  // namespace

Registers ToRegisters(absl::Span<const std::byte> bytes) {
  constexpr std::array<std::pair<Reg, UserRegister>, Registers::kCount> kPlaces{
      {{Reg::kRax, kRax},
       {Reg::kRdx, kRdx},
       {Reg::kRcx, kRcx},
       {Reg::kRbx, kRbx},
       {Reg::kRsi, kRsi},
       {Reg::kRdi, kRdi},
       {Reg::kRbp, kRbp},
       {Reg::kRsp, kRsp},
       {Reg::kR8, kR8},
       {Reg::kR9, kR9},
       {Reg::kR10, kR10},
       {Reg::kR11, kR11},
       {Reg::kR12, kR12},
       {Reg::kR13, kR13},
       {Reg::kR14, kR14},
       {Reg::kR15, kR15},
       {Reg::kRip, kRip}}};
  const UserRegisters user = Read(bytes);
  Registers registers;
  for (const auto& [reg, place] : kPlaces) registers.Set(reg, user[place]);
  return registers;
}

// The call's number is still there, and its result says that it is to be made
// again. The kernel keeps -1 for the number outside of system calls.
std::optional<SystemCall> SleptIn(absl::Span<const std::byte> bytes,
                                  const Memory&) {
  const UserRegisters user = Read(bytes);
  const auto number = static_cast<int64_t>(user[kOrigRax]);
  const auto result = static_cast<int64_t>(user[kRax]);
  // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK: the
  // kernel's own (its linux/errno.h).
  const bool restarts =
      result == -512 || result == -513 || result == -514 || result == -516;
  if (number < 0 || (!restarts && result != -EINTR)) return std::nullopt;
  return SystemCall{
      number,
      {user[kRdi], user[kRsi], user[kRdx], user[kR10], user[kR8], user[kR9]}};
}

}  // namespace hubspy
