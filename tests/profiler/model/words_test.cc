#include "model/words.h"

#include <gtest/gtest.h>

namespace hubspy {
namespace {

using Sample = Profile::Sample;

TEST(State, OfAThreadSaysTheSystemCallThatItSleepsIn) {
  EXPECT_EQ(words::State({.state = ThreadState::kRunning}), "running");
  EXPECT_EQ(words::State({.state = ThreadState::kRunnable}), "runnable");
  EXPECT_EQ(words::State({.state = ThreadState::kStopped}), "stopped");
  EXPECT_EQ(words::State(
                {.state = ThreadState::kSleeping, .system_call = "epoll_wait"}),
            "sleeping: epoll_wait");
  EXPECT_EQ(words::State({.state = ThreadState::kSleeping}), "sleeping");
}

TEST(State, OfAGreenThreadSaysWhatItWaitsFor) {
  const auto of = [](GreenActivity green) {
    return words::State({.green = green});
  };
  EXPECT_EQ(of({.state = GreenState::kReady}), "ready");
  EXPECT_EQ(of({.state = GreenState::kWaiting}), "waiting");
  EXPECT_EQ(
      of({.state = GreenState::kWaiting, .waiting_for = WaitReason::kTimer}),
      "waiting: timer");
}

TEST(State, OfAGreenThreadThatRunsIsItsThreads) {
  const GreenActivity runs = {.state = GreenState::kRunning};
  EXPECT_EQ(words::State({.green = runs}), "running");
  EXPECT_EQ(words::State({.state = ThreadState::kRunnable, .green = runs}),
            "runnable");
  EXPECT_EQ(words::State({.state = ThreadState::kSleeping,
                          .system_call = "read",
                          .green = runs}),
            "blocking: read");
}

// What it waits for is its own, whatever its hub's thread does.
TEST(State, OfAGreenThreadThatWaitsIsNotItsThreads) {
  EXPECT_EQ(
      words::State({.state = ThreadState::kSleeping,
                    .system_call = "epoll_wait",
                    .green = GreenActivity{.state = GreenState::kWaiting,
                                           .waiting_for = WaitReason::kFd}}),
      "waiting: fd");
}

}  // namespace
}  // namespace hubspy
