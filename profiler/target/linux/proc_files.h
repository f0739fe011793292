// What the texts under /proc/PID say, as values. Pure: text in, value out.
//
// Every text is hostile: a process chooses its own name and its files' names,
// and a thread may be anything by the time its text was read. What does not
// parse is DataLoss, never a guess.
//
// The surprising part: a thread's name may hold anything, ") R 1 (" included;
// only the last ')' of a stat line ends it.
#ifndef HUBSPY_TARGET_LINUX_PROC_FILES_H_
#define HUBSPY_TARGET_LINUX_PROC_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/address.h"
#include "model/kernel_facts.h"
#include "model/mapping.h"
#include "model/snapshot.h"

namespace hubspy {

// A thread that is not running: where it is, and in which system call.
struct BlockedThread {
  Address pc;
  Address sp;
  std::optional<SystemCall> system_call;  // nullopt: a page fault, or stopped
};

// /proc/PID/task/TID/syscall. nullopt: the thread is running.
absl::StatusOr<std::optional<BlockedThread>> ParseSyscall(
    absl::string_view text);

// /proc/PID/task/TID/schedstat: how often the scheduler put the thread on a
// CPU. nullopt where the kernel does not count (it then says "0 0 0").
std::optional<uint64_t> ParseTimesRun(absl::string_view schedstat);

// The same file: its times. nullopt as above.
std::optional<ThreadSchedule> ParseSchedstat(absl::string_view text);

// /proc/PID/stat and /proc/PID/task/TID/stat, as far as we need it.
struct ThreadStat {
  std::string name;  // printable: see Printable
  ThreadState state = ThreadState::kRunning;
  int32_t parent_id = 0;
  bool kernel_thread = false;
  int64_t threads = 0;     // of its process
  int cpu = 0;             // that it runs on, or last ran on
  uint64_t cpu_ticks = 0;  // used so far, in 1/USER_HZ s
  // Of its process: where the program's code and its first stack begin; 0 for
  // one that has ended, or that we may not look into.
  uint64_t code_start = 0;
  uint64_t stack_start = 0;
};
absl::StatusOr<ThreadStat> ParseStat(absl::string_view text);

// /proc/PID/status and /proc/PID/task/TID/status, as far as we need it.
struct ThreadStatus {
  int32_t process_id = 0;  // of the process that the thread belongs to
  int32_t tracer_id = 0;   // 0: nobody traces it
  uint32_t user_id = 0;    // effective
  // The thread's id as it knows it itself: in the innermost of the pid
  // namespaces that it is in.
  int32_t innermost_id = 0;
  // Switches away from a CPU, of both kinds. Unlike ParseTimesRun's count, it
  // is still unchanged while a thread that woke up runs.
  uint64_t times_switched = 0;
  // Of its process: signal n as bit n - 1.
  uint64_t signals_handled = 0;
};
absl::StatusOr<ThreadStatus> ParseStatus(absl::string_view text);

// The same text: the CPUs that the thread may run on, sorted; at most 4096.
// Empty: not known.
std::vector<int> ParseAllowedCpus(absl::string_view status);

// /proc/PID/fdinfo/FD of an epoll instance: what it waits for, sorted. nullopt:
// it is none.
std::optional<std::vector<int32_t>> ParsePolledFds(absl::string_view fdinfo);

// /proc/PID/maps, `open_path` left empty.
absl::StatusOr<std::vector<Mapping>> ParseMaps(absl::string_view text);

// /proc/PID/cmdline, as one would type it without quotes.
std::string ParseCommandLine(absl::string_view text);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PROC_FILES_H_
