// One instruction as a value: what it does to the stack pointer, the frame
// pointer and where the code goes on, which is nearly all that unwinding asks.
// Of the profiler, only this room knows Capstone.
#ifndef HUBSPY_DECODE_DECODER_H_
#define HUBSPY_DECODE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "model/address.h"
#include "model/machine.h"

namespace hubspy {

struct Instruction {
  enum class Kind {
    kOther,   // touches none of them
    kCall,    // leaves sp and fp as they were, when it returns
    kReturn,  // to what it pops (x86_64), or to the link register (aarch64)
    kJump,
    kBranch,        // may jump
    kTrap,          // never goes on: ud2, hlt, int3; brk, udf
    kAddToSp,       // sp += value
    kSpFromFp,      // sp = fp + value
    kFpFromSp,      // fp = sp + value
    kSpoilsSp,      // sp becomes something that cannot be told
    kSpoilsFp,      // the same for fp
    kLoadsAddress,  // `base` = target, an address told by where the code lies
    // Of x86_64:
    kPush,   // sp -= 8; `of_fp`: it was fp
    kPop,    // sp += 8; `of_fp`: into fp
    kLeave,  // sp = fp, then pops fp
    // Of aarch64:
    kStores,    // sp += sp_before; words to sp + value; sp += sp_after
    kLoads,     // the same, from there
    kSpoilsLr,  // the link register becomes something that cannot be told
  };
  Kind kind = Kind::kOther;
  uint8_t size = 0;
  bool of_fp = false;  // for kPush and kPop
  int64_t value = 0;
  // For kCall, kJump and kBranch; nullopt when it is computed. For
  // kLoadsAddress, too.
  std::optional<Address> target;
  // A kJump to one of a table's 8-byte addresses: the table begins at `value`,
  // above what the register `base` holds, if there is one.
  bool from_table = false;
  uint16_t base = 0;  // a register's name, only to be compared; 0: none
  // For kStores and kLoads. Which of the one or two words belongs to the frame
  // pointer, and which to the link register; -1: none.
  int8_t fp_word = -1;
  int8_t lr_word = -1;
  int64_t sp_before = 0;
  int64_t sp_after = 0;
};

// The instruction at the begin of `code`, which lies at `at` in the target;
// nullopt when it is none, or not all there.
std::optional<Instruction> Decode(absl::Span<const uint8_t> code, Address at);

}  // namespace hubspy

#endif  // HUBSPY_DECODE_DECODER_H_
