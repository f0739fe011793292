// Watches a hub's loop from a thread of its own, and reports with a stack what
// holds it for too long. See debug::SetBlockingDetection.
//
// It looks at counters that the hub publishes anyway, four times in the time
// that is allowed, so the loop pays nothing for being watched. Only when the
// loop is stuck does it send the hub's thread a signal, one for each stall,
// whose handler takes the traceback.
//
// The surprising part: that signal ends a sleep or a poll(2) that holds the
// loop with EINTR, as signal(7) says: SA_RESTART is no help with those. Which
// signal: the first of SpareSignals() that nobody handled at the first use.
#ifndef GREEN_WATCHDOG_H_
#define GREEN_WATCHDOG_H_

#include <signal.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "green/histogram.h"
#include "green/introspect.h"
#include "green/stall_meter.h"
#include "green/traceback.h"
#include "green/watchdog_system.h"

namespace green::internal {

class Watchdog {
 public:
  // Of the calling thread's hub, whose thread must destroy it.
  explicit Watchdog(const HubRecord& hub);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on, `limit_ns` (above 0) is too long. Throws std::system_error
  // when there is no thread or no signal to be had.
  void Start(int64_t limit_ns);

  // A stall that goes on is counted as long as it is.
  void Stop();

  // How long stalls were that are over.
  Histogram Stalls() const;

 private:
  // What the signal's handler finds.
  struct Culprit {
    bool is_it = false;  // it still held the loop
    uint64_t id = 0;     // 0: no green thread
    std::array<char, GreenRecord::kNameSize + 1> name = {};
    uint64_t spawn_site = 0;
    Traceback traceback;
  };

  static void OnSignal(int, siginfo_t*, void* context);
  void Capture(const void* context);
  StackBounds BoundsAround(uint64_t sp) const;

  void Watch(int64_t limit_ns);
  void Look(StallMeter& meter, ReportLimit& limit);
  uint64_t Progress() const;
  bool AskForCulprit(uint64_t progress);
  std::string Describe(int64_t held_ns, uint64_t held_back, bool asked) const;

  const HubRecord& hub_;
  const pthread_t thread_of_hub_;
  const StackBounds thread_stack_;
  int signal_ = 0;

  std::atomic<bool> wanted_ = false;
  uint64_t wanted_progress_ = 0;
  Culprit culprit_;  // the handler's while wanted_, the watcher's after answer_
  HandlerSemaphore answer_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  bool was_reported_ = false;  // the stall that goes on
  Histogram stalls_;
  std::thread watcher_;
};

}  // namespace green::internal

#endif  // GREEN_WATCHDOG_H_
