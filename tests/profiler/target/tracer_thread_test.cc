#include "target/linux/tracer_thread.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

constexpr absl::Duration kLimit = absl::Milliseconds(100);

std::optional<pid_t> ThreadOfJob(TracerThread& tracer, LastAct last_act = {}) {
  std::optional<pid_t> tid;
  const absl::Status status = tracer.Run(TracerThread::kAnyCpu, kLimit, [&] {
    tid = gettid();
    return last_act;
  });
  EXPECT_TRUE(status.ok()) << status;
  return tid;
}

TEST(TracerThread, RunsJobsOnOneThreadThatIsNotTheCallers) {
  TracerThread tracer;
  const auto first = ThreadOfJob(tracer);
  EXPECT_NE(first, gettid());
  EXPECT_EQ(ThreadOfJob(tracer), first);
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
                             return LastAct();
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
                         return LastAct();
                       })
                  .ok());
  EXPECT_TRUE(ran);
}

TEST(TracerThread, TakesOtherJobsWhileALastActGoesOn) {
  std::promise<pid_t> acting;
  std::promise<void> may_end;
  const std::shared_future<void> end = may_end.get_future().share();
  std::future<pid_t> actor = acting.get_future();
  {
    TracerThread tracer;
    const auto first = ThreadOfJob(tracer, [&acting, end] {
      acting.set_value(gettid());
      end.wait();
    });
    EXPECT_EQ(actor.get(), first);
    EXPECT_NE(ThreadOfJob(tracer), first);
    may_end.set_value();
  }
}

TEST(TracerThread, DoesNotWaitForALastActForever) {
  auto may_end = std::make_shared<std::promise<void>>();
  const std::shared_future<void> end = may_end->get_future().share();
  {
    TracerThread tracer;
    ThreadOfJob(tracer, [end] { end.wait(); });
  }
  may_end->set_value();
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
                         return LastAct();
                       })
                  .ok());
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(result, -1);
  EXPECT_EQ(error, EINTR);
}

// Who comes to wait just as the job ends must be told, too, or would sleep
// until the limit: after a while of spinning, whence the lengths.
TEST(TracerThread, WakesItsCallerAtTheEndOfEachJob) {
  TracerThread tracer;
  for (int job = 0; job < 20'000; ++job) {
    const auto length = std::chrono::nanoseconds(40'000 + 2 * job);
    const std::vector<int> cpus = Cpus();
    const int cpu = cpus[static_cast<size_t>(job) % cpus.size()];
    ASSERT_TRUE(tracer
                    .Run(cpu, absl::Hours(1),
                         [&] {
                           const auto end =
                               std::chrono::steady_clock::now() + length;
                           while (std::chrono::steady_clock::now() < end) {
                           }
                           return LastAct();
                         })
                    .ok());
  }
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
                         return LastAct();
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
                         return LastAct();
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
