#include "cli/signal_waiter.h"

#include <sys/select.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "target/now.h"

namespace hubspy {
namespace {

volatile sig_atomic_t stop_signal_seen = 0;

volatile sig_atomic_t pause_seen = 0;

void RememberPause(int) { pause_seen = 1; }

void RememberSignal(int signal) { stop_signal_seen = signal; }

}  // namespace

SignalWaiter::SignalWaiter(Usr1 usr1) : usr1_(usr1) {
  stop_signal_seen = 0;
  pause_seen = 0;
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGHUP);
  if (usr1 == Usr1::kPauses) sigaddset(&held, SIGUSR1);
  sigprocmask(SIG_BLOCK, &held, &outside_);
  sigdelset(&outside_, SIGINT);
  sigdelset(&outside_, SIGTERM);
  sigdelset(&outside_, SIGHUP);
  if (usr1 == Usr1::kPauses) sigdelset(&outside_, SIGUSR1);
  struct sigaction action = {};
  action.sa_handler = RememberSignal;
  sigaction(SIGINT, &action, &before_int_);
  sigaction(SIGTERM, &action, &before_term_);
  sigaction(SIGHUP, &action, &before_hup_);
  if (before_hup_.sa_handler == SIG_IGN) {
    sigaction(SIGHUP, &before_hup_, nullptr);
  }
  if (usr1 == Usr1::kPauses) {
    action.sa_handler = RememberPause;
    sigaction(SIGUSR1, &action, &before_usr1_);
  }
}

SignalWaiter::~SignalWaiter() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
  sigaction(SIGHUP, &before_hup_, nullptr);
  if (usr1_ == Usr1::kPauses) sigaction(SIGUSR1, &before_usr1_, nullptr);
  sigprocmask(SIG_SETMASK, &outside_, nullptr);
}

int64_t SignalWaiter::NowNs() { return hubspy::NowNs(); }

void SignalWaiter::WaitUntil(int64_t until_ns) {
  // Even when it is late already: this is where held signals come in.
  do {
    const int64_t left_ns = std::max<int64_t>(0, until_ns - NowNs());
    const timespec timeout = {.tv_sec = left_ns / kSecondNs,
                              .tv_nsec = left_ns % kSecondNs};
    pselect(0, nullptr, nullptr, nullptr, &timeout, &outside_);
  } while (!stop_requested() && !pause_requested() && NowNs() < until_ns);
}

bool SignalWaiter::pause_requested() const { return pause_seen != 0; }

void SignalWaiter::EndPause() { pause_seen = 0; }

int SignalWaiter::stop_signal() const { return stop_signal_seen; }

}  // namespace hubspy
