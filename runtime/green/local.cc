#include "green/local.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "green/belongings.h"
#include "green/caller.h"
#include "green/control_block.h"

namespace green::internal {
namespace {

constinit std::atomic<uint64_t> next_number = 1;

ControlBlock& RequireCaller() {
  ControlBlock* const caller = Caller::Block();
  if (caller == nullptr) {
    throw std::logic_error(
        "green::Local: a hub's callback is no green thread that could have "
        "one");
  }
  return *caller;
}

}  // namespace

LocalKey::LocalKey()
    : number_(next_number.fetch_add(1, std::memory_order_relaxed)) {}

void* LocalKey::Find() const {
  const ControlBlock& caller = RequireCaller();
  if (caller.belongings == nullptr) return nullptr;
  for (const auto& [number, value] : caller.belongings->locals) {
    if (number == number_) return value.get();
  }
  return nullptr;
}

// What is replaced goes last, because its destructor may come back here.
void LocalKey::Set(std::shared_ptr<void> value) const {
  auto& locals = BelongingsOf(RequireCaller()).locals;
  const auto at =
      std::find_if(locals.begin(), locals.end(),
                   [&](const auto& local) { return local.first == number_; });
  if (at != locals.end()) {
    at->second.swap(value);
  } else if (value != nullptr) {
    locals.emplace_back(number_, std::move(value));
  }
}

}  // namespace green::internal
