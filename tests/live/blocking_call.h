// System calls in which a loop may sit, as parameters of the capture tests, and
// children that sit in them.
//
//   class WatchedSleep : public OnBlockingCall {};
//   TEST_P(WatchedSleep, NeverEnds) {
//     const Child child = ForkBlocking(GetParam(), turns);   // it is in the
//     call
#ifndef HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_
#define HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_

#include <atomic>
#include <cstdint>
#include <ctime>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "support/child.h"
#include "support/shared.h"

namespace hubspy {

struct BlockingCall {
  std::string name;
  long number;  // SYS_*
  // Waits for so long, or (nullptr) until it is woken. 0: woken. ETIMEDOUT:
  // its time is over, however the call itself says that. Or another errno.
  int (*wait)(const timespec* timeout);
  // Timeouts are multiples of this, and never end early; 0: takes none that
  // one may rely on.
  int64_t timeout_unit_ns = 0;
  // Ends one wait, from another thread; nullptr: only its timeout does.
  void (*wake)() = nullptr;

  friend std::ostream& operator<<(std::ostream& out, const BlockingCall& c) {
    return out << c.name;
  }
};

// Those that the kernel restarts by itself after a stop, and those that it
// ends with EINTR.
std::vector<BlockingCall> RestartingCalls();
std::vector<BlockingCall> InterruptedCalls();
std::vector<BlockingCall> AllBlockingCalls();
// Of those, the ones that keep to a timeout, and that can be woken.
std::vector<BlockingCall> CallsWithTimeout();
std::vector<BlockingCall> CallsToBeWoken();

// Whether this machine lets a program make it; many forbid io_uring.
bool IsAllowed(const BlockingCall& call);

// A test of one of them.
class OnBlockingCall : public testing::TestWithParam<BlockingCall> {
 protected:
  void SetUp() override {
    if (!IsAllowed(GetParam())) GTEST_SKIP() << GetParam() << " is forbidden";
  }
};

// What a child that blocks over and over counts.
struct Turns {
  std::atomic<int> returned = 0;
  std::atomic<int> last_errno = 0;
  std::atomic<int> handled_signals = 0;
};

// A child whose only thread makes `call` again whenever it returns, counts the
// returns, and is in it for the first time. No call lasts longer than an hour.
// SIGUSR1 has a handler without SA_RESTART that counts.
Child ForkBlocking(const BlockingCall& call, const Shared<Turns>& turns);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_LIVE_BLOCKING_CALL_H_
