// Random programs of green threads that put into a queue and get from it, with
// timeouts, resizes and kills, beside a model that knows what must come out.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/queue.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/crowd_testing.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

constexpr int kPutters = 5;
constexpr int kGetters = 5;

// Whether what is got is counted until it is called done.
template <typename TheQueue>
constexpr bool kCountsTasks = requires(TheQueue queue) {
  queue.TaskDone();
};

template <typename TheQueue>
class QueueProgram {
 public:
  explicit QueueProgram(uint32_t seed) : random_(seed), queue_(Below(5) - 1) {
    for (int i = 0; i < kPutters + kGetters; ++i) workers_.push_back(New(i));
  }

  void Run() {
    for (int turn = 0; turn < kTurns; ++turn) {
      if (testing::Test::HasFailure()) break;
      Sleep(Milliseconds());
      ExpectNobodyWaitsInVain();
      if (Below(3) == 0) KillAny();
      if (Below(8) == 0) queue_.Resize(Below(5) - 1);
      ExpectNobodyWaitsInVain();
    }
    for (auto& worker : workers_) worker.Kill();
    while (!AllFinished()) Yield();
    while (const std::optional<int> value = queue_.TryGet()) Got(*value);
    ExpectAllWasGot();
  }

 private:
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(n));
  }
  absl::Duration Milliseconds() { return absl::Milliseconds(Below(4)); }

  GreenThread<void> New(int number) {
    return Spawn([this, is_putter = number < kPutters] {
      for (;;) {
        try {
          std::optional<Timeout> limit;
          if (Below(3) == 0) limit.emplace(Milliseconds());
          is_putter ? PutOne() : GetOne();
        } catch (const TimeoutExpired&) {
        }
        Yield();
        if (Below(4) == 0) Sleep(Milliseconds());
      }
    });
  }

  void KillAny() {
    const int number = static_cast<int>(Below(kPutters + kGetters));
    workers_[number].Kill();
    while (!workers_[number].Finished()) Yield();
    workers_[number] = New(number);
  }
  bool AllFinished() const {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker.Finished(); });
  }

  void PutOne() {
    const int value = static_cast<int>(was_put_.size());
    was_put_.push_back(false);
    times_got_.push_back(0);
    was_put_[value] = PutSomehow(value);
  }
  bool PutSomehow(int value) {
    switch (Below(3)) {
      case 0:
        return queue_.TryPut(value);
      case 1:
        return queue_.Put(value, Milliseconds());
      default:
        queue_.Put(value);
        return true;
    }
  }

  void GetOne() {
    std::optional<int> value;
    switch (Below(3)) {
      case 0:
        value = queue_.TryGet();
        break;
      case 1:
        value = queue_.Get(Milliseconds());
        break;
      default:
        value = queue_.Get();
    }
    if (!value.has_value()) return;
    Got(*value);
    if constexpr (kCountsTasks<TheQueue>) queue_.TaskDone();
    ++done_;
  }
  void Got(int value) {
    ++times_got_[value];
    ++got_;
  }

  void ExpectNobodyWaitsInVain() {
    ASSERT_FALSE(queue_.Getting() > 0 && queue_.Size() > 0);
    ASSERT_FALSE(queue_.Putting() > 0 && !queue_.Full());
    ASSERT_FALSE(queue_.Getting() > 0 && queue_.Putting() > 0);
    ASSERT_LE(queue_.Getting(), static_cast<size_t>(kGetters));
    ASSERT_LE(queue_.Putting(), static_cast<size_t>(kPutters));
    if constexpr (kCountsTasks<TheQueue>) {
      // Those who were given one and have yet to run have not called it done.
      ASSERT_GE(queue_.Unfinished(), queue_.Size());
      ASSERT_LE(queue_.Unfinished(), queue_.Size() + kGetters);
    }
  }

  void ExpectAllWasGot() {
    ASSERT_EQ(queue_.Getting(), 0u);
    ASSERT_EQ(queue_.Putting(), 0u);
    for (size_t value = 0; value < was_put_.size(); ++value) {
      ASSERT_EQ(times_got_[value], was_put_[value] ? 1 : 0) << value;
    }
    if constexpr (kCountsTasks<TheQueue>) {
      ASSERT_EQ(queue_.Unfinished(), got_ - done_);
    }
  }

  std::mt19937 random_;
  TheQueue queue_;
  std::vector<GreenThread<void>> workers_;
  std::deque<bool> was_put_;    // by value
  std::vector<int> times_got_;  // by value
  size_t got_ = 0;
  size_t done_ = 0;
};

template <typename TheQueue>
class AnyQueueProperty : public testing::Test {};
using Queues = testing::Types<Queue<int>, LightQueue<int>, LifoQueue<int>,
                              PriorityQueue<int>>;
TYPED_TEST_SUITE(AnyQueueProperty, Queues);

TYPED_TEST(AnyQueueProperty, EachValueThatWasPutIsGotOnce) {
  for (uint32_t seed = 1; seed <= kSeeds && !this->HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    InSimulatedTime(
        [&](SimulatedTime&) { QueueProgram<TypeParam>(seed).Run(); });
  }
}

// By one getter at a time: of two, the one that was given a value first may
// run last.
void KeepsTheOrderOfAPutter(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  Queue<int> queue(below(4));
  int next = 0;
  auto putter = Spawn([&] {
    for (int value = 0;; ++value) queue.Put(value);
  });
  const auto get = [&] {
    for (;;) {
      if (std::optional<int> value = queue.Get(absl::Milliseconds(below(3)))) {
        ASSERT_EQ(*value, next);
        ++next;
      }
      Sleep(absl::Milliseconds(below(3)));
    }
  };
  auto getter = Spawn(get);
  for (int turn = 0; turn < 50; ++turn) {
    Sleep(absl::Milliseconds(below(3)));
    getter.Kill();
    while (!getter.Finished()) Yield();
    getter = Spawn(get);
  }
  EXPECT_GT(next, 0);
  getter.Kill();
  putter.Kill();
}

TEST(QueueProperty, ValuesOfAPutterComeOutInItsOrder) {
  for (uint32_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    InSimulatedTime([&](SimulatedTime&) { KeepsTheOrderOfAPutter(seed); });
  }
}

}  // namespace
}  // namespace green
