#include "target/linux/tracer_thread.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

constexpr absl::Duration kLimit = absl::Milliseconds(100);

std::optional<pid_t> ThreadOfJob(TracerThread& tracer, AfterJob after) {
  std::optional<pid_t> tid;
  const absl::Status status = tracer.Run(TracerThread::kAnyCpu, kLimit, [&] {
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

// The CPUs that this process may run on.
std::vector<int> Cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(TracerThread, RunsAJobOnTheCpuThatItIsGiven) {
  TracerThread tracer;
  for (int round = 0; round < 100; ++round) {
    for (const int cpu : Cpus()) {
      int ran_on = -1;
      ASSERT_TRUE(tracer
                      .Run(cpu, kLimit,
                           [&] {
                             ran_on = sched_getcpu();
                             return AfterJob::kKeepThread;
                           })
                      .ok());
      ASSERT_EQ(ran_on, cpu);
    }
  }
}

TEST(TracerThread, RunsAJobAnywhereWhereThereIsNoSuchCpu) {
  TracerThread tracer;
  bool ran = false;
  ASSERT_TRUE(tracer
                  .Run(CPU_SETSIZE - 1, kLimit,
                       [&] {
                         ran = true;
                         return AfterJob::kKeepThread;
                       })
                  .ok());
  EXPECT_TRUE(ran);
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
                  .Run(TracerThread::kAnyCpu, kLimit,
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

// Each stop sends one. A thread that blocks it would have it wake another.
TEST(TracerThread, DoesNotHaveTheKernelKeepChildSignals) {
  TracerThread tracer;
  sigset_t blocked;
  sigfillset(&blocked);
  ASSERT_TRUE(tracer
                  .Run(TracerThread::kAnyCpu, kLimit,
                       [&] {
                         pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                         return AfterJob::kKeepThread;
                       })
                  .ok());
  EXPECT_EQ(sigismember(&blocked, SIGCHLD), 0);
}

TEST(TracerThread, LeavesOtherSignalsToOtherThreads) {
  TracerThread tracer;
  sigset_t blocked;
  sigemptyset(&blocked);
  ASSERT_TRUE(tracer
                  .Run(TracerThread::kAnyCpu, kLimit,
                       [&] {
                         pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                         return AfterJob::kKeepThread;
                       })
                  .ok());
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH, SIGALRM}) {
    EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
  }
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGINT), 0);
}

}  // namespace
}  // namespace hubspy
