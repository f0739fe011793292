// What of a hub is shown to a person, besides what it publishes.
#ifndef GREEN_HUB_VIEW_H_
#define GREEN_HUB_VIEW_H_

#include <cstdint>

#include "green/hub.h"

namespace green::internal {

class Watchdog;

struct HubView {
  static HubRecord& Record(Hub& hub) { return hub.record_; }
  static const TimerQueue& Timers(Hub& hub) { return hub.timers_; }
  static ControlBlock& OwnCode(Hub& hub) { return *hub.own_code_; }
  // nullptr: the loop itself.
  static ControlBlock* Running(Hub& hub) { return hub.current_; }
  static int64_t ReadClock(Hub& hub) { return hub.ReadClock(); }
  static std::unique_ptr<Watchdog>& TheWatchdog(Hub& hub) {
    return hub.watchdog_;
  }
};

}  // namespace green::internal

#endif  // GREEN_HUB_VIEW_H_
