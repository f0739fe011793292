#include "green/event.h"

#include <stdexcept>

namespace green::internal {

void EventBase::Reset() {
  if (!Ready()) {
    throw std::logic_error("green::Event::Reset: nothing was sent");
  }
  // Those who have yet to run hold it, too.
  const auto nobody_waits = [](const std::shared_ptr<const Sent>& sent) {
    return sent.use_count() == 1;
  };
  std::erase_if(sent_before_, nobody_waits);
  if (!nobody_waits(sent_)) sent_before_.push_back(sent_);
  sent_.reset();
  is_sent_ = 0;
}

void EventBase::RequireUnsent() const {
  if (Ready()) {
    throw std::logic_error("green::Event::Send: something was sent already");
  }
}

void EventBase::SendPointer(std::exception_ptr exception) {
  RequireUnsent();
  if (exception == nullptr) {
    throw std::invalid_argument(
        "green::Event::SendException: a pointer to no exception");
  }
  Deliver(std::make_shared<Sent>(Sent{std::move(exception)}));
}

void EventBase::Deliver(std::shared_ptr<const Sent> sent) {
  // Before anything is changed, as it may throw.
  const bool anyone_waits = waiters_.CanNotify();
  sent_ = std::move(sent);
  is_sent_ = 1;
  if (!anyone_waits) return;
  do {
    *static_cast<std::shared_ptr<const Sent>*>(waiters_.first_exchange()) =
        sent_;
    waiters_.NotifyOne();
  } while (!waiters_.empty());
}

const Sent* EventBase::Receive(int64_t timeout_ns) {
  // The event may be gone when the wait is over.
  std::shared_ptr<const Sent> sent = sent_;
  if (sent == nullptr &&
      !waiters_.Wait({.reason = abi::WaitReason::kEvent,
                      .object = reinterpret_cast<uint64_t>(&is_sent_),
                      .exchange = &sent},
                     timeout_ns)) {
    return nullptr;
  }
  if (sent->exception != nullptr) std::rethrow_exception(sent->exception);
  return sent.get();
}

}  // namespace green::internal
