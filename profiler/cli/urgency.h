// While one lives, the calling thread, and threads that it starts, run before
// all ordinary ones, where the system allows it (Linux: CAP_SYS_NICE, as root
// has it, or a limit RLIMIT_RTPRIO above 0); else as they do anyway.
//
// For who looks for microseconds, thousands of times a second, and must not
// come late for it: on a machine with too much to do it may take 10 ms until it
// is an ordinary thread's turn.
#ifndef HUBSPY_CLI_URGENCY_H_
#define HUBSPY_CLI_URGENCY_H_

#include <pthread.h>
#include <sched.h>

namespace hubspy {

class Urgency {
 public:
  Urgency() {
    if (pthread_getschedparam(pthread_self(), &policy_before_, &before_) != 0) {
      return;
    }
    sched_param least = {};
    least.sched_priority = sched_get_priority_min(SCHED_RR);
    granted_ = pthread_setschedparam(pthread_self(), SCHED_RR, &least) == 0;
  }
  ~Urgency() {
    if (!granted_) return;
    pthread_setschedparam(pthread_self(), policy_before_, &before_);
  }
  Urgency(const Urgency&) = delete;
  Urgency& operator=(const Urgency&) = delete;

 private:
  int policy_before_ = 0;
  sched_param before_ = {};
  bool granted_ = false;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_URGENCY_H_
