// Sees an exception while the stack that threw it is still there.
//
//   ThrowWatch watch(bounds);
//   try {
//     watch.Call(&Function, argument);
//   } catch (...) {
//     std::unique_ptr<Traceback> from_throw_to_here = watch.Take();
//   }
//
// A catch block comes too late to ask where: the frames are gone. But unwinding
// has two phases (Itanium C++ ABI, Exception Handling, 1.3). First a handler is
// searched for, asking the personality routine of every frame on the way, and
// only then frames go. Call() puts a frame on the stack whose routine takes a
// traceback when it is asked, and answers "not here". It costs a call when
// nothing is thrown.
//
// The surprising part: an exception that was caught and thrown again on the way
// tells only where it was thrown again.
#ifndef GREEN_THROW_WATCH_H_
#define GREEN_THROW_WATCH_H_

#include <memory>
#include <utility>

#include "green/traceback.h"

extern "C" {
// Calls function(argument), on a frame that knows `watch`.
// Its name in the assembly is the same in all object formats.
void green_watch_throws(void (*function)(void*), void* argument,
                        void* watch) asm("green_watch_throws");
}

namespace green::internal {

class ThrowWatch {
 public:
  // Those of the stack that it is on.
  explicit ThrowWatch(StackBounds bounds) : bounds_(bounds) {}
  ThrowWatch(const ThrowWatch&) = delete;
  ThrowWatch& operator=(const ThrowWatch&) = delete;

  void Call(void (*function)(void*), void* argument) {
    green_watch_throws(function, argument, this);
  }

  // nullptr: nothing was thrown out of Call(), or there was no memory.
  std::unique_ptr<Traceback> Take() { return std::move(traceback_); }

  // For the frame's personality routine.
  void OnThrow() noexcept;

 private:
  StackBounds bounds_;
  std::unique_ptr<Traceback> traceback_;
};

}  // namespace green::internal

#endif  // GREEN_THROW_WATCH_H_
