// The copied stack, made to look like this process's own memory.
//
//   StackWindow window(snapshot.stack);
//   local = window.ToLocal(registers, Reg::kRbp);   // hand to libunwind
//   target = window.ToTarget(registers, local);     // what came back
//
// LLVM libunwind reads the stack through pointers. So the copy lies at an
// address of ours, every word in it that points into the stack is moved along,
// and so is every register that does.
//
// A register that does not point into the stack, or is not known, must not be
// read through: its number may by chance be an address of ours. It is given a
// stand-in: the middle of a zone of its own, in which every word is again the
// stand-in. Whatever a row computes from it, adding or reading, stays in the
// zone, and so tells which register it was made from. What lies around the copy
// is filled with a stand-in, too.
//
// A word in the copy that by chance is such an address of ours is another
// program's all the same: it is kept in disguise. On aarch64, where programs
// are put into one GiB at random, a return address is that once in 2000 runs.
//
// A thread has one window at a time: they share their memory.
#ifndef HUBSPY_UNWIND_STACK_WINDOW_H_
#define HUBSPY_UNWIND_STACK_WINDOW_H_

#include <cstdint>
#include <optional>

#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

class StackWindow {
 public:
  explicit StackWindow(const MemoryCopy& stack);
  StackWindow(const StackWindow&) = delete;
  StackWindow& operator=(const StackWindow&) = delete;

  const AddressRange& copied() const { return copied_; }
  // A stack pointer that a frame can have: inside the copy, or just behind it.
  bool Holds(Address sp) const {
    return copied_.begin <= sp && sp <= copied_.end;
  }

  uint64_t ToLocal(const Registers& registers, Reg reg) const;

  struct Value {
    // Unknown: made from a register that is not known, or not copied.
    std::optional<uint64_t> target;
    // Whose stand-in it was made from, known or not.
    std::optional<Reg> made_from;
  };
  // `registers` are those that ToLocal was asked about.
  Value ToTarget(const Registers& registers, uint64_t local) const;

 private:
  bool IsOurs(uint64_t local) const;

  AddressRange copied_;
  AddressRange moved_;   // target addresses that have a place of ours
  uint64_t offset_ = 0;  // from there to here; wraps
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_STACK_WINDOW_H_
