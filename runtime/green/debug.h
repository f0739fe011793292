// What a person asks a green program that does not do what it should.
//
//   green::debug::DumpHub();                           // what waits for what
//   green::debug::SetBlockingDetection(absl::Milliseconds(50));
//
// A debugger may call DumpHub, too: (gdb) call green::debug::DumpHub()
//
// All of it is about the calling thread's hub.
//
// The surprising part: functions are named from symbol tables alone, so static
// ones of a stripped program have no name. What stands in parentheses beside
// each frame is for `addr2line -Cfie MODULE OFFSET`, which gives file and line.
#ifndef GREEN_DEBUG_H_
#define GREEN_DEBUG_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace green::debug {

// The hub's clock and counters; its timers in the order in which they are due;
// who waits for which file descriptor; and every green thread with its id,
// name, state, what it waits for and since when, where it was spawned, and its
// stack. Green threads with the same stack are told together.
//
// Takes time and memory in proportion to the green threads: about 10 us for
// each, and it gives way to none of them. Makes the hub if there is none.
std::string FormatHub();

// Prints that on standard error.
void DumpHub();

// From now on, whatever holds the loop for longer than `limit` is reported with
// its stack, while it still does: a green thread's turn, a callback, a linked
// function, a destructor, or the thread's own code between two waits. Zero or
// less: nothing is. Throws std::system_error when there is no thread or no
// signal left to do it with.
//
//   green: the hub of thread 71 has been held for 51.2 ms by green thread 12
//   (parser), in:
//       #0  Parse(Node const&) (server+0x4a31)
//     it was spawned in Accept() (server+0x4b77)
//
// A report comes between `limit` and a quarter more after the loop moved last,
// in real time, whatever the hub's clock. It comes once for each stall, and for
// at most five in a minute; how long each was, at the same exactness, is
// counted in HubStats::blocking. A process that is stopped does not stall.
//
// The loop itself pays nothing. A thread of its own looks at the hub's counters
// four times in each `limit`, and sends the hub's thread a signal when it is
// stuck, to take the stack: once for each reported stall. That makes a sleep or
// a poll(2) that it is stuck in return early, with EINTR (signal(7)).
void SetBlockingDetection(absl::Duration limit);

// Reports, of this and of exceptions that nobody waits for, are given to `sink`
// instead of being written on standard error; of all hubs, one at a time, on
// any thread. nullptr: standard error again. When this returns, the previous
// sink is not in use any more. A sink must not throw.
void SetReportSink(std::function<void(absl::string_view report)> sink);

}  // namespace green::debug

#endif  // GREEN_DEBUG_H_
