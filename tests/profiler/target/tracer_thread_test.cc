#include "target/linux/tracer_thread.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <thread>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

constexpr absl::Duration kLimit = absl::Milliseconds(100);

std::optional<pid_t> ThreadOfJob(TracerThread& tracer, AfterJob after) {
  std::optional<pid_t> tid;
  const absl::Status status = tracer.Run(kLimit, [&] {
    tid = gettid();
    return after;
  });
  EXPECT_TRUE(status.ok()) << status;
  return tid;
}

TEST(TracerThread, RunsJobsOnOneThreadThatIsNotTheCallers) {
  TracerThread tracer;
  const auto first = ThreadOfJob(tracer, AfterJob::kKeepThread);
  EXPECT_NE(first, gettid());
  EXPECT_EQ(ThreadOfJob(tracer, AfterJob::kKeepThread), first);
}

TEST(TracerThread, HasEndedWhenAJobAskedForThat) {
  TracerThread tracer;
  const auto first = ThreadOfJob(tracer, AfterJob::kEndThread);
  // No thread of ours has that id any more, so a signal finds nobody.
  EXPECT_EQ(tgkill(getpid(), *first, 0), -1);
  EXPECT_TRUE(ThreadOfJob(tracer, AfterJob::kKeepThread).has_value());
}

TEST(TracerThread, InterruptsAJobThatBlocks) {
  TracerThread tracer;
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  ssize_t result = 0;
  int error = 0;
  ASSERT_TRUE(tracer
                  .Run(kLimit,
                       [&] {
                         char c;
                         result = read(ends[0], &c, 1);
                         error = errno;
                         return AfterJob::kKeepThread;
                       })
                  .ok());
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(result, -1);
  EXPECT_EQ(error, EINTR);
}

TEST(TracerThread, LeavesOtherSignalsToOtherThreads) {
  TracerThread tracer;
  sigset_t blocked;
  sigemptyset(&blocked);
  ASSERT_TRUE(tracer
                  .Run(kLimit,
                       [&] {
                         pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                         return AfterJob::kKeepThread;
                       })
                  .ok());
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGWINCH, SIGALRM}) {
    EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
  }
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGINT), 0);
}

}  // namespace
}  // namespace hubspy
