// Real time, and an end on Ctrl-C (SIGINT) or SIGTERM.
//
// While one lives, both signals are held back except during WaitUntil: a
// capture is never interrupted half-way, and what was recorded gets written.
// One at a time.
#ifndef HUBSPY_CLI_SIGNAL_WAITER_H_
#define HUBSPY_CLI_SIGNAL_WAITER_H_

#include <signal.h>

#include "sample/sampler.h"

namespace hubspy {

class SignalWaiter : public Waiter {
 public:
  SignalWaiter();
  ~SignalWaiter() override;
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  int64_t NowNs() override;  // CLOCK_MONOTONIC
  void WaitUntil(int64_t until_ns) override;
  bool stop_requested() const override { return stop_signal() != 0; }
  // SIGINT or SIGTERM, once one came; 0 before.
  int stop_signal() const;

 private:
  sigset_t outside_;  // the mask before, and during WaitUntil
  struct sigaction before_int_;
  struct sigaction before_term_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_SIGNAL_WAITER_H_
