#include "target/system_call_name.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

struct Named {
  int64_t number;
  const char* name;
};

// Those in which a thread may wait, by number (xnu, bsd/kern/syscalls.master;
// osfmk/mach/syscall_sw.h, where a trap's number is negative).
constexpr Named kCalls[] = {
    {-90, "mach_wait_until"},
    {-62, "clock_sleep"},
    {-61, "thread_switch"},
    {-47, "mach_msg2"},
    {-39, "semaphore_timedwait_signal"},
    {-38, "semaphore_timedwait"},
    {-37, "semaphore_wait_signal"},
    {-36, "semaphore_wait"},
    {-32, "mach_msg_overwrite"},
    {-31, "mach_msg"},
    {3, "read"},
    {4, "write"},
    {5, "open"},
    {7, "wait4"},
    {27, "recvmsg"},
    {28, "sendmsg"},
    {29, "recvfrom"},
    {30, "accept"},
    {54, "ioctl"},
    {92, "fcntl"},
    {93, "select"},
    {95, "fsync"},
    {98, "connect"},
    {111, "sigsuspend"},
    {120, "readv"},
    {121, "writev"},
    {131, "flock"},
    {133, "sendto"},
    {153, "pread"},
    {154, "pwrite"},
    {173, "waitid"},
    {230, "poll"},
    {271, "sem_wait"},
    {301, "psynch_mutexwait"},
    {305, "psynch_cvwait"},
    {306, "psynch_rw_rdlock"},
    {307, "psynch_rw_wrlock"},
    {330, "sigwait"},
    {334, "semwait_signal"},
    {363, "kevent"},
    {368, "workq_kernreturn"},
    {369, "kevent64"},
    {374, "kevent_qos"},
    {375, "kevent_id"},
    {394, "pselect"},
    {395, "pselect"},
    // From here on those that do not end a thread that is cancelled.
    {396, "read"},
    {397, "write"},
    {398, "open"},
    {400, "wait4"},
    {401, "recvmsg"},
    {402, "sendmsg"},
    {403, "recvfrom"},
    {404, "accept"},
    {406, "fcntl"},
    {407, "select"},
    {408, "fsync"},
    {409, "connect"},
    {410, "sigsuspend"},
    {411, "readv"},
    {412, "writev"},
    {413, "sendto"},
    {414, "pread"},
    {415, "pwrite"},
    {416, "waitid"},
    {417, "poll"},
    {420, "sem_wait"},
    {422, "sigwait"},
    {423, "semwait_signal"},
    {515, "ulock_wait"},
    {544, "ulock_wait2"},
};

}  // namespace

std::string SystemCallName(int64_t number) {
  const auto* const found = std::find_if(
      std::begin(kCalls), std::end(kCalls),
      [number](const Named& call) { return call.number == number; });
  if (found != std::end(kCalls)) return found->name;
  return absl::StrCat("system call ", number);
}

}  // namespace hubspy
