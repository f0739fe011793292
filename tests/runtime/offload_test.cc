#include "green/offload.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/control_block.h"
#include "green/green.h"
#include "green/hub_view.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "support/child.h"

namespace green {
namespace {

using testing::ElementsAre;

// A call that has begun and does not end before it is let go.
struct HeldCall {
  std::binary_semaphore began{0};
  std::binary_semaphore may_end{0};
  std::atomic<bool> ended = false;

  void operator()() {
    began.release();
    may_end.acquire();
    ended = true;
  }
};

// While it lives, one call at a time goes on.
struct OneThread {
  OneThread() { SetOffloadThreads(1); }
  ~OneThread() { SetOffloadThreads(20); }
};

TEST(Offload, GivesWhatTheFunctionReturns) {
  OnFreshThread([] {
    EXPECT_EQ(Offload([](int a, int b) { return a + b; }, 2, 3), 5);
    auto moved = Offload([](std::unique_ptr<int> value) { return value; },
                         std::make_unique<int>(7));
    EXPECT_EQ(*moved, 7);
    Offload([] {});
  });
}

TEST(Offload, CopiesNothing) {
  OnFreshThread([] {
    int value = 1;
    int& same = Offload([](int& its) -> int& { return ++its; }, value);
    EXPECT_EQ(&same, &value);
    EXPECT_EQ(value, 2);
  });
}

TEST(Offload, ThrowsWhatTheFunctionThrows) {
  OnFreshThread([] {
    EXPECT_THROW(Offload([]() -> int { throw std::out_of_range("far"); }),
                 std::out_of_range);
  });
}

TEST(Offload, RunsOnAnotherThreadAndLetsOthersRun) {
  OnFreshThread([] {
    HeldCall held;
    std::thread::id where;
    auto caller = Spawn([&] {
      Offload([&] {
        where = std::this_thread::get_id();
        held();
      });
    });
    Yield();
    held.began.acquire();
    EXPECT_EQ(Spawn([] { return 1; }).Wait(), 1);
    EXPECT_FALSE(caller.Finished());
    held.may_end.release();
    caller.Wait();
    EXPECT_NE(where, std::this_thread::get_id());
  });
}

TEST(Offload, TakesNoSignals) {
  OnFreshThread([] {
    const bool blocked = Offload([] {
      sigset_t mask;
      pthread_sigmask(SIG_BLOCK, nullptr, &mask);
      return sigismember(&mask, SIGTERM) == 1;
    });
    EXPECT_TRUE(blocked);
  });
}

TEST(Offload, SeveralGoOnAtATime) {
  OnFreshThread([] {
    HeldCall first;
    HeldCall second;
    auto a = Spawn([&] { Offload(first); });
    auto b = Spawn([&] { Offload(second); });
    Yield();
    first.began.acquire();
    second.began.acquire();
    first.may_end.release();
    second.may_end.release();
    a.Wait();
    b.Wait();
  });
}

TEST(Offload, NoMoreThanTheThreadsThereAreFirstComeFirstServed) {
  OnFreshThread([] {
    const OneThread one;
    std::atomic<int> at_a_time = 0;
    std::vector<int> order;
    GreenPool pool;
    for (int i = 0; i < 20; ++i) {
      pool.SpawnN([&, i] {
        Offload([&] {
          EXPECT_EQ(++at_a_time, 1);
          order.push_back(i);
          --at_a_time;
        });
      });
    }
    pool.WaitAll();
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(order.size(), 20u);
  });
}

TEST(Offload, MoreThreadsComeToWhatWaits) {
  OnFreshThread([] {
    const OneThread one;
    HeldCall first;
    HeldCall second;
    auto a = Spawn([&] { Offload(first); });
    auto b = Spawn([&] { Offload(second); });
    Yield();
    first.began.acquire();
    SetOffloadThreads(2);
    second.began.acquire();
    first.may_end.release();
    second.may_end.release();
    a.Wait();
    b.Wait();
  });
}

TEST(Offload, RefusesToHaveNoThreads) {
  EXPECT_THROW(SetOffloadThreads(0), std::invalid_argument);
}

TEST(Offload, WhoIsKilledBeforeItBeganIsThrownAtAtOnce) {
  OnFreshThread([] {
    const OneThread one;
    HeldCall first;
    auto a = Spawn([&] { Offload(first); });
    Yield();
    first.began.acquire();
    auto b = Spawn([] { Offload([] { ADD_FAILURE() << "called"; }); });
    Yield();
    b.Kill();
    EXPECT_TRUE(b.Finished());
    first.may_end.release();
    a.Wait();
    Offload([] {});  // behind what was withdrawn
  });
}

TEST(Offload, WhoIsKilledWhileItRunsIsThrownAtWhenItHasReturned) {
  OnFreshThread([] {
    HeldCall held;
    bool went_on = false;
    auto caller = Spawn([&] {
      Offload(held);
      went_on = true;
    });
    Yield();
    held.began.acquire();
    caller.Kill();
    caller.Kill();
    EXPECT_FALSE(caller.Finished());
    held.may_end.release();
    EXPECT_THROW(caller.Wait(), GreenExit);
    EXPECT_TRUE(held.ended);
    EXPECT_FALSE(went_on);
  });
}

TEST(Offload, ATimeoutIsThrownWhenItHasReturned) {
  OnFreshThread([] {
    HeldCall held;
    auto caller = Spawn([&] {
      const Timeout timeout(absl::Microseconds(1));
      EXPECT_THROW(Offload(held), TimeoutExpired);
      EXPECT_TRUE(held.ended);
    });
    Yield();
    held.began.acquire();
    Sleep(absl::Microseconds(2));  // it has expired
    EXPECT_FALSE(caller.Finished());
    held.may_end.release();
    caller.Wait();
  });
}

TEST(Offload, AStoppedHubIsTakenNoteOfWhenItHasReturned) {
  OnFreshThread([] {
    HeldCall held;
    SpawnN([&] {
      held.began.acquire();
      Hub::Current().Stop();
      Sleep(absl::Microseconds(1));  // in a later turn
      Hub::Current().Stop();
      Sleep(absl::Microseconds(1));
      held.may_end.release();
    });
    EXPECT_THROW(Offload(held), HubStopped);
    EXPECT_TRUE(held.ended);
  });
}

TEST(Offload, AThreadThatExitsWaitsForTheCallsThatRun) {
  HeldCall held;
  std::thread helper;
  OnFreshThread([&] {
    SpawnN([&] { Offload(held); });
    Yield();
    held.began.acquire();
    helper = std::thread([&, hub_thread = gettid()] {
      hubspy::AwaitSystemCall(hub_thread, SYS_futex);
      held.may_end.release();
    });
  });
  EXPECT_TRUE(held.ended);
  helper.join();
}

TEST(Offload, IsRefusedInACallback) {
  OnFreshThread([] {
    Event<bool> refused;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      try {
        Offload([] { ADD_FAILURE() << "called"; });
        refused.Send(false);
      } catch (const std::logic_error&) {
        refused.Send(true);
      }
    });
    EXPECT_TRUE(refused.Wait());
  });
}

TEST(Offload, MayBeNestedAndUseAHubThere) {
  OnFreshThread([] {
    const int result = Offload([] {
      return Spawn([] { return Offload([] { return 3; }); }).Wait() + 1;
    });
    EXPECT_EQ(result, 4);
  });
}

TEST(Offload, IsWhatObserversSeeThatItsCallerWaitsFor) {
  OnFreshThread([] {
    HeldCall held;
    auto caller = Spawn([&] { Offload(held); });
    Yield();
    held.began.acquire();
    std::vector<abi::WaitReason> reasons;
    internal::ForEachGreenThread(
        internal::HubView::Record(Hub::Current()),
        [&](internal::ControlBlock& block) {
          reasons.push_back(block.record.waits_for.Get());
        });
    EXPECT_THAT(reasons, ElementsAre(abi::WaitReason::kOffload));
    held.may_end.release();
    caller.Wait();
  });
}

TEST(Offload, ManyFromManyHubs) {
  std::vector<std::thread> threads;
  std::atomic<int> calls = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      GreenPool pool(50);
      for (int j = 0; j < 200; ++j) {
        pool.SpawnN([&] { Offload([&] { ++calls; }); });
      }
      pool.WaitAll();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 800);
}

}  // namespace
}  // namespace green
