#include "green/descriptors.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "green/control_block.h"
#include "green/fd_calls.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/thread_id.h"
#include "green/wait_fd.h"

namespace green {
namespace {

constinit std::atomic<bool> prevents_multiple_waiters = true;

}  // namespace

void debug::HubPreventMultipleReaders(bool prevent) {
  prevents_multiple_waiters.store(prevent, std::memory_order_relaxed);
}

namespace internal {
namespace {

// Between two waits; then a green thread gives way.
constexpr int kGreedyCalls = 128;

// The ids of the hubs that are there. After a fork, the parent's are not the
// child's.
class LiveHubs {
 public:
  static LiveHubs& Get() {
    static LiveHubs* const all = [] {
      AroundFork([] { Get().mutex_.lock(); }, [] { Get().mutex_.unlock(); },
                 [] {
                   Get().ids_.clear();
                   Get().mutex_.unlock();
                 });
      return new LiveHubs;
    }();
    return *all;
  }

  uint64_t Add() {
    const std::lock_guard lock(mutex_);
    ids_.push_back(++last_id_);
    return last_id_;
  }
  void Remove(uint64_t id) {
    const std::lock_guard lock(mutex_);
    std::erase(ids_, id);
  }
  bool Has(uint64_t id) {
    const std::lock_guard lock(mutex_);
    return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
  }

 private:
  std::mutex mutex_;
  std::vector<uint64_t> ids_;
  uint64_t last_id_ = 0;
};

uint32_t BitOf(Direction direction) {
  return direction == Direction::kRead ? kFdReadable : kFdWritable;
}

uint32_t Awaited(const Descriptor& descriptor) {
  return (descriptor.readers.empty() ? 0u : uint32_t{kFdReadable}) |
         (descriptor.writers.empty() ? 0u : uint32_t{kFdWritable});
}

[[noreturn]] void ThrowCannotWait(int fd, std::error_code why) {
  throw std::system_error(why, absl::StrCat("green: waiting for fd ", fd));
}

uint64_t TagOf(int fd, const Descriptor& descriptor) {
  return uint64_t{descriptor.registration} << 32 | static_cast<uint32_t>(fd);
}

}  // namespace

Descriptors::Descriptors(Hub& hub, Poller& poller)
    : hub_(hub), poller_(poller), id_(LiveHubs::Get().Add()) {}

Descriptors::~Descriptors() { LiveHubs::Get().Remove(id_); }

Descriptors& Descriptors::Current() { return *Hub::Current().descriptors_; }

Descriptors* Descriptors::CurrentIfAny() {
  Hub* const hub = Hub::CurrentIfAny();
  return hub == nullptr ? nullptr : hub->descriptors_.get();
}

bool Descriptors::IsAlive(uint64_t id) { return LiveHubs::Get().Has(id); }

int64_t Descriptors::NowNs() { return hub_.ReadClock(); }

Descriptor& Descriptors::At(int fd) {
  const size_t chunk = static_cast<size_t>(fd) / kChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<Chunk>();
  return chunks_[chunk]->descriptors[static_cast<size_t>(fd) % kChunk];
}

Descriptor* Descriptors::Find(int fd) {
  const size_t chunk = static_cast<size_t>(fd) / kChunk;
  if (chunk >= chunks_.size() || chunks_[chunk] == nullptr) return nullptr;
  return &chunks_[chunk]->descriptors[static_cast<size_t>(fd) % kChunk];
}

SocketRegistration Descriptors::Register(int fd) {
  Descriptor& descriptor = At(fd);
  // Somebody may wait for the bare number, of this file or of one that was
  // closed without a word.
  const uint32_t awaited = Awaited(descriptor);
  if (awaited == 0) {
    Renew(descriptor);
  } else if (poller_.WatchOnce(fd, TagOf(fd, descriptor), awaited) ==
             Poller::Watched::kNew) {
    EndRegistration(descriptor);
  }
  descriptor.belongs_to_socket = true;
  descriptor.ready = kFdReadable | kFdWritable;  // for all that is known
  descriptor.watched = 0;
  WatchAwaited(descriptor, fd);
  return {.hub = id_,
          .registration = descriptor.registration,
          .descriptor = &descriptor};
}

FdWait Descriptors::Wait(int fd, const SocketRegistration& registration,
                         Direction direction, int64_t timeout_ns) {
  Descriptor& descriptor = *registration.descriptor;
  if (descriptor.registration != registration.registration) {
    return FdWait::kClosed;
  }
  const uint32_t bit = BitOf(direction);
  if ((descriptor.ready & bit) != 0) return FdWait::kReady;
  RequireSole(descriptor, fd, direction);
  // Writing is watched only when it has blocked once: a Unix socket whose
  // peer reads is an event each time.
  if ((descriptor.watched & bit) == 0) {
    poller_.WatchChanges(fd, TagOf(fd, descriptor), descriptor.watched | bit);
    descriptor.watched |= bit;
  }
  return WaitIn(descriptor, fd, direction, timeout_ns);
}

bool Descriptors::MayBeReady(const SocketRegistration& registration,
                             Direction direction) {
  return (registration.descriptor->ready & BitOf(direction)) != 0;
}

void Descriptors::Drained(const SocketRegistration& registration,
                          Direction direction) {
  registration.descriptor->ready &= ~BitOf(direction);
}

void Descriptors::DrainedUnlessUnusual(const SocketRegistration& registration) {
  uint32_t& ready = registration.descriptor->ready;
  // Until it is watched, nobody would tell of an end that came with the data.
  if ((ready & kFdUnusual) != 0 ||
      (registration.descriptor->watched & kFdReadable) == 0) {
    return;
  }
  ready &= ~uint32_t{kFdReadable};
}

void Descriptors::Nudge(const SocketRegistration& registration,
                        Direction direction) {
  Descriptor& descriptor = *registration.descriptor;
  if (descriptor.registration != registration.registration) return;
  descriptor.waiters(direction).NotifyAll();
}

FdWait Descriptors::WaitForAny(int fd, Direction direction,
                               int64_t timeout_ns) {
  // The second, lest a number that was never an fd's take up memory.
  if (timeout_ns <= 0 || Find(fd) == nullptr) {
    const FdState state = LookAt(fd, direction);
    if (state == FdState::kNotOpen) {
      ThrowCannotWait(fd, std::make_error_code(std::errc::bad_file_descriptor));
    }
    if (state == FdState::kReady) return FdWait::kReady;
    if (timeout_ns <= 0) return FdWait::kTimedOut;
  }
  Descriptor& descriptor = At(fd);
  if (descriptor.belongs_to_socket) {
    // What is known of it is as old as the socket's last call, and of another
    // file if another thread closed the socket.
    if (LookAt(fd, direction) == FdState::kReady) return FdWait::kReady;
    descriptor.ready &= ~BitOf(direction);
    descriptor.watched &= ~BitOf(direction);
    return Wait(fd,
                {.hub = id_,
                 .registration = descriptor.registration,
                 .descriptor = &descriptor},
                direction, timeout_ns);
  }
  const uint32_t others = Awaited(descriptor);
  if (others == 0) Renew(descriptor);
  const uint32_t interest = others | BitOf(direction);
  switch (WatchOnce(descriptor, fd, interest)) {
    case Poller::Watched::kAlwaysReady:
      // Nobody waits for such a file: those waited for another one.
      if (others != 0) EndRegistration(descriptor);
      return FdWait::kReady;
    case Poller::Watched::kAgain:
      break;
    case Poller::Watched::kNew:
      if (others == 0) break;
      // Those waited for a file that was closed without a word.
      EndRegistration(descriptor);
      WatchOnce(descriptor, fd, BitOf(direction));
      break;
  }
  RequireSole(descriptor, fd, direction);

  // However the wait ends, nothing is watched that nobody waits for.
  struct Leave {
    ~Leave() {
      if (descriptor.registration != registration || happened) return;
      descriptors.WatchAwaited(descriptor, fd);
    }
    Descriptors& descriptors;
    Descriptor& descriptor;
    int fd;
    uint32_t registration;
    bool happened = false;
  } leave{*this, descriptor, fd, descriptor.registration};
  const FdWait result = WaitIn(descriptor, fd, direction, timeout_ns);
  leave.happened = result == FdWait::kReady;
  // The hub may have been too busy to look before it was time.
  if (result == FdWait::kTimedOut &&
      LookAt(fd, direction) != FdState::kWouldBlock) {
    return FdWait::kReady;
  }
  return result;
}

void Descriptors::Close(int fd) {
  Descriptor* const descriptor = Find(fd);
  if (descriptor == nullptr) return;
  if (Awaited(*descriptor) != 0 || descriptor->watched != 0) {
    // Closing alone does not end it while a forked child has the file, too.
    poller_.Unwatch(fd);
  }
  EndRegistration(*descriptor);
  descriptor->belongs_to_socket = false;
}

void Descriptors::Dispatch(std::span<const FdEvent> events) {
  for (const FdEvent& event : events) {
    const int fd = static_cast<int>(event.tag & UINT32_MAX);
    Descriptor& descriptor = *Find(fd);
    if (descriptor.registration != event.tag >> 32) continue;
    descriptor.ready |= event.ready;
    if ((event.ready & kFdReadable) != 0) descriptor.readers.NotifyAll();
    if ((event.ready & kFdWritable) != 0) descriptor.writers.NotifyAll();
    if (!descriptor.belongs_to_socket && Awaited(descriptor) != 0) {
      WatchAwaited(descriptor, fd);
    }
  }
}

FdWait Descriptors::GiveWayIfGreedy(int fd) {
  const uint64_t switches = hub_.record_.switches.Get();
  if (switches != greedy_since_) {
    greedy_since_ = switches;
    greedy_calls_ = 0;
  } else if (++greedy_calls_ > kGreedyCalls) {
    greedy_calls_ = 0;
    const bool is_callback = hub_.current_ == nullptr;  // it cannot
    if (is_callback) return FdWait::kReady;
    const ClosingWatch closing = WatchClosing(fd);
    Yield();
    if (closing.closed()) return FdWait::kClosed;
  }
  return FdWait::kReady;
}

FdWait Descriptors::WaitIn(Descriptor& descriptor, int fd, Direction direction,
                           int64_t timeout_ns) {
  struct Waiting {
    explicit Waiting(size_t& its_count) : count(its_count) { ++count; }
    ~Waiting() { --count; }
    size_t& count;
  } waiting(waiting_);
  greedy_calls_ = 0;
  const ClosingWatch closing(descriptor);
  const bool notified = descriptor.waiters(direction).Wait(
      {.reason = abi::WaitReason::kFd, .object = BitOf(direction), .fd = fd},
      timeout_ns);
  if (closing.closed()) return FdWait::kClosed;
  return notified ? FdWait::kReady : FdWait::kTimedOut;
}

void Descriptors::RequireSole(Descriptor& descriptor, int fd,
                              Direction direction) {
  const WaitList& waiters = descriptor.waiters(direction);
  if (waiters.empty() ||
      !prevents_multiple_waiters.load(std::memory_order_relaxed)) {
    return;
  }
  const char* const what = direction == Direction::kRead ? "read" : "write";
  throw std::logic_error(absl::StrCat(
      "green: second simultaneous ", what, " on fd ", fd,
      " detected: ", DescribeGreenThread(*waiters.first()),
      " waits for it, and now ", DescribeGreenThread(hub_.RequireWaitable()),
      " wants to. Let one green thread ", what,
      " it, or have one fd each. If it is meant to be, call "
      "green::debug::HubPreventMultipleReaders(false)."));
}

Poller::Watched Descriptors::WatchOnce(Descriptor& descriptor, int fd,
                                       uint32_t interest) {
  try {
    return poller_.WatchOnce(fd, TagOf(fd, descriptor), interest);
  } catch (const std::system_error& error) {
    // Those who wait already can wait for nothing any more.
    if (error.code() == std::errc::bad_file_descriptor) {
      EndRegistration(descriptor);
    }
    ThrowCannotWait(fd, error.code());
  }
}

// Asks for those who wait, and no more; throws nothing.
void Descriptors::WatchAwaited(Descriptor& descriptor, int fd) {
  const uint32_t awaited = Awaited(descriptor);
  if (awaited == 0) {
    if (!descriptor.belongs_to_socket) poller_.Unwatch(fd);
    return;
  }
  try {
    if (descriptor.belongs_to_socket) {
      poller_.WatchChanges(fd, TagOf(fd, descriptor), awaited);
      descriptor.watched = awaited;
    } else {
      poller_.WatchOnce(fd, TagOf(fd, descriptor), awaited);
    }
  } catch (const std::system_error&) {
    // It was closed without a word.
    EndRegistration(descriptor);
  }
}

// Events that are on their way are none of the next one's.
void Descriptors::Renew(Descriptor& descriptor) {
  descriptor.registration = ++last_registration_;
  descriptor.ready = 0;
  descriptor.watched = 0;
}

// Who waits, or was let go on but has not run yet, finds that it is closed.
void Descriptors::EndRegistration(Descriptor& descriptor) {
  Renew(descriptor);
  ++descriptor.closings;
  descriptor.readers.NotifyAll();
  descriptor.writers.NotifyAll();
}

}  // namespace internal
}  // namespace green
