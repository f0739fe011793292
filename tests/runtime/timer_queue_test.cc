#include "green/timer_queue.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <random>
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

// Against a list kept in order the slow way.
class Model {
 public:
  void Add(int number, int64_t deadline_ns) {
    staged_.push_back({deadline_ns, number});
  }
  void Cancel(int number) {
    const auto is_it = [&](const Entry& e) { return e.number == number; };
    prepared_.remove_if(is_it);
    staged_.remove_if(is_it);
  }
  void Prepare() {
    for (const Entry& entry : staged_) {
      const auto after = std::find_if(
          prepared_.begin(), prepared_.end(),
          [&](const Entry& e) { return e.deadline_ns > entry.deadline_ns; });
      prepared_.insert(after, entry);
    }
    staged_.clear();
  }
  std::vector<int> PopAllDue(int64_t now_ns) {
    std::vector<int> numbers;
    while (!prepared_.empty() && prepared_.front().deadline_ns <= now_ns) {
      numbers.push_back(prepared_.front().number);
      prepared_.pop_front();
    }
    return numbers;
  }
  int64_t NextDeadlineNs() const {
    return prepared_.empty() ? INT64_MAX : prepared_.front().deadline_ns;
  }
  size_t size() const { return prepared_.size() + staged_.size(); }

 private:
  struct Entry {
    int64_t deadline_ns;
    int number;
  };
  std::list<Entry> prepared_;
  std::list<Entry> staged_;
};

class TimerQueueProperty : public testing::TestWithParam<int> {};

TEST_P(TimerQueueProperty, BehavesAsASortedList) {
  std::mt19937 random(GetParam());
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  std::deque<NumberedTimer> timers;
  TimerQueue queue;
  Model model;
  int64_t now_ns = 0;
  for (int step = 0; step < 4000; ++step) {
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        // Few distinct deadlines, so that many are equal.
        const int64_t deadline_ns = now_ns + below(50);
        NumberedTimer& timer =
            timers.emplace_back(static_cast<int>(timers.size()));
        queue.Add(timer, deadline_ns);
        model.Add(timer.number, deadline_ns);
        break;
      }
      case 5:
      case 6:
      case 7: {
        if (timers.empty()) break;
        NumberedTimer& timer = timers[below(static_cast<int>(timers.size()))];
        queue.Cancel(timer);
        model.Cancel(timer.number);
        break;
      }
      case 8:
        queue.Prepare();
        model.Prepare();
        break;
      case 9:
        now_ns += below(10);
        ASSERT_EQ(PopAllDue(queue, now_ns), model.PopAllDue(now_ns));
        break;
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.NextDeadlineNs(), model.NextDeadlineNs());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerQueueProperty, testing::Range(0, 20));

}  // namespace
}  // namespace green::internal
