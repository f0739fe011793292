// How green threads wait, and what ends their waits: a notice, time, or an
// exception that is thrown into them.
#include <stdexcept>
#include <utility>

#include "green/control_block.h"
#include "green/green_pool.h"
#include "green/hub.h"
#include "green/saturating.h"
#include "green/timeout.h"

namespace green {

using abi::WaitReason;
using internal::ControlBlock;
using internal::SaturatingAdd;
using internal::TimerQueue;
using internal::WaitList;

namespace {

// Throws `what`, which comes from outside of all but `depth` of the calls that
// the running green thread makes in place.
[[noreturn]] void ThrowFromOutside(ControlBlock& self, std::exception_ptr what,
                                   int depth) {
  for (internal::InPlaceCall* call = self.in_place;
       call != nullptr && call->depth > depth; call = call->outer) {
    call->thrown_from_outside.push_back(what);
  }
  std::rethrow_exception(std::move(what));
}

}  // namespace

ControlBlock& Hub::RequireGreenThread() {
  if (current_ == nullptr) {
    throw std::logic_error("green: a hub's callback must not wait");
  }
  return *current_;
}

ControlBlock& Hub::RequireWaitable() {
  ControlBlock& self = RequireGreenThread();
  if (self.interrupted) ThrowInterrupt(self);
  return self;
}

bool Hub::WaitIn(WaitList& list, const internal::WaitFor& what,
                 int64_t timeout_ns) {
  ControlBlock& self = what.shielded ? RequireGreenThread() : RequireWaitable();
  WakeAfter(self, timeout_ns);
  self.exchange = what.exchange;
  self.shielded = what.shielded;
  self.record.waits_on.Set(what.object);
  self.record.fd.Set(what.fd);
  self.record.waits_for.Set(what.reason);
  list.PushBack(self);
  Suspend();
  self.shielded = false;
  if (std::exchange(self.notified, false)) return true;
  if (self.interrupted && !what.shielded) ThrowInterrupt(self);
  return false;
}

void Hub::SleepFor(int64_t duration_ns) {
  ControlBlock& self = RequireWaitable();
  WakeAfter(self, duration_ns);
  Suspend();
  if (self.interrupted) ThrowInterrupt(self);
}

void Hub::YieldToOthers() {
  ControlBlock& self = RequireWaitable();
  Ready(self);
  Suspend();
  if (self.interrupted) [[unlikely]]
    ThrowInterrupt(self);
}

// Makes it one that waits, until then at the latest.
void Hub::WakeAfter(ControlBlock& block, int64_t delay_ns) {
  int64_t deadline_ns = TimerQueue::kNever;
  if (delay_ns != TimerQueue::kNever) {
    deadline_ns = SaturatingAdd(ReadClock(), delay_ns);
    if (deadline_ns != TimerQueue::kNever) {
      timers_.Add(block.timer, deadline_ns);
      record_.timers.Set(timers_.size());
    }
  }
  block.record.deadline_ns.Set(deadline_ns);
  block.record.waits_for.Set(WaitReason::kTimer);
  block.record.state.Set(abi::GreenState::kWaiting);
}

bool Hub::RunsIn(const internal::PoolState& pool) const {
  return current_ != nullptr && current_->task != nullptr &&
         current_->task->pool() == &pool;
}

void Hub::Ready(ControlBlock& block) {
  block.record.state.Set(abi::GreenState::kReady);
  block.record.waits_for.Set(WaitReason::kNone);
  block.record.deadline_ns.Set(abi::kNoTime);
  ready_.PushBack(block);
  record_.ready.Set(++ready_count_);
}

// Ends a wait, whatever it was for.
void Hub::Wake(ControlBlock& block) {
  if (block.wait_list != nullptr) block.wait_list->Remove(block);
  if (block.timer.pending()) {
    timers_.Cancel(block.timer);
    record_.timers.Set(timers_.size());
  }
  Ready(block);
}

void Hub::Notify(ControlBlock& block) {
  block.notified = true;
  Wake(block);
}

void Hub::Interrupt(ControlBlock& block) {
  block.interrupted = true;
  const bool waits = block.record.state.Get() == abi::GreenState::kWaiting;
  if (waits && !block.shielded) Wake(block);
}

void Hub::ThrowInterrupt(ControlBlock& self) {
  if (closing_) {
    self.interrupted = false;
    ThrowFromOutside(self, std::make_exception_ptr(GreenExit()), 0);
  }
  if (self.killed_with != nullptr) {
    self.interrupted = self.first_expired != nullptr;
    ThrowFromOutside(self, std::exchange(self.killed_with, nullptr), 0);
  }
  Timeout& expired = *self.first_expired;
  self.first_expired = expired.next_expired_;
  self.interrupted = self.first_expired != nullptr;
  expired.state_ = Timeout::State::kThrown;
  ThrowFromOutside(self, expired.Exception(), expired.in_place_depth_);
}

void Hub::Kill(ControlBlock& block, std::exception_ptr why) {
  if (&block == current_) ThrowFromOutside(block, std::move(why), 0);
  const bool had_begun = block.begun();
  KillWithoutWaiting(block, std::move(why));
  // It is in line before us.
  if (had_begun && current_ != nullptr) YieldToOthers();
}

void Hub::KillWithoutWaiting(ControlBlock& block, std::exception_ptr why) {
  if (EndUnbegun(block, why)) return;
  if (block.killed_with == nullptr) block.killed_with = std::move(why);
  Interrupt(block);
}

// One that is ready keeps its place in line, where it is recycled.
bool Hub::EndUnbegun(ControlBlock& block, std::exception_ptr why) {
  if (block.begun()) return false;
  const bool is_ready = block.record.state.Get() == abi::GreenState::kReady;
  timers_.Cancel(block.timer);
  PublishTimers();
  LeaveSpawner(block);
  block.task->Abandon(std::move(why));
  DropTask(block);
  if (!is_ready) Recycle(block);
  return true;
}

void Hub::StartTimeout(Timeout& timeout) {
  if (current_ == nullptr) {
    throw std::logic_error(
        "green::Timeout: a hub's callback is no green thread that it could be "
        "thrown in");
  }
  timeout.block_ = current_;
  timeout.green_id_ = current_->record.id.Get();
  timeout.in_place_depth_ = current_->in_place_depth();
  timeout.state_ = Timeout::State::kIdle;
  const int64_t limit_ns = internal::DelayNanoseconds(timeout.limit_);
  if (limit_ns == TimerQueue::kNever) return;
  const int64_t deadline_ns = SaturatingAdd(ReadClock(), limit_ns);
  if (deadline_ns == TimerQueue::kNever) return;
  timers_.Add(timeout, deadline_ns);
  timeout.state_ = Timeout::State::kPending;
  record_.timers.Set(timers_.size());
}

void Hub::CancelTimeout(Timeout& timeout) {
  const bool was_expired = timeout.state_ == Timeout::State::kExpired;
  timeout.state_ = Timeout::State::kIdle;
  timers_.Cancel(timeout);
  record_.timers.Set(timers_.size());
  if (!was_expired || timeout.block_->record.id.Get() != timeout.green_id_) {
    return;
  }
  ControlBlock& block = *timeout.block_;
  Timeout** at = &block.first_expired;
  while (*at != &timeout) at = &(*at)->next_expired_;
  *at = timeout.next_expired_;
  block.interrupted =
      block.killed_with != nullptr || block.first_expired != nullptr;
}

void Hub::Expire(Timeout& timeout) {
  timeout.state_ = Timeout::State::kIdle;
  ControlBlock& block = *timeout.block_;
  const bool has_ended = block.record.id.Get() != timeout.green_id_;
  if (has_ended) return;
  timeout.state_ = Timeout::State::kExpired;
  timeout.next_expired_ = nullptr;
  Timeout** last = &block.first_expired;
  while (*last != nullptr) last = &(*last)->next_expired_;
  *last = &timeout;
  Interrupt(block);
}

}  // namespace green
