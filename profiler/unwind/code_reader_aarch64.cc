#include <array>
#include <cstring>

#include "unwind/code_reader.h"

namespace hubspy {
namespace {

constexpr uint64_t kInstructionBytes = 4;

}  // namespace

std::optional<CallSite> CodeReader::CallBefore(Address return_address) const {
  if (return_address.value() < kInstructionBytes ||
      return_address.value() % kInstructionBytes != 0) {
    return std::nullopt;
  }
  const std::optional<Instruction> instruction =
      DecodeAt(return_address - kInstructionBytes);
  if (!instruction || instruction->kind != Instruction::Kind::kCall) {
    return std::nullopt;
  }
  return CallSite{.target = instruction->target};
}

// mov x8, #139; svc #0: rt_sigreturn, as the kernel's vdso has it.
bool CodeReader::IsSignalTrampoline(Address pc) const {
  constexpr uint8_t kCode[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4};
  std::array<uint8_t, sizeof kCode> bytes{};
  return Read(pc, absl::MakeSpan(bytes)) == sizeof kCode &&
         std::memcmp(bytes.data(), kCode, sizeof kCode) == 0;
}

// mov x0, x0; bl goexit1: runtime/asm_arm64.s, TEXT runtime.goexit. It returns
// behind the first instruction, so that the lookup of one byte less is in
// goexit, too. Go's functions begin at multiples of 16
// (cmd/link/internal/arm64/l.go).
bool CodeReader::IsGoExit(Address return_address) const {
  constexpr uint64_t kFunctionAlignment = 16;
  constexpr uint32_t kNop = 0xaa0003e0;
  constexpr uint32_t kCallMask = 0xfc000000;
  constexpr uint32_t kCall = 0x94000000;
  const Address begin = return_address - kInstructionBytes;
  if (begin.value() % kFunctionAlignment != 0) return false;
  std::array<uint8_t, 2 * kInstructionBytes> bytes{};
  if (Read(begin, absl::MakeSpan(bytes)) != bytes.size()) return false;
  uint32_t code[2];
  std::memcpy(code, bytes.data(), sizeof code);
  return code[0] == kNop && (code[1] & kCallMask) == kCall;
}

}  // namespace hubspy
