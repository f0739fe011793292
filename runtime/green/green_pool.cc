#include "green/green_pool.h"

#include <stdexcept>

#include "green/control_block.h"
#include "green/hub.h"

namespace green {
namespace {

int RequireSize(int size) {
  if (size < 0) {
    throw std::invalid_argument("green::GreenPool: size must not be negative");
  }
  return size;
}

}  // namespace

void internal::PoolState::Leave() {
  --running;
  if (running < size) hub->ReadyFirst(spawners);
  if (running == 0) hub->ReadyAll(idlers);
}

GreenPool::GreenPool(int size)
    : state_(std::make_shared<internal::PoolState>()) {
  state_->hub = &Hub::Current();
  state_->size = RequireSize(size);
}

void GreenPool::WaitAll() {
  Hub& hub = *state_->hub;
  if (hub.RunsIn(*state_)) {
    throw std::logic_error(
        "green::GreenPool::WaitAll: called by one of the pool's green threads");
  }
  // The state may be all that is left of the pool when the wait is over.
  const std::shared_ptr<internal::PoolState> state = state_;
  while (state->running > 0) hub.WaitIn(state->idlers, abi::WaitReason::kPool);
}

void GreenPool::Resize(int size) {
  state_->size = RequireSize(size);
  for (int free = Free(); free > 0; --free) {
    state_->hub->ReadyFirst(state_->spawners);
  }
}

void GreenPool::Start(internal::Task& task) {
  const std::shared_ptr<internal::PoolState> state = state_;
  Hub& hub = *state->hub;
  if (&hub != &Hub::Current()) {
    throw std::logic_error("green::GreenPool: it belongs to another thread");
  }
  const bool full = state->running >= state->size;
  if (full && hub.RunsIn(*state)) {
    task.Execute();
    return;
  }
  while (state->running >= state->size) {
    struct Waiting {
      explicit Waiting(int& its_count) : count(its_count) { ++count; }
      ~Waiting() { --count; }
      int& count;
    } waiting(state->waiting);
    hub.WaitIn(state->spawners, abi::WaitReason::kPool);
  }
  internal::Start(task);
  task.JoinPool(state);
  ++state->running;
}

}  // namespace green
