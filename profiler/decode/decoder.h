// One x86_64 instruction as a value: what it does to rsp, rbp and rip, which is
// nearly all that unwinding asks. Of the profiler, only this room knows
// Capstone.
#ifndef HUBSPY_DECODE_DECODER_H_
#define HUBSPY_DECODE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

struct Instruction {
  enum class Kind {
    kOther,   // touches none of them
    kCall,    // leaves them as they were, when it returns
    kReturn,  // pops rip
    kJump,
    kBranch,        // may jump
    kTrap,          // never goes on: ud2, hlt, int3
    kPush,          // rsp -= 8; `of_rbp`: it was rbp
    kPop,           // rsp += 8; `of_rbp`: into rbp
    kAddToRsp,      // rsp += value
    kRspFromRbp,    // rsp = rbp + value
    kRbpFromRsp,    // rbp = rsp + value
    kLeave,         // rsp = rbp, then pops rbp
    kSpoilsRsp,     // rsp becomes something that cannot be told
    kSpoilsRbp,     // the same for rbp
    kLoadsAddress,  // `base` = target, an address told by where the code lies
  };
  Kind kind = Kind::kOther;
  uint8_t size = 0;
  bool of_rbp = false;  // for kPush and kPop
  int64_t value = 0;
  // For kCall, kJump and kBranch; nullopt when it is computed. For
  // kLoadsAddress, too.
  std::optional<Address> target;
  // A kJump to one of a table's 8-byte addresses: the table begins at `value`,
  // above what the register `base` holds, if there is one.
  bool from_table = false;
  uint16_t base = 0;  // a register's name, only to be compared; 0: none
};

inline constexpr size_t kMaxInstructionBytes =
    15;  // Intel SDM, volume 2, 2.3.11

// The instruction at the begin of `code`, which lies at `at` in the target;
// nullopt when it is none, or not all there.
std::optional<Instruction> Decode(absl::Span<const uint8_t> code, Address at);

}  // namespace hubspy

#endif  // HUBSPY_DECODE_DECODER_H_
