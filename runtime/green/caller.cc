#include "green/caller.h"

#include "green/control_block.h"
#include "green/hub.h"

namespace green::internal {

ControlBlock* Caller::Block() { return Hub::Current().current_; }

std::shared_ptr<Inbox> Caller::InboxOfHub() { return Hub::Current().inbox_; }

bool Caller::HubCloses() { return Hub::Current().closing_; }

int64_t Caller::NowNs() { return Hub::Current().ReadClock(); }

void Caller::RequireWaitable() { Hub::Current().RequireWaitable(); }

void Caller::YieldUninterrupted() {
  Hub& hub = Hub::Current();
  ControlBlock& self = *hub.current_;
  self.notified = true;
  hub.Ready(self);
  hub.Suspend();
  self.notified = false;
}

}  // namespace green::internal
