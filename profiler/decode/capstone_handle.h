// What the room's files share: Capstone as a value.
#ifndef HUBSPY_DECODE_CAPSTONE_HANDLE_H_
#define HUBSPY_DECODE_CAPSTONE_HANDLE_H_

#include <capstone/capstone.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

// Capstone's handle and its one instruction, for a thread. The order of the
// operands is that of the syntax, in the details, too.
class Capstone {
 public:
  Capstone(cs_arch machine, cs_mode mode, cs_opt_value syntax) {
    if (cs_open(machine, mode, &handle_) != CS_ERR_OK) return;
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    cs_option(handle_, CS_OPT_SYNTAX, syntax);
    instruction_ = cs_malloc(handle_);
  }
  ~Capstone() {
    if (instruction_ != nullptr) cs_free(instruction_, 1);
    if (handle_ != 0) cs_close(&handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  // Null: no instruction. Valid until the next call.
  const cs_insn* Disassemble(absl::Span<const uint8_t> code, Address at) {
    if (instruction_ == nullptr) return nullptr;
    const uint8_t* bytes = code.data();
    size_t size = code.size();
    uint64_t address = at.value();
    return cs_disasm_iter(handle_, &bytes, &size, &address, instruction_)
               ? instruction_
               : nullptr;
  }
  // Of the instruction; by Capstone's numbers.
  bool WritesAny(std::initializer_list<uint16_t> regs) const {
    cs_regs read;
    cs_regs written;
    uint8_t read_count = 0;
    uint8_t written_count = 0;
    if (cs_regs_access(handle_, instruction_, read, &read_count, written,
                       &written_count) != CS_ERR_OK) {
      return true;
    }
    for (uint8_t i = 0; i < written_count; ++i) {
      if (std::find(regs.begin(), regs.end(), written[i]) != regs.end()) {
        return true;
      }
    }
    return false;
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

}  // namespace hubspy

#endif  // HUBSPY_DECODE_CAPSTONE_HANDLE_H_
