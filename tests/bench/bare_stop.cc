// The least that a stop for a look costs on this machine: its system calls, and
// nothing else, from the CPU of the stopped thread. For
// tools/compare_profilers.
//
//   bare_stop PID HZ
//
// Stops the process's latest thread so often a second, and reads its registers
// and a page of its stack each time, until a signal ends it.
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace {

std::string TaskFolder(int pid) {
  return "/proc/" + std::to_string(pid) + "/task";
}

int LatestThread(int pid) {
  int latest = pid;
  for (const auto& entry :
       std::filesystem::directory_iterator(TaskFolder(pid))) {
    latest = std::max(latest, std::atoi(entry.path().filename().c_str()));
  }
  return latest;
}

// proc(5): field 39 of stat; its second is a name in parentheses.
int CpuOf(int pid, int tid) {
  std::ifstream file(TaskFolder(pid) + "/" + std::to_string(tid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 39; ++number) rest >> field;
  return std::atoi(field.c_str());
}

void MoveToCpu(pthread_t thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  pthread_setaffinity_np(thread, sizeof(set), &set);
}

void Check(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::exit(1);
}

void Stop(int tid) {
  static std::array<char, 4096> page;
  Check(ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) == 0, "PTRACE_SEIZE");
  Check(ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0,
        "PTRACE_INTERRUPT");
  siginfo_t info = {};
  Check(waitid(P_PID, static_cast<id_t>(tid), &info,
               WSTOPPED | WEXITED | WNOWAIT | __WALL) == 0,
        "waitid");
  user_regs_struct registers = {};
  iovec io = {&registers, sizeof(registers)};
  ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &io);
  const iovec local = {page.data(), page.size()};
  const iovec remote = {reinterpret_cast<void*>(registers.rsp), page.size()};
  process_vm_readv(tid, &local, 1, &remote, 1, 0);
  ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
}

[[noreturn]] void StopWhenTold(int tid, int word, std::atomic<long>& stops) {
  const sched_param lowest = {.sched_priority = 1};
  Check(sched_setscheduler(0, SCHED_FIFO, &lowest) == 0, "SCHED_FIFO");
  for (uint64_t count;;) {
    Check(read(word, &count, sizeof(count)) == sizeof(count), "read");
    Stop(tid);
    ++stops;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_stop PID HZ\n");
    return 2;
  }
  const int pid = std::atoi(argv[1]);
  const long period_ns = 1'000'000'000L / std::max(1, std::atoi(argv[2]));
  const int tid = LatestThread(pid);
  const int word = eventfd(0, EFD_CLOEXEC);
  std::atomic<long> stops = 0;
  std::thread tracer([&] { StopWhenTold(tid, word, stops); });
  prctl(PR_SET_TIMERSLACK, 1);
  for (long given = 1;; ++given) {
    const timespec nap = {period_ns / 1'000'000'000, period_ns % 1'000'000'000};
    nanosleep(&nap, nullptr);
    MoveToCpu(tracer.native_handle(), CpuOf(pid, tid));
    Check(eventfd_write(word, 1) == 0, "eventfd_write");
    while (stops != given) {
    }
  }
}
