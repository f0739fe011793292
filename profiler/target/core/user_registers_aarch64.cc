#include <array>
#include <cerrno>
#include <cstring>

#include "target/core/user_registers.h"

namespace hubspy {
namespace {

// user_pt_regs: x0 to x30, sp and pc, in the order of their DWARF numbers, and
// pstate.
Registers Read(absl::Span<const std::byte> bytes) {
  std::array<uint64_t, Registers::kCount> user;
  static_assert(sizeof(user) <= kUserRegisterBytes);
  std::memcpy(&user, bytes.data(), sizeof(user));
  Registers registers;
  for (int i = 0; i < Registers::kCount; ++i) {
    registers.Set(static_cast<Reg>(i), user[static_cast<size_t>(i)]);
  }
  return registers;
}

bool IsSystemCall(const Memory& memory, Address at) {
  constexpr uint32_t kSvc = 0xd4000001;  // svc #0
  uint32_t code = 0;
  const size_t got = memory.Read(
      at, absl::MakeSpan(reinterpret_cast<std::byte*>(&code), sizeof(code)));
  return got == sizeof(code) && code == kSvc;
}

}  // namespace

Registers ToRegisters(absl::Span<const std::byte> bytes) { return Read(bytes); }

// Before it looks for a signal the kernel forgets which call there was, and has
// x0 and pc so that it is made again; or the call has returned -EINTR, and its
// first argument is lost (arch/arm64/kernel/signal.c, do_signal). The number is
// in x8 all the time.
std::optional<SystemCall> SleptIn(absl::Span<const std::byte> bytes,
                                  const Memory& memory) {
  constexpr uint64_t kInstructionBytes = 4;
  const Registers user = Read(bytes);
  const auto value = [&](Reg reg) { return user.Get(reg).value_or(0); };
  const auto result = static_cast<int64_t>(value(Reg::kX0));
  const bool will_call = IsSystemCall(memory, user.pc());
  const bool has_called = result == -EINTR &&
                          user.pc().value() >= kInstructionBytes &&
                          IsSystemCall(memory, user.pc() - kInstructionBytes);
  if (!will_call && !has_called) return std::nullopt;
  return SystemCall{
      static_cast<int64_t>(value(Reg::kX8)),
      {will_call ? value(Reg::kX0) : UINT64_MAX, value(Reg::kX1),
       value(Reg::kX2), value(Reg::kX3), value(Reg::kX4), value(Reg::kX5)}};
}

}  // namespace hubspy
