// How a hub goes from one green thread to the next.
//
// A green thread that gives way switches straight to the next one that is
// ready, and to Hub::Run only when this turn's are through. Whoever is switched
// to cleans up after who was left.
#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "green/context.h"
#include "green/control_block.h"
#include "green/hub.h"
#include "green/sanitizers.h"

namespace green {

using internal::ControlBlock;
using internal::SanitizedStack;
using internal::Task;

namespace {

// Hubs take numbers for green threads a few at a time.
constexpr uint64_t kIdBatch = 1024;
constinit std::atomic<uint64_t> next_id_batch = 1;

uint64_t AddressOf(const void* object) {
  return reinterpret_cast<uint64_t>(object);
}

// Asks for what a switch to `block` will read, and for the block behind it.
// When many wake, none of it is in a cache, and the processor cannot see ahead
// through a switch.
inline void Prefetch(const ControlBlock& block) {
  __builtin_prefetch(block.next);
  // In numbers: of one that has not begun there is no context to point into.
  const auto prefetch_at = [](uint64_t address) {
    __builtin_prefetch(reinterpret_cast<const void*>(address));
  };
  const uint64_t context = block.record.saved_sp.Get();
  const uint64_t behind = context + sizeof(internal::SavedContext);
  prefetch_at(context);
  prefetch_at(behind);
  prefetch_at(behind + 64);
  prefetch_at(behind + 128);
}

}  // namespace

ControlBlock& Hub::NewGreenThread(Task& task, uint64_t spawn_site) {
  ControlBlock& block = internal::AcquireControlBlock(record_);
  if (next_id_ == end_of_ids_) {
    next_id_ = next_id_batch.fetch_add(kIdBatch, std::memory_order_relaxed);
    end_of_ids_ = next_id_ + kIdBatch;
  }
  internal::GreenRecord& record = block.record;
  record.name[0] = '\0';
  record.entry.Set(task.entry());
  record.spawn_site.Set(spawn_site);
  record.switches.Set(0);
  record.created_ns.Set(record_.last_now_ns.Get());
  record.last_switched_ns.Set(record_.last_now_ns.Get());
  record.stack_begin.Set(0);
  record.stack_end.Set(0);
  record.saved_sp.Set(0);
  record.parent.Set(current_ == nullptr ? 0 : current_->record.id.Get());
  block.exceptions_caught = nullptr;
  block.exceptions_uncaught = 0;
  task.AddReference();
  task.hub_ = this;
  task.block_ = &block;
  block.task = &task;
  ++green_threads_;
  record.state.Set(abi::GreenState::kWaiting);
  record.waits_for.Set(abi::WaitReason::kNone);
  record.deadline_ns.Set(abi::kNoTime);
  record.id.Set(next_id_++);
  return block;
}

// Gives way to whatever is next, and returns when it is this one's turn again.
void Hub::Suspend() {
  ControlBlock* const self = current_;
  if (self == own_code_.get()) {
    RunUntilOwnTurn();
  } else {
    SwitchFrom(*self);
  }
}

// The thread's own code waits by running the loop, which may also end for
// another reason: then the wait is given up.
void Hub::RunUntilOwnTurn() {
  ControlBlock& self = *own_code_;
  const auto give_up = [&] {
    if (self.wait_list != nullptr) self.wait_list->Remove(self);
    timers_.Cancel(self.timer);
    self.notified = false;
    self.shielded = false;
    if (ready_.Remove(self)) record_.ready.Set(--ready_count_);
    self.record.state.Set(abi::GreenState::kRunning);
  };
  try {
    Run();
  } catch (...) {
    give_up();
    throw;
  }
  if (!stopped_) return;
  const bool was_notified = self.notified;
  give_up();
  // What it was handed must not be lost: then the next wait is given up.
  if (!was_notified) throw HubStopped();
  self.notified = true;
  stop_requested_.store(true, std::memory_order_relaxed);
}

// The next green thread of this turn, ready to be switched to; nullptr when it
// is Hub::Run's turn.
ControlBlock* Hub::TakeReady() {
  while (turn_count_ > 0 && !ready_.empty()) {
    --turn_count_;
    ControlBlock* const next = ready_.PopFront();
    record_.ready.Set(--ready_count_);
    if (next == own_code_.get()) {
      next->record.state.Set(abi::GreenState::kRunning);
      own_code_is_next_ = true;
      turn_count_ = 0;
      return nullptr;
    }
    if (const ControlBlock* const after = ready_.front()) Prefetch(*after);
    if (PrepareToRun(*next)) return next;
  }
  return nullptr;
}

// Whether `block` can be switched to. One that has not begun is given its
// stack, which may be refused: then that is what it ends with.
bool Hub::PrepareToRun(ControlBlock& block) {
  if (block.begun()) return true;
  if (block.task == nullptr) {
    Recycle(block);
    return false;
  }
  LeaveSpawner(block);
  try {
    const internal::Stack stack = stacks_.Acquire();
    block.record.stack_begin.Set(stack.begin);
    block.record.stack_end.Set(stack.end);
  } catch (...) {
    block.task->Abandon(std::current_exception());
    DropTask(block);
    Recycle(block);
    return false;
  }
  block.sanitized_stack.Create(block.record.stack_begin.Get(),
                               block.record.stack_end.Get());
  block.record.saved_sp.Set(internal::PrepareContext(
      block.record.stack_end.Get(), &Hub::GreenThreadMain, &block));
  return true;
}

// Everything that changes when `block` is the one that runs, but for the stack.
void Hub::Enter(ControlBlock& block) {
  current_ = &block;
  record_.current.Set(AddressOf(&block));
  record_.switches.Increment();
  internal::GreenRecord& record = block.record;
  record.state.Set(abi::GreenState::kRunning);
  record.switches.Increment();
  record.last_switched_ns.Set(record_.last_now_ns.Get());
  record.saved_sp.Set(0);
  thread_exceptions_->caught = block.exceptions_caught;
  thread_exceptions_->uncaught = block.exceptions_uncaught;
}

void Hub::SwitchFromRun(ControlBlock& to) {
  const uint64_t to_sp = to.record.saved_sp.Get();
  *run_exceptions_ = *thread_exceptions_;
  Enter(to);
  left_stack_ = run_stack_.get();
  run_stack_->BeginSwitch(to.sanitized_stack);
  internal::SwitchContext(record_.run_saved_sp.address(), to_sp);
  Arrive(*run_stack_);
  record_.run_saved_sp.Set(0);
}

void Hub::SwitchFrom(ControlBlock& from) {
  ControlBlock* const to = TakeReady();
  if (to == &from) {
    Enter(from);
    return;
  }
  from.exceptions_caught = thread_exceptions_->caught;
  from.exceptions_uncaught = thread_exceptions_->uncaught;
  left_stack_ = &from.sanitized_stack;
  uint64_t to_sp;
  if (to == nullptr) {
    to_sp = record_.run_saved_sp.Get();
    current_ = nullptr;
    record_.current.Set(0);
    *thread_exceptions_ = *run_exceptions_;
    from.sanitized_stack.BeginSwitch(*run_stack_);
  } else {
    to_sp = to->record.saved_sp.Get();
    Enter(*to);
    from.sanitized_stack.BeginSwitch(to->sanitized_stack);
  }
  internal::SwitchContext(from.record.saved_sp.address(), to_sp);
  Arrive(from.sanitized_stack);
}

// First thing on a stack that was switched to.
void Hub::Arrive(SanitizedStack& at) {
  at.EndSwitch(*left_stack_);
  if (ended_ != nullptr) [[unlikely]] {
    ended_->sanitized_stack.Destroy();
    Recycle(*ended_);
    ended_ = nullptr;
  }
}

// Inlined, so that no call is open when it switches (see green_start_context).
[[gnu::always_inline]] inline void Hub::LeaveForGood(ControlBlock& block) {
  ended_ = &block;
  left_stack_ = &block.sanitized_stack;
  uint64_t to_sp;
  if (ControlBlock* const to = TakeReady(); to != nullptr) {
    to_sp = to->record.saved_sp.Get();
    Enter(*to);
    block.sanitized_stack.BeginLastSwitch(to->sanitized_stack);
  } else {
    to_sp = record_.run_saved_sp.Get();
    current_ = nullptr;
    record_.current.Set(0);
    *thread_exceptions_ = *run_exceptions_;
    block.sanitized_stack.BeginLastSwitch(*run_stack_);
  }
  internal::SwitchContext(block.record.saved_sp.address(), to_sp);
  __builtin_unreachable();
}

void Hub::GreenThreadMain(void* block_address) {
  ControlBlock& block = *static_cast<ControlBlock*>(block_address);
  Hub& hub = *block.task->hub_;
  hub.Arrive(block.sanitized_stack);
  block.task->Execute();
  hub.EndBelongings(block);
  // Still here: what goes with the last reference, such as the result, may do
  // what a green thread does.
  hub.DropTask(block);
  hub.LeaveForGood(block);
}

void Hub::DropTask(ControlBlock& block) {
  Task* const task = block.task;
  task->block_ = nullptr;
  block.task = nullptr;
  task->DropReference();
}

// What it spawned locally never begins, and its values of Local<T> go.
void Hub::EndBelongings(ControlBlock& block) {
  while (block.belongings != nullptr) {
    if (ControlBlock* const local = block.belongings->first_local) {
      EndUnbegun(*local, std::make_exception_ptr(GreenExit()));
    } else {
      const std::unique_ptr<internal::Belongings> last(
          std::exchange(block.belongings, nullptr));
    }
  }
}

// It has ended and nobody is on its stack any more.
void Hub::Recycle(ControlBlock& block) {
  // What is thrown when the hub goes away comes before these.
  if (block.interrupted || closing_) {
    block.interrupted = false;
    block.killed_with = nullptr;
    block.first_expired = nullptr;
  }
  block.in_place = nullptr;
  if (const uint64_t end = block.record.stack_end.Get(); end != 0) {
    stacks_.Release({block.record.stack_begin.Get(), end});
  }
  internal::ReleaseControlBlock(record_, block);
  --green_threads_;
}

// A green thread that has begun is switched to once, to unwind. It comes back
// when it has ended, or waits, and then its stack is given up as it is:
// throwing at it again could hit a destructor.
void Hub::UnwindGreenThreads() {
  closing_ = true;
  turn_count_ = 0;
  current_ = nullptr;
  for (bool found = true; found;) {
    found = false;
    internal::ForEachGreenThread(record_, [&](ControlBlock& block) {
      found = true;
      timers_.Cancel(block.timer);
      if (block.wait_list != nullptr) block.wait_list->Remove(block);
      if (block.begun()) {
        block.notified = false;
        block.interrupted = true;
        SwitchFromRun(block);
        const bool has_ended = block.record.id.Get() == 0;
        if (has_ended) return;
        block.sanitized_stack.Destroy();
        if (block.wait_list != nullptr) block.wait_list->Remove(block);
        timers_.Cancel(block.timer);
        block.shielded = false;
      }
      LeaveSpawner(block);
      EndBelongings(block);
      if (block.task != nullptr) {
        block.task->Abandon(std::make_exception_ptr(GreenExit()));
        DropTask(block);
      }
      Recycle(block);
    });
  }
}

}  // namespace green
