#include "green/resource_pool.h"

#include <stdexcept>

namespace green {
namespace internal {
namespace {

int RequireSize(int size) {
  if (size < 0) {
    throw std::invalid_argument("green::Pool: max_size must not be negative");
  }
  return size;
}

}  // namespace

Places::Places(const PoolOptions& options)
    : free_(RequireSize(options.max_size)) {
  if (options.min_size < 0 || options.min_size > options.max_size) {
    throw std::invalid_argument(
        "green::Pool: min_size must not be negative, nor above max_size");
  }
}

bool Places::TryTake() {
  if (free() <= 0) return false;
  Take();
  return true;
}

void Places::WaitForOne(void* exchange) {
  waiters_.Wait({.reason = abi::WaitReason::kResource,
                 .object = reinterpret_cast<uint64_t>(&free_),
                 .exchange = exchange});
}

void* Places::NextInLine() const {
  return free() > 0 && waiters_.CanNotify() ? waiters_.first_exchange()
                                            : nullptr;
}

void Places::HandOver() {
  Take();
  waiters_.NotifyOne();
}

void Places::RequireTaken() const {
  if (taken_ == 0) {
    throw std::logic_error("green::Pool::Put: no item of it is in use");
  }
}

void Places::Resize(int size) { free_ = RequireSize(size) - taken_; }

void RequireFunction(bool is_there) {
  if (!is_there) {
    throw std::invalid_argument("green::Pool: no function to make items");
  }
}

}  // namespace internal

TokenPool::TokenPool(int max_size)
    : Pool([next = uint64_t{0}]() mutable { return Token(next++); },
           {.max_size = max_size}) {}

}  // namespace green
