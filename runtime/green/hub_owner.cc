// Ties the life of a hub to that of its OS thread.
#include <stdexcept>

#include "green/control_block.h"
#include "green/descriptors.h"
#include "green/hub.h"
#include "green/task_memory.h"
#include "green/thread_id.h"

namespace green {
namespace internal {
namespace {

// Apart from its owner, because looking at a thread's variable that has a
// destructor costs a check whether it was constructed. The model makes it one
// load, also in a shared library.
[[gnu::tls_model("initial-exec")]] constinit thread_local Hub* current_hub =
    nullptr;

// A child has its parent's hub in memory, but none of what that hub waits for:
// its first use of a hub makes it a new one. The old record keeps the parent's
// process id, which tells observers that nothing here runs it.
void LeaveHubToParentWhenForked() {
  [[maybe_unused]] static const bool once = [] {
    AroundFork(nullptr, nullptr, [] { current_hub = nullptr; });
    return true;
  }();
}

}  // namespace

class HubOwner {
 public:
  static Hub& Make(const HubOptions& options) {
    LeaveHubToParentWhenForked();
    // Its destructor runs when the thread exits.
    static thread_local HubOwner owner;
    owner.hub_ = current_hub = new Hub(options);
    StartPoolingTasks();
    return *current_hub;
  }

 private:
  HubOwner() = default;

  // Runs on whatever stack exit() was called.
  ~HubOwner() {
    // A forked child's copy of its parent's hub.
    if (hub_ != current_hub) return;
    // exit() called by a green thread or a callback: the hub is in use below
    // us, and the process is about to end anyway.
    if (hub_->current_ != hub_->own_code_.get()) return;
    delete hub_;
    current_hub = nullptr;
    StopPoolingTasks();
  }

  Hub* hub_ = nullptr;
};

}  // namespace internal

Hub& Hub::Current() {
  Hub* const hub = internal::current_hub;
  return hub != nullptr ? *hub : internal::HubOwner::Make(HubOptions());
}

Hub* Hub::CurrentIfAny() { return internal::current_hub; }

void Hub::Configure(const HubOptions& options) {
  if (internal::current_hub != nullptr) {
    throw std::logic_error(
        "green::Hub::Configure: this thread has used its hub already");
  }
  internal::HubOwner::Make(options);
}

}  // namespace green
