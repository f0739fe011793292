#include "green/green_pool.h"

#include <stdexcept>

#include "green/hub.h"

namespace green {
namespace {

int RequireSize(int size) {
  if (size < 0) {
    throw std::invalid_argument("green::GreenPool: size must not be negative");
  }
  return size;
}

uint64_t AddressOf(const internal::PoolState& state) {
  return reinterpret_cast<uint64_t>(&state);
}

}  // namespace

void internal::PoolState::OfferPlaces() {
  while (free() > 0 && spawners.NotifyOne()) ++promised;
}

void internal::PoolState::Leave() {
  --running;
  OfferPlaces();
  if (running + promised == 0) idlers.NotifyAll();
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
  while (state->running + state->promised > 0) {
    state->idlers.Wait({abi::WaitReason::kPool, AddressOf(*state)});
  }
}

void GreenPool::Resize(int size) {
  state_->size = RequireSize(size);
  state_->OfferPlaces();
}

size_t GreenPool::PlacesOfMap() const {
  if (Size() == 0) {
    throw std::logic_error(
        "green::GreenPool::IMap: a pool of size 0 would never call anything");
  }
  return static_cast<size_t>(Size());
}

void GreenPool::Start(internal::Task& task) {
  const auto spawn_site =
      reinterpret_cast<uint64_t>(__builtin_return_address(0));
  const std::shared_ptr<internal::PoolState> state = state_;
  Hub& hub = *state->hub;
  if (&hub != &Hub::Current()) {
    throw std::logic_error("green::GreenPool: it belongs to another thread");
  }
  if (state->free() <= 0 || !state->spawners.empty()) {
    if (hub.RunsIn(*state)) {
      task.ExecuteInPlace();
      return;
    }
    state->spawners.Wait({abi::WaitReason::kPool, AddressOf(*state)});
    --state->promised;
  }
  ++state->running;
  try {
    internal::StartFrom(spawn_site, task);
  } catch (...) {
    state->Leave();
    throw;
  }
  task.JoinPool(state);
}

}  // namespace green
