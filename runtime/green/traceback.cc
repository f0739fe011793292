#include "green/traceback.h"

#include <libunwind.h>

#include <cstring>

#include "green/context.h"
#include "green/interrupted.h"

namespace green::internal {
namespace {

// Where frame pointers are turned to that point nowhere: a frame that is
// computed from it returns to 0, which ends the walk.
constinit uint64_t nowhere[64] = {};

// A stack on the way out.
class Walk {
 public:
  Walk(unw_cursor_t& cursor, StackBounds bounds)
      : cursor_(cursor), bounds_(bounds), sp_(Register(UNW_REG_SP)) {}

  uint64_t pc() { return Register(UNW_REG_IP); }
  uint64_t sp() const { return sp_; }

  // To the caller; false when there is none, or none to be trusted.
  bool Step() {
    if (IsBounded() && (sp_ < bounds_.begin || sp_ >= bounds_.end))
      return false;
    TameFramePointer();
    if (unw_step(&cursor_) <= 0) return false;
    const uint64_t sp = Register(UNW_REG_SP);
    // Where return addresses are in a register, as on aarch64, one that calls
    // nothing may need no stack. Only the first can be that.
    const bool is_above = sp > sp_ || (sp == sp_ && is_first_);
    if (IsBounded() && (!is_above || sp > bounds_.end)) return false;
    is_first_ = false;
    sp_ = sp;
    return pc() != 0;
  }

 private:
  bool IsBounded() const { return bounds_.end != 0; }

  uint64_t Register(int number) {
    unw_word_t value = 0;
    unw_get_reg(&cursor_, number, &value);
    return value;
  }

  // It may hold anything where it is not a frame pointer; where it is one, it
  // lies within the stack, with a saved one and a return address at it.
  void TameFramePointer() {
    const uint64_t fp = Register(kFramePointerNumber);
    if (!IsBounded() || (fp >= sp_ && fp + 16 <= bounds_.end)) return;
    unw_set_reg(&cursor_, kFramePointerNumber,
                reinterpret_cast<uint64_t>(&nowhere[32]));
  }

  unw_cursor_t& cursor_;
  StackBounds bounds_;
  uint64_t sp_;
  bool is_first_ = true;
};

void Add(Traceback& traceback, uint64_t pc) {
  if (traceback.count < Traceback::kMaxFrames) {
    traceback.addresses[traceback.count++] = pc;
  } else {
    ++traceback.left_out;
  }
}

void AddCallers(Traceback& traceback, Walk& walk) {
  while (traceback.left_out < Traceback::kMaxCounted && walk.Step()) {
    Add(traceback, walk.pc());
  }
}

// The function that `cursor` is in, told by where it begins; 0: unknown.
uint64_t FunctionAt(unw_cursor_t& cursor, uint64_t pc) {
  unw_set_reg(&cursor, UNW_REG_IP, pc);
  unw_proc_info_t info = {};
  return unw_get_proc_info(&cursor, &info) == UNW_ESUCCESS ? info.start_ip : 0;
}

// libunwind takes every pc for a return address and applies the rules of the
// instruction before it, so it is told the byte behind the one that is meant.
// Behind a function's last byte another begins: that byte was a return (or a
// trap), which has nothing left on the stack but where it returns to. An
// instruction that is longer than a byte, as all of aarch64's are, never is
// that.
void StartInterrupted(unw_cursor_t& cursor, uint64_t pc, uint64_t sp,
                      StackBounds bounds) {
  const uint64_t function = FunctionAt(cursor, pc);
  if (FunctionAt(cursor, pc + 1) == function) return;
  const bool on_stack =
      bounds.end == 0 ||
      (sp >= bounds.begin && sp + sizeof(uint64_t) <= bounds.end);
  if (!on_stack) return;
  uint64_t caller;
  std::memcpy(&caller, reinterpret_cast<const void*>(sp), sizeof(caller));
  unw_set_reg(&cursor, UNW_REG_SP, sp + sizeof(caller));
  unw_set_reg(&cursor, UNW_REG_IP, caller);
}

}  // namespace

Traceback TraceHere(StackBounds bounds) {
  Traceback traceback;
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  Walk walk(cursor, bounds);
  AddCallers(traceback, walk);
  return traceback;
}

Traceback TraceContext(uint64_t saved_sp, StackBounds bounds) {
  Traceback traceback;
  const bool is_outside =
      bounds.end != 0 &&
      (saved_sp < bounds.begin || saved_sp > bounds.end - sizeof(SavedContext));
  if (is_outside) return traceback;
  SavedContext saved;
  std::memcpy(&saved, reinterpret_cast<const void*>(saved_sp), sizeof(saved));
  // It has not begun.
  if (saved.pc() == reinterpret_cast<uint64_t>(&green_start_context)) {
    return traceback;
  }
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  for (const SavedRegister& each : kSavedRegisters) {
    if (each.number == kPcNumber) continue;
    uint64_t value;
    std::memcpy(&value, reinterpret_cast<const char*>(&saved) + each.offset,
                sizeof(value));
    unw_set_reg(&cursor, each.number, value);
  }
  unw_set_reg(&cursor, UNW_REG_SP, saved_sp + sizeof(saved));
  unw_set_reg(&cursor, UNW_REG_IP, saved.pc());
  Walk walk(cursor, bounds);
  Add(traceback, saved.pc());
  AddCallers(traceback, walk);
  return traceback;
}

Traceback TraceInterrupted(const void* context_address, StackBounds bounds) {
  const InterruptedRegisters registers = ReadInterrupted(context_address);
  Traceback traceback;
  traceback.was_interrupted = true;
  Add(traceback, registers.pc);

  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  for (int i = 0; i < registers.count; ++i) {
    unw_set_reg(&cursor, registers.others[i].number, registers.others[i].value);
  }
  unw_set_reg(&cursor, UNW_REG_SP, registers.sp);
  StartInterrupted(cursor, registers.pc, registers.sp, bounds);
  Walk walk(cursor, bounds);
  if (walk.sp() != registers.sp) Add(traceback, walk.pc());
  AddCallers(traceback, walk);
  return traceback;
}

uint64_t StackPointerOf(const void* context) {
  return ReadInterrupted(context).sp;
}

}  // namespace green::internal
