#include "green/traceback.h"

// The private copy's names, which are apart from those of any libunwind that
// the program itself may use.
#define unw_get_proc_info green_unw_get_proc_info
#define unw_get_reg green_unw_get_reg
#define unw_getcontext green_unw_getcontext
#define unw_init_local green_unw_init_local
#define unw_set_reg green_unw_set_reg
#define unw_step green_unw_step

#include <dlfcn.h>
#include <libunwind.h>
#include <ucontext.h>

#include <cstring>

#include "green/context.h"

// Found by the private copy of libunwind through dlsym, which a statically
// linked program does not have.
extern "C" [[gnu::weak]] int _dl_find_object(void* address,
                                             dl_find_object* found) noexcept;
extern "C" void* green_unwind_dlsym(void*, const char* name) {
  if (std::strcmp(name, "_dl_find_object") != 0) return nullptr;
  return reinterpret_cast<void*>(&_dl_find_object);
}

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
    if (IsBounded() && (sp <= sp_ || sp > bounds_.end)) return false;
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
    const uint64_t fp = Register(UNW_X86_64_RBP);
    if (!IsBounded() || (fp >= sp_ && fp + 16 <= bounds_.end)) return;
    unw_set_reg(&cursor_, UNW_X86_64_RBP,
                reinterpret_cast<uint64_t>(&nowhere[32]));
  }

  unw_cursor_t& cursor_;
  StackBounds bounds_;
  uint64_t sp_;
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
// trap), which has nothing left on the stack but where it returns to.
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
  if (saved.rip == reinterpret_cast<uint64_t>(&green_start_context)) {
    return traceback;
  }
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  unw_set_reg(&cursor, UNW_X86_64_RBX, saved.rbx);
  unw_set_reg(&cursor, UNW_X86_64_RBP, saved.rbp);
  unw_set_reg(&cursor, UNW_X86_64_R12, saved.r12);
  unw_set_reg(&cursor, UNW_X86_64_R13, saved.r13);
  unw_set_reg(&cursor, UNW_X86_64_R14, saved.r14);
  unw_set_reg(&cursor, UNW_X86_64_R15, saved.r15);
  unw_set_reg(&cursor, UNW_REG_SP, saved_sp + sizeof(saved));
  unw_set_reg(&cursor, UNW_REG_IP, saved.rip);
  Walk walk(cursor, bounds);
  Add(traceback, saved.rip);
  AddCallers(traceback, walk);
  return traceback;
}

Traceback TraceInterrupted(const void* context_address, StackBounds bounds) {
  static constexpr struct {
    int register_number;
    int index;
  } kRegisters[] = {
      {UNW_X86_64_RAX, REG_RAX}, {UNW_X86_64_RDX, REG_RDX},
      {UNW_X86_64_RCX, REG_RCX}, {UNW_X86_64_RBX, REG_RBX},
      {UNW_X86_64_RSI, REG_RSI}, {UNW_X86_64_RDI, REG_RDI},
      {UNW_X86_64_RBP, REG_RBP}, {UNW_X86_64_R8, REG_R8},
      {UNW_X86_64_R9, REG_R9},   {UNW_X86_64_R10, REG_R10},
      {UNW_X86_64_R11, REG_R11}, {UNW_X86_64_R12, REG_R12},
      {UNW_X86_64_R13, REG_R13}, {UNW_X86_64_R14, REG_R14},
      {UNW_X86_64_R15, REG_R15},
  };
  const auto& registers =
      static_cast<const ucontext_t*>(context_address)->uc_mcontext.gregs;
  const auto value = [&](int index) {
    return static_cast<uint64_t>(registers[index]);
  };
  Traceback traceback;
  traceback.was_interrupted = true;
  Add(traceback, value(REG_RIP));

  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  for (const auto& each : kRegisters) {
    unw_set_reg(&cursor, each.register_number, value(each.index));
  }
  unw_set_reg(&cursor, UNW_REG_SP, value(REG_RSP));
  StartInterrupted(cursor, value(REG_RIP), value(REG_RSP), bounds);
  Walk walk(cursor, bounds);
  if (walk.sp() != value(REG_RSP)) Add(traceback, walk.pc());
  AddCallers(traceback, walk);
  return traceback;
}

uint64_t StackPointerOf(const void* context) {
  return static_cast<uint64_t>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
}

}  // namespace green::internal
