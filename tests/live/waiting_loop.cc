#include "live/waiting_loop.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <thread>

#include "gtest/gtest.h"
#include "live/spinning.h"
#include "target/now.h"

namespace hubspy {
namespace {

void Nap() {
  const timespec nap = {0, 30'000};
  nanosleep(&nap, nullptr);
}

void MakeThreads(LoopCounts& counts) {
  while (!counts.end) {
    std::thread(Nap).join();
    ++counts.threads_ended;
  }
}

void Wake(const BlockingCall& call, LoopCounts& counts,
          const std::atomic<bool>& done) {
  while (!done) {
    Nap();
    const int64_t turn = counts.begun;
    if (turn == counts.woken) continue;
    Nap();
    counts.waking = turn;
    call.wake();
    counts.woken = turn;
  }
}

void Note(LoopCounts& counts, int error, int wanted, bool early) {
  if (error != wanted) {
    ++counts.failed;
    counts.last_failure = error;
  }
  counts.early += early ? 1 : 0;
  ++counts.turns;
}

void WaitOutTimeout(const BlockingCall& call, int64_t timeout_ns,
                    LoopCounts& counts) {
  const timespec timeout = {0, timeout_ns};
  const int64_t began_ns = NowNs();
  const int error = call.wait(&timeout);
  Note(counts, error, ETIMEDOUT, NowNs() - began_ns < timeout_ns);
}

void WaitUntilWoken(const BlockingCall& call, int64_t turn,
                    LoopCounts& counts) {
  counts.begun = turn;
  const int error = call.wait(nullptr);
  Note(counts, error, 0, counts.waking < turn);
  // Or the rest of this turn's waking might wake the next one.
  while (counts.woken < turn) Nap();
}

}  // namespace

Child ForkWaitingLoop(const BlockingCall& call, int64_t timeout_ns,
                      const Shared<LoopCounts>& counts) {
  if (timeout_ns != kUntilWoken) {
    const int64_t unit_ns = call.timeout_unit_ns;
    timeout_ns = (timeout_ns + unit_ns - 1) / unit_ns * unit_ns;
  }
  Child child = Child::Fork([&](ChildPipes& parent) {
    std::atomic<bool> done = false;
    std::thread maker([&] { MakeThreads(*counts); });
    std::thread waker([&] {
      if (timeout_ns == kUntilWoken) Wake(call, *counts, done);
    });
    parent.WriteLine("ready");
    for (int64_t turn = 1; !counts->end; ++turn) {
      // Of changing length, so that looks fall everywhere.
      Burn(static_cast<int>(turn * 7919 % 40'000));
      if (timeout_ns == kUntilWoken) {
        WaitUntilWoken(call, turn, *counts);
      } else {
        WaitOutTimeout(call, timeout_ns, *counts);
      }
    }
    done = true;
    waker.join();
    maker.join();
    return 0;
  });
  child.ReadLine();
  return child;
}

void EndWaitingLoop(Child& child, const Shared<LoopCounts>& counts) {
  // Neighbours may have kept it from a CPU until now.
  while (counts->turns == 0 || counts->threads_ended == 0) Nap();
  counts->end = true;
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(counts->early, 0);
  EXPECT_EQ(counts->failed, 0) << std::strerror(counts->last_failure);
}

}  // namespace hubspy
