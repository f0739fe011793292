#include "green/timeout.h"

#include <atomic>
#include <stdexcept>

#include "green/control_block.h"
#include "green/hub.h"

namespace green {
namespace {

constinit std::atomic<uint64_t> next_number = 1;

}  // namespace

bool TimeoutExpired::Of(const Timeout& timeout) const {
  return number_ == timeout.number_;
}

Timeout::Timeout(absl::Duration limit) : Timeout(limit, nullptr) {}

Timeout::Timeout(absl::Duration limit, std::exception_ptr exception)
    : Timer(Purpose::kTimeout),
      limit_(limit),
      exception_(std::move(exception)),
      number_(next_number.fetch_add(1, std::memory_order_relaxed)) {
  Start();
}

// One that has expired goes with its green thread.
bool Timeout::Pending() const {
  return state_ == State::kPending ||
         (state_ == State::kExpired && block_->record.id.Get() == green_id_);
}

void Timeout::Start() {
  if (Pending()) {
    throw std::logic_error(
        "green::Timeout::Start: it is pending; cancel it first");
  }
  hub_ = &Hub::Current();
  hub_->StartTimeout(*this);
}

void Timeout::Cancel() {
  if (Pending()) hub_->CancelTimeout(*this);
}

std::exception_ptr Timeout::Exception() const {
  return exception_ != nullptr
             ? exception_
             : std::make_exception_ptr(TimeoutExpired(number_, limit_));
}

}  // namespace green
