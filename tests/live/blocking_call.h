// System calls in which a loop may sit, as parameters of the capture tests.
#ifndef HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_
#define HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_

#include <atomic>
#include <ostream>
#include <string>
#include <vector>

#include "support/child.h"
#include "support/shared.h"

namespace hubspy {

struct BlockingCall {
  std::string name;
  long number;    // SYS_*
  int (*call)();  // blocks, for an hour at most; returns 0 or an errno
  friend std::ostream& operator<<(std::ostream& out, const BlockingCall& c) {
    return out << c.name;
  }
};

// Those that the kernel restarts by itself after a stop, and those that it
// ends with EINTR.
std::vector<BlockingCall> RestartingCalls();
std::vector<BlockingCall> InterruptedCalls();
std::vector<BlockingCall> AllBlockingCalls();

// What a child that blocks over and over counts.
struct Turns {
  std::atomic<int> returned = 0;
  std::atomic<int> last_errno = 0;
  std::atomic<int> handled_signals = 0;
};

// A child whose only thread makes `call` again whenever it returns, counts the
// returns, and is in it for the first time. SIGUSR1 has a handler without
// SA_RESTART that counts.
Child ForkBlocking(const BlockingCall& call, const Shared<Turns>& turns);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_
