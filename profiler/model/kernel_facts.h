// What the kernel says of a process, as values: why a thread does not run, and
// what it waits for outside of itself. Absent is what could not be had.
#ifndef HUBSPY_MODEL_KERNEL_FACTS_H_
#define HUBSPY_MODEL_KERNEL_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "model/snapshot.h"

namespace hubspy {

// A thread's dealings with the scheduler, since it began.
struct ThreadSchedule {
  int64_t run_ns = 0;   // on a CPU
  int64_t wait_ns = 0;  // ready for one, and without; counted when it got one
};

// A file descriptor of the process, at one instant.
struct FdFacts {
  int32_t fd = -1;
  bool is_open = false;
  // "pipe", "/var/log/app", "TCP 127.0.0.1:4000 to 127.0.0.1:5432", "eventfd";
  // printable.
  std::string what;
  // Whether a read, or a write, would not block: also at the end of the stream,
  // and after an error. nullopt: it cannot be polled.
  std::optional<bool> readable;
  std::optional<bool> writable;
  bool hung_up = false;  // the other end is gone, or there was an error
  // Bytes that can be read, or an eventfd's count.
  std::optional<int64_t> unread;
  friend bool operator==(const FdFacts&, const FdFacts&) = default;
};

// A limit of CPU time on a control group.
struct CpuQuota {
  std::string group;         // "/system.slice/app.service"; printable
  double cpus = 0;           // so many CPUs' time, on average
  int64_t throttled_ns = 0;  // that its threads were held back, since it is
};

struct CgroupFacts {
  std::string frozen;            // the outermost frozen group; empty: none is
  std::vector<CpuQuota> quotas;  // of its own group, and of those that hold it
};

// A process that uses the CPUs that a thread may use.
struct CpuUser {
  int32_t pid = 0;
  std::string name;
  double cpus = 0;  // so many CPUs' time
};

// Who traces a thread.
struct Tracer {
  int32_t pid = 0;  // 0: nobody
  std::string name;
};

// A system call that a thread is in.
struct CallFacts {
  std::string name;  // "read"
  // With its arguments, as far as they tell what is waited for: "read(fd 5:
  // pipe, 100 bytes)"; printable.
  std::string text;
  std::optional<FdFacts> fd;  // the first that it is about
  Address futex;              // of a futex's: the word's address
  // Of one that waits for a mutex: the thread that holds it.
  std::optional<ThreadId> mutex_holder;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_KERNEL_FACTS_H_
