#include "sample/sampler.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "support/time_units.h"

namespace hubspy {
namespace {

// Time that passes only by waiting.
class SimulatedWaiter : public Waiter {
 public:
  int64_t NowNs() override { return now_ns; }
  void WaitUntil(int64_t until_ns) override {
    if (stop_at_ns <= until_ns) {
      now_ns = std::max(now_ns, stop_at_ns);
      stopped = true;
      return;
    }
    now_ns = std::max(now_ns, until_ns);
  }
  bool stop_requested() const override { return stopped; }

  int64_t now_ns = 0;
  int64_t stop_at_ns = INT64_MAX;
  bool stopped = false;
};

class PausingWaiter : public SimulatedWaiter {
 public:
  bool pause_requested() const override { return now_ns >= pause_at_ns; }
  int64_t pause_at_ns = INT64_MAX;
};

std::shared_ptr<const Stack> StackOf(std::vector<uint64_t> pcs,
                                     StackEnd end = StackEnd::kComplete) {
  auto stack = std::make_shared<Stack>();
  for (uint64_t pc : pcs) {
    stack->frames.push_back(CodeAddress::Exact(Address(pc)));
  }
  stack->end = end;
  return stack;
}

int64_t TotalCount(const Recording& recording) {
  int64_t total = 0;
  for (const auto& [key, count] : recording.counts()) total += count;
  return total;
}

TEST(Sampler, OwnTimesAddUpToThreadsTimesSeconds) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1, 2});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{{.tid = 1, .stack = a},
                                       {.tid = 2, .idle = true, .stack = a}};
      },
      waiter, {.rate_hz = 1000, .seed = 1});
  Recording recording;
  EXPECT_EQ(sampler.Run(recording, 100 * kSecond), Sampler::Stop::kTimeIsUp);
  EXPECT_EQ(recording.duration_ns, 100 * kSecond);
  EXPECT_EQ(TotalCount(recording), recording.quality.samples);
  EXPECT_EQ(recording.quality.samples, 2 * recording.quality.ticks);
  EXPECT_NEAR(static_cast<double>(recording.quality.ticks), 100'000, 1);
  EXPECT_EQ(recording.quality.looks, recording.quality.ticks);
  EXPECT_EQ(recording.stacks().size(), 1u);
}

TEST(Sampler, SlowLooksLoseNoTimeAndAreCountedLate) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        waiter.now_ns += 10'000'000;  // a look that lasts ten periods
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 1000, .seed = 1});
  Recording recording;
  EXPECT_EQ(sampler.Run(recording, kSecond / 2), Sampler::Stop::kTimeIsUp);
  EXPECT_NEAR(static_cast<double>(recording.quality.samples), 500, 20);
  EXPECT_GT(recording.quality.late, 400);
  EXPECT_LT(recording.quality.looks, recording.quality.ticks);
}

TEST(Sampler, LowersARateThatCannotBeHeldAndKeepsTheTime) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        waiter.now_ns += 10'000'000;  // a look that lasts ten periods
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 1000, .seed = 1});
  Recording recording;
  EXPECT_EQ(sampler.Run(recording, 100 * kSecond), Sampler::Stop::kRateLowered);
  EXPECT_LE(waiter.now_ns, 2 * kSecond);
  ASSERT_TRUE(sampler.lowered().has_value());
  EXPECT_EQ(sampler.lowered()->from_hz, 1000);
  EXPECT_EQ(sampler.lowered()->to_hz, 50);
  EXPECT_EQ(sampler.lowered()->look_ns, 10'000'000);
  EXPECT_EQ(sampler.Run(recording, 100 * kSecond), Sampler::Stop::kTimeIsUp);
  EXPECT_EQ(recording.rate_hz, 50);
  EXPECT_NEAR(static_cast<double>(TotalCount(recording)), 5000, 10);
  EXPECT_EQ(TotalCount(recording), recording.quality.samples);
  // All before, none since.
  EXPECT_LT(recording.quality.late, 100);
}

TEST(Sampler, StopsWhenAskedAndKeepsWhatItHas) {
  SimulatedWaiter waiter;
  waiter.stop_at_ns = 2 * kSecond;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording recording;
  EXPECT_EQ(sampler.Run(recording, INT64_MAX), Sampler::Stop::kRequested);
  EXPECT_GT(recording.quality.samples, 100);
}

TEST(Sampler, StopsWhenTheTargetIsGoneAndKeepsWhatItHas) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  int looks = 0;
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        if (++looks > 5) return absl::NotFoundError("gone");
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording recording;
  EXPECT_EQ(sampler.Run(recording, INT64_MAX), Sampler::Stop::kTargetGone);
  EXPECT_GE(recording.quality.samples, 5);
}

TEST(Sampler, CountsFailedPartialAndHeldSamples) {
  SimulatedWaiter waiter;
  const auto cut = StackOf({1}, StackEnd::kFault);
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{
            {.tid = 1,
             .stack = cut,
             .method = CaptureMethod::kPtrace,
             .pause_ns = 7000},
            {.tid = 3,
             .stack = StackOf({2}),
             .method = CaptureMethod::kPerf,
             .lost = 2},
            {.tid = 2, .status = absl::FailedPreconditionError("traced")}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording recording;
  sampler.Run(recording, kSecond);
  const Quality& q = recording.quality;
  EXPECT_EQ(q.partial.Of(StackEnd::kFault), q.ticks);
  EXPECT_EQ(q.partial.Total(), q.ticks);
  EXPECT_EQ(q.failed, q.ticks);
  EXPECT_EQ(q.stops, q.ticks);
  EXPECT_EQ(q.by_perf, q.ticks);
  EXPECT_EQ(q.lost, 2 * q.ticks);
  EXPECT_EQ(q.worst_pause_ns, 7000);
  EXPECT_EQ(q.last_failure, "traced");
}

ThreadLook GreenLook(uint64_t id, GreenState state, bool idle,
                     std::shared_ptr<const Stack> stack) {
  return {.tid = 1,
          .idle = idle,
          .stack = std::move(stack),
          .green = GreenActivity{.id = id, .state = state}};
}

int64_t CountOf(const Recording& recording, bool idle, GreenState state) {
  int64_t total = 0;
  for (const auto& [key, count] : recording.counts()) {
    if (key.idle == idle && key.green && key.green->state == state) {
      total += count;
    }
  }
  return total;
}

TEST(Sampler, WhoMovesOnceWasNeverIdle) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  const auto b = StackOf({2});
  int looks = 0;
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        if (++looks > 100) return absl::NotFoundError("gone");
        // 3 waits all the while; 4 runs in the last look.
        return std::vector<ThreadLook>{
            GreenLook(3, GreenState::kWaiting, true, a),
            looks < 100 ? GreenLook(4, GreenState::kWaiting, true, a)
                        : GreenLook(4, GreenState::kRunning, false, b)};
      },
      waiter, {.rate_hz = 1, .seed = 1});
  Recording recording;
  sampler.Run(recording, INT64_MAX);
  const Quality& q = recording.quality;
  EXPECT_EQ(q.samples, 2 * q.ticks);
  EXPECT_EQ(TotalCount(recording), q.samples);
  EXPECT_EQ(q.green_threads, 2);
  EXPECT_EQ(CountOf(recording, true, GreenState::kWaiting), q.ticks);
  EXPECT_GE(CountOf(recording, false, GreenState::kWaiting), 99);
  EXPECT_GE(CountOf(recording, false, GreenState::kRunning), 1);
  // They are not told apart, so that the recording does not grow with them.
  EXPECT_EQ(recording.counts().size(), 3u);
}

TEST(Sampler, TellsGreenThreadsApartWhenAsked) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{
            GreenLook(3, GreenState::kReady, false, a),
            GreenLook(4, GreenState::kReady, false, a)};
      },
      waiter, {.rate_hz = 100, .seed = 1, .each_green = true});
  Recording recording;
  sampler.Run(recording, kSecond);
  EXPECT_EQ(recording.counts().size(), 2u);
  EXPECT_EQ(recording.stacks().size(), 1u);
}

TEST(Sampler, KeepsWhenEachThreadDidWhatIfWanted) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  const auto b = StackOf({2});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        const bool late = waiter.now_ns > kSecond / 2;
        return std::vector<ThreadLook>{{.tid = 1, .stack = a},
                                       {.tid = 2, .stack = late ? b : a}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording recording;
  recording.KeepTimes();
  sampler.Run(recording, kSecond);
  const Recording::Timed& timed = *recording.timed();
  ASSERT_EQ(timed.lanes.size(), 2u);
  EXPECT_EQ(timed.lanes[1], Recording::GreenId(2, 0));
  EXPECT_EQ(timed.times.Spans(0).size(), 1u);
  const std::vector<Timeline::Span> spans = timed.times.Spans(1);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].end_ns, spans[1].begin_ns);
  EXPECT_NEAR(static_cast<double>(spans[1].begin_ns), kSecond / 2, 2e7);
  for (const Timeline::Span& span : spans) {
    EXPECT_EQ(span.samples, recording.counts().at(timed.keys[span.what]));
  }
}

// What is written meanwhile takes its time: that is no part of the recording.
TEST(Sampler, APauseIsNoPartOfTheRecordingsTime) {
  PausingWaiter waiter;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording recording;
  waiter.pause_at_ns = kSecond;
  EXPECT_EQ(sampler.Run(recording, 10 * kSecond), Sampler::Stop::kPaused);
  waiter.pause_at_ns = INT64_MAX;
  waiter.now_ns += 5 * kSecond;
  sampler.Restart();
  EXPECT_EQ(sampler.Run(recording, 10 * kSecond), Sampler::Stop::kTimeIsUp);
  EXPECT_EQ(recording.duration_ns, 5 * kSecond);
  EXPECT_NEAR(static_cast<double>(recording.quality.ticks), 500, 2);
  EXPECT_EQ(recording.quality.late, 0);
}

TEST(Sampler, GoesOnIntoAnotherRecording) {
  SimulatedWaiter waiter;
  const auto a = StackOf({1});
  Sampler sampler(
      [&]() -> absl::StatusOr<std::vector<ThreadLook>> {
        return std::vector<ThreadLook>{{.tid = 1, .stack = a}};
      },
      waiter, {.rate_hz = 100, .seed = 1});
  Recording first, second;
  sampler.Run(first, kSecond);
  sampler.Run(second, 2 * kSecond);
  ASSERT_EQ(second.stacks().size(), 1u);
  EXPECT_EQ(second.stacks()[0].frames.size(), 1u);
  EXPECT_EQ(TotalCount(second), second.quality.samples);
}

}  // namespace
}  // namespace hubspy
