// debug::SetBlockingDetection. Whoever holds the loop here does so until it was
// reported, so nothing depends on how fast the machine is.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/debug.h"
#include "green/green.h"
#include "green/stall_meter.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using internal::ReportLimit;
using internal::StallMeter;
using testing::AllOf;
using testing::HasSubstr;
using Finding = StallMeter::Finding;

constexpr absl::Duration kLimit = absl::Milliseconds(2);

// Takes what is reported, and lets others wait for it.
class Reports {
 public:
  Reports() {
    if (pipe(pipe_) != 0) std::abort();
    debug::SetReportSink([this](absl::string_view report) {
      {
        const std::lock_guard lock(mutex_);
        reports_.emplace_back(report);
      }
      count_.fetch_add(1, std::memory_order_release);
      [[maybe_unused]] const ssize_t put = write(pipe_[1], "r", 1);
    });
  }
  ~Reports() {
    debug::SetReportSink(nullptr);
    close(pipe_[0]);
    close(pipe_[1]);
  }

  // The report with `text` in it that comes when `hold` keeps the loop from
  // moving until there HasNews(). Where the machine is busy, something else may
  // hold the loop for as long before that does, be it only the making of a
  // stack; it is then held once more.
  std::string Of(const char* text, const std::function<void()>& hold) {
    for (;;) {
      Forget();
      // The loop moves: what comes is a stall of its own.
      Yield();
      hold();
      if (const auto found = Find(text)) return *found;
    }
  }

  // Lets the loop move until a report has `text` in it.
  void SleepUntil(const char* text) {
    while (!Find(text).has_value()) Sleep(kLimit / 8);
  }

  bool HasNews() const {
    return count_.load(std::memory_order_acquire) != seen_;
  }
  // Readable while it has.
  int fd() const { return pipe_[0]; }

 private:
  void Forget() {
    char byte = 0;
    for (; HasNews(); ++seen_) {
      [[maybe_unused]] const ssize_t got = read(pipe_[0], &byte, 1);
    }
  }

  std::optional<std::string> Find(const std::string& text) {
    const std::lock_guard lock(mutex_);
    for (const std::string& report : reports_) {
      if (report.find(text) != report.npos) return report;
    }
    return std::nullopt;
  }

  int pipe_[2];
  std::atomic<int> count_ = 0;
  int seen_ = 0;
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

}  // namespace

extern "C" {
int green_test_blocking_marker = 0;

[[gnu::noinline]] void green_test_spins(Reports* reports) {
  while (!reports->HasNews()) {
  }
  ++green_test_blocking_marker;
}
// Not in read(), in which TSan holds signals back.
[[gnu::noinline]] void green_test_polls(Reports* reports) {
  pollfd told = {.fd = reports->fd(), .events = POLLIN, .revents = 0};
  while (poll(&told, 1, -1) != 1) {
  }
  ++green_test_blocking_marker;
}
[[gnu::noinline]] void green_test_calls_spins(Reports* reports) {
  green_test_spins(reports);
  ++green_test_blocking_marker;
}
}

namespace {

TEST(BlockingDetection, NamesTheGreenThreadThatComputesAndWhereItDoes) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    EXPECT_THAT(reports.Of("green_test_spins",
                           [&] {
                             auto spinner =
                                 Spawn(green_test_calls_spins, &reports);
                             spinner.SetName("spinner");
                             spinner.Wait();
                           }),
                AllOf(HasSubstr("green: the hub of thread "),
                      HasSubstr(" has been held for "), HasSubstr(" by green "),
                      HasSubstr(" (spinner), in:\n"),
                      testing::ContainsRegex(
                          "green_test_spins (.|\n)*green_test_calls_spins "),
                      HasSubstr("it was spawned in ")));
  });
}

TEST(BlockingDetection, FindsABlockingCall) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    EXPECT_THAT(reports.Of("green_test_polls",
                           [&] { Spawn(green_test_polls, &reports).Wait(); }),
                HasSubstr(" by green thread "));
  });
}

TEST(BlockingDetection, FindsACallback) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    const auto call_back = [&] {
      Hub::Current().CallAfter(absl::ZeroDuration(),
                               [&] { green_test_spins(&reports); });
      while (!reports.HasNews()) Yield();
    };
    EXPECT_THAT(reports.Of("green_test_spins", call_back),
                AllOf(HasSubstr("the loop itself"),
                      testing::ContainsRegex(
                          "green_test_spins (.|\n)*green::Hub::Run")));
  });
}

TEST(BlockingDetection, FindsALinkedFunctionAndADestructor) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    reports.Of("green_test_spins", [&] {
      auto thread = Spawn([] {});
      thread.Link([&](auto&) { green_test_spins(&reports); });
      thread.Wait();
    });
  });
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    reports.Of("green_test_spins", [&] {
      Spawn([slow = std::unique_ptr<Reports, void (*)(Reports*)>(
                 &reports, green_test_spins)] {
      }).Wait();
    });
  });
}

TEST(BlockingDetection, FindsTheThreadsOwnCode) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    EXPECT_THAT(
        reports.Of("green_test_spins", [&] { green_test_spins(&reports); }),
        HasSubstr("the thread's own code"));
  });
}

TEST(BlockingDetection, CountsAndSaysHowLongItWas) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    reports.Of("has been held for",
               [&] { Spawn(green_test_spins, &reports).Wait(); });
    reports.SleepUntil("moves again; it was held for ");
    const Histogram blocking = Hub::Current().Stats().blocking;
    EXPECT_GE(blocking.count(), 1u);
    EXPECT_GE(blocking.max_ns(), absl::ToInt64Nanoseconds(kLimit));
  });
}

TEST(BlockingDetection, AStallThatLastsUntilItIsSwitchedOffIsCounted) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    green_test_spins(&reports);
    debug::SetBlockingDetection(absl::ZeroDuration());
    EXPECT_GE(Hub::Current().Stats().blocking.count(), 1u);
  });
}

TEST(BlockingDetection, MayBeSwitchedOnAndOff) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(absl::ZeroDuration());
    for (int i = 0; i < 3; ++i) {
      debug::SetBlockingDetection(absl::Hours(1));
      debug::SetBlockingDetection(absl::Hours(2));
      debug::SetBlockingDetection(-kLimit);
    }
    EXPECT_FALSE(reports.HasNews());
    debug::SetBlockingDetection(kLimit);
    reports.Of("green_test_spins", [&] { green_test_spins(&reports); });
  });
}

TEST(BlockingDetection, AThreadThatTakesNoSignalsIsReportedWithoutAStack) {
  OnFreshThread([] {
    Reports reports;
    debug::SetBlockingDetection(kLimit);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    EXPECT_THAT(
        reports.Of("takes no signals", [&] { green_test_spins(&reports); }),
        HasSubstr("has been held for "));
  });
}

TEST(StallMeter, SaysOnceThatTheLoopIsHeldAndOnceThatItMoves) {
  StallMeter meter(100, 25);
  EXPECT_EQ(meter.At({1000, 7, true}), Finding::kNone);
  for (int64_t now_ns = 1025; now_ns < 1100; now_ns += 25) {
    EXPECT_EQ(meter.At({now_ns, 7, true}), Finding::kNone);
  }
  EXPECT_EQ(meter.At({1100, 7, true}), Finding::kStalls);
  EXPECT_EQ(meter.held_ns(), 100);
  EXPECT_EQ(meter.At({1125, 7, true}), Finding::kNone);
  EXPECT_EQ(meter.At({1150, 8, true}), Finding::kStallEnded);
  EXPECT_EQ(meter.ended_ns(), 125);
  EXPECT_EQ(meter.At({1175, 9, true}), Finding::kNone);
}

TEST(StallMeter, WaitingForEventsIsNoStall) {
  StallMeter meter(100, 25);
  for (int64_t now_ns = 0; now_ns < 1000; now_ns += 25) {
    EXPECT_EQ(meter.At({now_ns, 7, false}), Finding::kNone);
  }
}

TEST(StallMeter, AProcessThatWasStoppedDoesNotStall) {
  StallMeter meter(100, 25);
  meter.At({0, 7, true});
  EXPECT_EQ(meter.At({1'000'000, 7, true}), Finding::kNone);
  EXPECT_EQ(meter.held_ns(), 50);
}

TEST(ReportLimit, LetsAFewThroughInEachMinuteAndCountsTheRest) {
  constexpr int64_t kMinute = 60'000'000'000;
  ReportLimit limit(2);
  EXPECT_EQ(limit.Pass(5), 0u);
  EXPECT_EQ(limit.Pass(6), 0u);
  EXPECT_EQ(limit.Pass(7), std::nullopt);
  EXPECT_EQ(limit.Pass(kMinute + 4), std::nullopt);
  EXPECT_EQ(limit.Pass(kMinute + 5), 2u);
  EXPECT_EQ(limit.Pass(kMinute + 6), 0u);
  EXPECT_EQ(limit.Pass(kMinute + 7), std::nullopt);
}

}  // namespace
}  // namespace green
