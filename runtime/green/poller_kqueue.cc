#include <sys/event.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <system_error>

#include "green/poller.h"
#include "green/thread_id.h"

namespace green::internal {
namespace {

// So many events come with one system call.
constexpr int kBatch = 256;

// The only event of its filter, so any number does.
constexpr uint64_t kWakeIdent = 0;

// kevent() refuses times that lie too far ahead for it.
constexpr int64_t kLongestWaitNs = int64_t{3600} * 1'000'000'000;

[[noreturn]] void ThrowError(const char* what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

// A kqueue has an event for reading and one for writing: who asked for both
// gets two where epoll gives one, which is as good.
uint32_t ReadinessOf(const struct kevent& event) {
  const bool reads = event.filter == EVFILT_READ;
  uint32_t ready = reads ? kFdReadable : kFdWritable;
  if ((event.flags & EV_EOF) != 0) {
    ready |= kFdUnusual;
    // The end of what can be read is all of the end only when there is an error
    // with it (fflags, man 2 kqueue); of what can be written, it always is. Who
    // reads or writes is told what is wrong by the call itself.
    if (!reads || event.fflags != 0) ready |= kFdReadable | kFdWritable;
  }
  // A read stops short at the mark of urgent data.
  if (reads && (event.flags & EV_OOBAND) != 0) ready |= kFdUnusual;
  return ready;
}

// Several requests of one system call, each of which has its own result.
class Changes {
 public:
  explicit Changes(int kqueue) : kqueue_(kqueue) {}

  void Delete(int fd, int16_t filter) { Add(fd, filter, EV_DELETE, 0); }
  void Watch(int fd, int16_t filter, uint16_t flags, uint64_t tag) {
    Add(fd, filter, EV_ADD | flags, tag);
  }

  void Make() {
    const int done = kevent(kqueue_, changes_.data(), count_, results_.data(),
                            count_, nullptr);
    if (done == count_) return;
    const int error = done < 0 ? errno : EIO;
    for (struct kevent& result : results_) result.data = error;
  }
  // Of the i-th, counted in the order of the calls above. 0: it was done.
  int ErrorOf(int i) const { return static_cast<int>(results_[i].data); }

 private:
  void Add(int fd, int16_t filter, uint16_t flags, uint64_t tag) {
    EV_SET(&changes_[count_], static_cast<uintptr_t>(fd), filter,
           flags | EV_RECEIPT, 0, 0, reinterpret_cast<void*>(tag));
    ++count_;
  }

  int kqueue_;
  int count_ = 0;
  std::array<struct kevent, 4> changes_;
  std::array<struct kevent, 4> results_ = {};
};

bool IsFile(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 &&
         (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

class KqueuePoller final : public Poller {
 public:
  KqueuePoller() : kqueue_(kqueue()), forks_(ForksSinceStart()) {
    if (kqueue_ < 0) ThrowError("green: kqueue", errno);
    // EV_CLEAR: each trigger is an event once, and nobody need take it back.
    struct kevent wake;
    EV_SET(&wake, kWakeIdent, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, nullptr);
    if (kevent(kqueue_, &wake, 1, nullptr, 0, nullptr) != 0) {
      const int error = errno;
      close(kqueue_);
      ThrowError("green: kevent", error);
    }
  }
  KqueuePoller(const KqueuePoller&) = delete;
  KqueuePoller& operator=(const KqueuePoller&) = delete;
  // A child that was forked has not inherited it (man 2 kqueue): there, the
  // number may be another file's.
  ~KqueuePoller() override {
    if (forks_ == ForksSinceStart()) close(kqueue_);
  }

  void Wait(int64_t timeout_ns) override {
    count_ = 0;
    if (timeout_ns > kLongestWaitNs) timeout_ns = kLongestWaitNs;
    const timespec timeout = {.tv_sec = timeout_ns / 1'000'000'000,
                              .tv_nsec = timeout_ns % 1'000'000'000};
    const int count =
        kevent(kqueue_, nullptr, 0, raw_events_.data(), kBatch, &timeout);
    if (count < 0) {
      if (errno == EINTR) return;
      ThrowError("green: kevent", errno);
    }
    for (int i = 0; i < count; ++i) {
      const struct kevent& event = raw_events_[i];
      if (event.filter == EVFILT_USER) continue;
      events_[count_++] = {.tag = reinterpret_cast<uint64_t>(event.udata),
                           .ready = ReadinessOf(event)};
    }
  }

  void Wake() override {
    if (forks_ != ForksSinceStart()) return;
    const int saved_errno = errno;
    struct kevent trigger;
    EV_SET(&trigger, kWakeIdent, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
    kevent(kqueue_, &trigger, 1, nullptr, 0, nullptr);
    errno = saved_errno;
  }

  std::span<const FdEvent> Events() const override {
    return {events_.data(), count_};
  }

  void WatchChanges(int fd, uint64_t tag, uint32_t interest) override {
    Replace(fd, tag, interest, EV_CLEAR);
  }

  Watched WatchOnce(int fd, uint64_t tag, uint32_t interest) override {
    if (Replace(fd, tag, interest, EV_DISPATCH)) return Watched::kAgain;
    // To a kqueue, a file is ready to be read until its end is reached.
    if (!IsFile(fd)) return Watched::kNew;
    Unwatch(fd);
    return Watched::kAlwaysReady;
  }

  void Unwatch(int fd) override {
    const int saved_errno = errno;
    Changes changes(kqueue_);
    changes.Delete(fd, EVFILT_READ);
    changes.Delete(fd, EVFILT_WRITE);
    changes.Make();
    errno = saved_errno;
  }

 private:
  // Whether the same file was watched before: what was asked for one that is
  // closed is gone. What becomes of an event when it happened, EV_CLEAR or
  // EV_DISPATCH, is fixed when it is first asked for; hence deleted, and not
  // changed.
  bool Replace(int fd, uint64_t tag, uint32_t interest, uint16_t flags) {
    Changes changes(kqueue_);
    changes.Delete(fd, EVFILT_READ);
    changes.Delete(fd, EVFILT_WRITE);
    int asked = 0;
    if ((interest & kFdReadable) != 0) {
      changes.Watch(fd, EVFILT_READ, flags, tag);
      ++asked;
    }
    if ((interest & kFdWritable) != 0) {
      changes.Watch(fd, EVFILT_WRITE, flags, tag);
      ++asked;
    }
    changes.Make();
    for (int i = 2; i < 2 + asked; ++i) {
      if (const int error = changes.ErrorOf(i); error != 0) {
        Unwatch(fd);
        ThrowError("green: kevent", error);
      }
    }
    return changes.ErrorOf(0) == 0 || changes.ErrorOf(1) == 0;
  }

  const int kqueue_;
  const uint64_t forks_;
  std::array<struct kevent, kBatch> raw_events_;
  std::array<FdEvent, kBatch> events_;
  size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Poller> MakePoller() {
  return std::make_unique<KqueuePoller>();
}

}  // namespace green::internal
