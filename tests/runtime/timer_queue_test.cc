#include "green/timer_queue.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace green::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct NumberedTimer : Timer {
  explicit NumberedTimer(int its_number)
      : Timer(Purpose::kCallBack), number(its_number) {}
  int number;
};

std::vector<int> PopAllDue(TimerQueue& queue, int64_t now_ns) {
  std::vector<int> numbers;
  while (Timer* timer = queue.PopDue(now_ns)) {
    numbers.push_back(static_cast<NumberedTimer*>(timer)->number);
  }
  return numbers;
}

TEST(TimerQueue, FiresByDeadlineAndThenByInsertion) {
  NumberedTimer a(0), b(1), c(2), d(3), e(4);
  TimerQueue queue;
  queue.Add(a, 20);
  queue.Add(b, 10);
  queue.Add(c, 20);
  queue.Add(d, 10);
  queue.Add(e, 15);
  queue.Prepare();
  EXPECT_EQ(queue.NextDeadlineNs(), 10);
  EXPECT_THAT(PopAllDue(queue, 20), ElementsAre(1, 3, 4, 0, 2));
  EXPECT_EQ(queue.NextDeadlineNs(), TimerQueue::kNever);
}

TEST(TimerQueue, FiresNothingBeforeItsDeadline) {
  NumberedTimer timer(0);
  TimerQueue queue;
  queue.Add(timer, 10);
  queue.Prepare();
  EXPECT_EQ(queue.PopDue(9), nullptr);
  EXPECT_TRUE(timer.pending());
  EXPECT_EQ(queue.PopDue(10), &timer);
  EXPECT_FALSE(timer.pending());
}

TEST(TimerQueue, KeepsWhatIsNotPreparedForTheNextPass) {
  NumberedTimer timer(0);
  TimerQueue queue;
  queue.Add(timer, 0);
  EXPECT_THAT(PopAllDue(queue, 100), IsEmpty());
  EXPECT_EQ(queue.size(), 1u);
  queue.Prepare();
  EXPECT_THAT(PopAllDue(queue, 100), ElementsAre(0));
}

TEST(TimerQueue, ForgetsCancelledTimersAtOnce) {
  std::deque<NumberedTimer> timers;
  TimerQueue queue;
  for (int i = 0; i < 1000; ++i) {
    queue.Add(timers.emplace_back(i), i);
    if (i % 2 == 0) queue.Prepare();
    queue.Cancel(timers.back());
    ASSERT_EQ(queue.size(), 0u);
  }
}

TEST(TimerQueue, CancellingTwiceIsHarmless) {
  NumberedTimer a(0), b(1);
  TimerQueue queue;
  queue.Add(a, 1);
  queue.Add(b, 2);
  queue.Prepare();
  queue.Cancel(a);
  queue.Cancel(a);
  EXPECT_THAT(PopAllDue(queue, 2), ElementsAre(1));
}

// As many as lie in the heap and some leaves, which come in order and so fill
// them; then all of some stretch are cancelled.
class CancelledStretch : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(CancelledStretch, LeavesTheOthers) {
  constexpr int kCount = 20'481;
  const auto [begin, end] = GetParam();
  std::deque<NumberedTimer> timers;
  TimerQueue queue;
  std::vector<int> expected;
  for (int i = 0; i < kCount; ++i) queue.Add(timers.emplace_back(i), i);
  queue.Prepare();
  for (int i = 0; i < kCount; ++i) {
    if (i >= begin && i < end) {
      queue.Cancel(timers[i]);
    } else {
      expected.push_back(i);
    }
  }
  EXPECT_EQ(queue.size(), expected.size());
  EXPECT_EQ(PopAllDue(queue, kCount), expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, CancelledStretch,
    testing::Values(std::pair(0, 4096), std::pair(4096, 8192),
                    std::pair(8000, 16'500), std::pair(20'480, 20'481),
                    std::pair(0, 20'480), std::pair(0, 20'481)));

// The same, as a sorted list.
class Model {
 public:
  void Add(int number, int64_t deadline_ns) {
    keys_.resize(std::max(keys_.size(), static_cast<size_t>(number) + 1));
    keys_[number] = {deadline_ns, next_sequence_++};
    staged_.insert(number);
  }
  void Cancel(int number) {
    if (staged_.erase(number) == 0) prepared_.erase(keys_[number]);
  }
  void Prepare() {
    for (const int number : staged_) prepared_[keys_[number]] = number;
    staged_.clear();
  }
  // -1: none.
  int PopDue(int64_t now_ns) {
    if (prepared_.empty() || NextDeadlineNs() > now_ns) return -1;
    const int number = prepared_.begin()->second;
    prepared_.erase(prepared_.begin());
    return number;
  }
  int64_t NextDeadlineNs() const {
    return prepared_.empty() ? INT64_MAX : prepared_.begin()->first.first;
  }
  size_t size() const { return prepared_.size() + staged_.size(); }

 private:
  using Key = std::pair<int64_t, uint64_t>;  // deadline, order of adding
  std::vector<Key> keys_;                    // by number
  std::map<Key, int> prepared_;
  std::set<int> staged_;
  uint64_t next_sequence_ = 0;
};

// The queue and the model, side by side.
class Both {
 public:
  explicit Both(uint32_t seed) : random_(seed) {}

  // A timer that was never added, or has fired, or was cancelled.
  void AddOne(int64_t deadline_ns) {
    if (idle_.empty()) {
      idle_.push_back(static_cast<int>(timers_.size()));
      timers_.emplace_back(idle_.back());
      place_.push_back(0);
    }
    const int number = idle_.back();
    idle_.pop_back();
    place_[number] = pending_.size();
    pending_.push_back(number);
    ASSERT_FALSE(timers_[number].pending());
    queue_.Add(timers_[number], deadline_ns);
    model_.Add(number, deadline_ns);
  }
  void CancelAny() {
    if (pending_.empty()) return;
    const int number = pending_[random_() % pending_.size()];
    ASSERT_TRUE(timers_[number].pending());
    queue_.Cancel(timers_[number]);
    model_.Cancel(number);
    Forget(number);
  }
  void Prepare() {
    queue_.Prepare();
    model_.Prepare();
  }
  void PopDue(int64_t now_ns) {
    const int expected = model_.PopDue(now_ns);
    Timer* const timer = queue_.PopDue(now_ns);
    if (expected < 0) {
      ASSERT_EQ(timer, nullptr);
      return;
    }
    ASSERT_EQ(timer, &timers_[expected]);
    Forget(expected);
  }
  void ExpectAlike() const {
    ASSERT_EQ(queue_.size(), model_.size());
    ASSERT_EQ(queue_.NextDeadlineNs(), model_.NextDeadlineNs());
  }
  int64_t NextDeadlineNs() const { return model_.NextDeadlineNs(); }
  size_t size() const { return pending_.size(); }

 private:
  void Forget(int number) {
    ASSERT_FALSE(timers_[number].pending());
    const int last = pending_.back();
    pending_[place_[number]] = last;
    place_[last] = place_[number];
    pending_.pop_back();
    idle_.push_back(number);
  }

  std::mt19937 random_;
  std::deque<NumberedTimer> timers_;
  std::vector<int> idle_;
  std::vector<int> pending_;
  std::vector<size_t> place_;  // in pending_, by number
  TimerQueue queue_;
  Model model_;
};

// How deadlines are chosen: what comes, and how the queue is used, differs.
enum class Deadlines { kAlike, kInOrder, kNear, kAnywhere, kExtreme };

class TimerQueueProperty
    : public testing::TestWithParam<std::tuple<Deadlines, uint32_t>> {
 protected:
  int64_t Deadline() {
    switch (std::get<0>(GetParam())) {
      case Deadlines::kAlike:
        return 7;
      case Deadlines::kInOrder:
        return ++now_ns_ + 1'000'000;
      case Deadlines::kNear:
        return now_ns_ + Below(50);
      case Deadlines::kAnywhere:
        return now_ns_ + static_cast<int64_t>(random_() >> 20);
      case Deadlines::kExtreme:
        break;
    }
    constexpr int64_t kExtremes[] = {INT64_MIN, INT64_MIN + 1,         -1, 0,
                                     1,         TimerQueue::kNever - 1};
    return kExtremes[Below(std::size(kExtremes))];
  }
  int64_t Below(uint64_t n) { return static_cast<int64_t>(random_() % n); }

  std::mt19937_64 random_{std::get<1>(GetParam())};
  int64_t now_ns_ = 0;
};

// Grows to many more than the heap holds, and shrinks to none, over and over.
TEST_P(TimerQueueProperty, BehavesAsASortedList) {
  constexpr size_t kMost = 30'000;
  Both both(std::get<1>(GetParam()));
  bool grows = true;
  for (int step = 0; step < 200'000; ++step) {
    if (both.size() >= kMost) grows = false;
    if (both.size() == 0) grows = true;
    const int64_t choice = Below(16);
    if (choice < (grows ? 10 : 2)) {
      both.AddOne(Deadline());
    } else if (choice < 13) {
      both.CancelAny();
    } else if (choice == 13) {
      both.Prepare();
    } else if (choice == 14) {
      both.PopDue(both.NextDeadlineNs());
    } else {
      now_ns_ += Below(10);
      both.PopDue(now_ns_);
    }
    both.ExpectAlike();
    if (HasFatalFailure()) return;
  }
  both.Prepare();
  while (both.size() > 0 && !HasFatalFailure()) {
    both.PopDue(TimerQueue::kNever - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TimerQueueProperty,
    testing::Combine(testing::Values(Deadlines::kAlike, Deadlines::kInOrder,
                                     Deadlines::kNear, Deadlines::kAnywhere,
                                     Deadlines::kExtreme),
                     testing::Values(1u, 2u)));

}  // namespace
}  // namespace green::internal
