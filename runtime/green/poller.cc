#include "green/poller.h"

#include <stdexcept>

namespace green {
namespace {

[[noreturn]] void RefuseToWatch() {
  throw std::logic_error(
      "green: the poller in this hub's options watches no file descriptors");
}

}  // namespace

void Poller::WatchChanges(int, uint64_t, uint32_t) { RefuseToWatch(); }

Poller::Watched Poller::WatchOnce(int, uint64_t, uint32_t) { RefuseToWatch(); }

void Poller::Unwatch(int) {}

}  // namespace green
