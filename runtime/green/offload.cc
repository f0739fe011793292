#include "green/offload.h"

#include <atomic>
#include <memory>
#include <stdexcept>

#include "green/caller.h"
#include "green/hub.h"
#include "green/inbox.h"
#include "green/wait_list.h"
#include "green/worker_threads.h"

namespace green {
namespace internal {
namespace {

// One call: first it is the workers', then it is a message to its caller's hub.
class OffloadedCall final : public Work,
                            public Message,
                            public std::enable_shared_from_this<OffloadedCall> {
 public:
  OffloadedCall(void (*call)(void*), void* argument)
      : call_(call), argument_(argument), inbox_(Caller::InboxOfHub()) {}

  // Returns, or throws, when nothing uses what the caller owns any more.
  void Await() {
    try {
      waiters_.Wait(WhatFor());
    } catch (...) {
      if (!Withdraw()) OutlastIt();
      throw;
    }
  }

  void Run() override {
    State expected = State::kWaiting;
    if (!state_.compare_exchange_strong(expected, State::kRuns)) return;
    call_(argument_);
    state_.store(State::kReturned);
    state_.notify_all();
    inbox_->Post(shared_from_this());
  }

  void Deliver() override { waiters_.NotifyAll(); }

 private:
  enum class State { kWaiting, kRuns, kReturned, kWithdrawn };

  WaitFor WhatFor() const {
    return {abi::WaitReason::kOffload, reinterpret_cast<uint64_t>(this)};
  }

  // Whether it never ran, and never will.
  bool Withdraw() {
    State expected = State::kWaiting;
    return state_.compare_exchange_strong(expected, State::kWithdrawn);
  }

  // Until it has returned, whatever is thrown into the caller meanwhile.
  void OutlastIt() {
    WaitFor what = WhatFor();
    what.shielded = true;
    while (state_.load() != State::kReturned) {
      if (Caller::HubCloses()) {
        state_.wait(State::kRuns);
        continue;
      }
      try {
        waiters_.Wait(what);
      } catch (const HubStopped&) {
        // It has been thrown at already, which ends its wait as well.
      }
    }
  }

  void (*const call_)(void*);
  void* const argument_;
  const std::shared_ptr<Inbox> inbox_;
  std::atomic<State> state_ = State::kWaiting;
  WaitList waiters_;
};

}  // namespace

void CallOnAnotherThread(void (*call)(void*), void* argument) {
  Caller::RequireWaitable();
  const auto offloaded = std::make_shared<OffloadedCall>(call, argument);
  WorkerThreads::Get().Add(offloaded);
  offloaded->Await();
}

}  // namespace internal

void SetOffloadThreads(int count) {
  if (count < 1) {
    throw std::invalid_argument(
        "green::SetOffloadThreads: the count must be at least 1");
  }
  internal::WorkerThreads::Get().SetLimit(count);
}

}  // namespace green
