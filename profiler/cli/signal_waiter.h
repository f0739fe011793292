// Real time, and an end on Ctrl-C (SIGINT), SIGTERM, or SIGHUP unless that is
// ignored (nohup); where it is wanted, a pause on SIGUSR1.
//
// While one lives, these signals are held back except during WaitUntil: a
// capture is never interrupted half-way, and what was recorded gets written.
// One at a time.
#ifndef HUBSPY_CLI_SIGNAL_WAITER_H_
#define HUBSPY_CLI_SIGNAL_WAITER_H_

#include <signal.h>

#include "sample/sampler.h"

namespace hubspy {

class SignalWaiter : public Waiter {
 public:
  enum class Usr1 { kAsBefore, kPauses };
  explicit SignalWaiter(Usr1 usr1 = Usr1::kAsBefore);
  ~SignalWaiter() override;
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  int64_t NowNs() override;  // hubspy::NowNs
  void WaitUntil(int64_t until_ns) override;
  bool stop_requested() const override { return stop_signal() != 0; }
  bool pause_requested() const override;
  // There is no pause any more, until it is asked for again.
  void EndPause();
  // SIGINT, SIGTERM or SIGHUP, once one came; 0 before.
  int stop_signal() const;

 private:
  sigset_t outside_;  // the mask before, and during WaitUntil
  struct sigaction before_int_;
  struct sigaction before_term_;
  struct sigaction before_hup_;
  const Usr1 usr1_;
  struct sigaction before_usr1_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_SIGNAL_WAITER_H_
