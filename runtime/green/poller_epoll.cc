#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>
#include <system_error>

#include "green/poller.h"

namespace green::internal {
namespace {

// So many events come with one system call.
constexpr int kBatch = 256;

// No tag of Watch...().
constexpr uint64_t kWakeTag = UINT64_MAX;

[[noreturn]] void ThrowErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class FileDescriptor {
 public:
  FileDescriptor(int fd, const char* what) : fd_(fd) {
    if (fd_ < 0) ThrowErrno(what);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(fd_); }

  int get() const { return fd_; }

 private:
  int fd_;
};

uint32_t ToEpoll(uint32_t interest) {
  uint32_t events = 0;
  if ((interest & kFdReadable) != 0) events |= EPOLLIN | EPOLLRDHUP;
  if ((interest & kFdWritable) != 0) events |= EPOLLOUT;
  return events;
}

uint32_t FromEpoll(uint32_t events) {
  uint32_t ready = 0;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) ready |= kFdReadable;
  if ((events & EPOLLOUT) != 0) ready |= kFdWritable;
  // Who reads or writes is told what is wrong by the call itself.
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) ready |= kFdReadable | kFdWritable;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) {
    ready |= kFdUnusual;
  }
  return ready;
}

class EpollPoller final : public Poller {
 public:
  EpollPoller()
      : epoll_(epoll_create1(EPOLL_CLOEXEC), "green: epoll_create1"),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "green: eventfd") {
    // Edge-triggered: each write is an event, and nobody need read it.
    if (!Control(EPOLL_CTL_ADD, wake_.get(), kWakeTag, EPOLLIN | EPOLLET)) {
      ThrowErrno("green: epoll_ctl");
    }
    // The default lets the kernel round this thread's sleeps up by 50 us to
    // save wakeups (man 2 prctl, PR_SET_TIMERSLACK). A hub's timers should be
    // as exact as the clock.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  }

  void Wait(int64_t timeout_ns) override {
    count_ = 0;
    const int count = WaitForEvents(timeout_ns);
    if (count < 0) {
      if (errno == EINTR) return;
      ThrowErrno("green: epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = raw_events_[i];
      if (event.data.u64 == kWakeTag) continue;
      events_[count_++] = {.tag = event.data.u64,
                           .ready = FromEpoll(event.events)};
    }
  }

  void Wake() override {
    const int saved_errno = errno;
    const uint64_t one = 1;
    // Fails only when the counter is full, after 2^64 wakes.
    [[maybe_unused]] const ssize_t put = write(wake_.get(), &one, sizeof(one));
    errno = saved_errno;
  }

  std::span<const FdEvent> Events() const override {
    return {events_.data(), count_};
  }

  void WatchChanges(int fd, uint64_t tag, uint32_t interest) override {
    uint32_t events = ToEpoll(interest) | EPOLLET;
    // Only here: urgent data that stays is a change once, but ready for ever.
    if ((interest & kFdReadable) != 0) events |= EPOLLPRI;
    if (Control(EPOLL_CTL_ADD, fd, tag, events)) return;
    if (errno == EEXIST && Control(EPOLL_CTL_MOD, fd, tag, events)) return;
    ThrowErrno("green: epoll_ctl");
  }

  Watched WatchOnce(int fd, uint64_t tag, uint32_t interest) override {
    // A number that was waited for once is likely to be waited for again; what
    // was known of it is gone if it was closed meanwhile.
    const uint32_t events = ToEpoll(interest) | EPOLLONESHOT;
    if (Control(EPOLL_CTL_MOD, fd, tag, events)) return Watched::kAgain;
    if (errno == ENOENT && Control(EPOLL_CTL_ADD, fd, tag, events)) {
      return Watched::kNew;
    }
    // "The target file does not support epoll" (man 2 epoll_ctl).
    if (errno == EPERM) return Watched::kAlwaysReady;
    ThrowErrno("green: epoll_ctl");
  }

  void Unwatch(int fd) override {
    const int saved_errno = errno;
    Control(EPOLL_CTL_DEL, fd, 0, 0);
    errno = saved_errno;
  }

 private:
  bool Control(int operation, int fd, uint64_t tag, uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = tag;
    return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  int WaitForEvents(int64_t timeout_ns) {
    epoll_event* const events = raw_events_.data();
    if (timeout_ns > 0 && has_pwait2_) {
      const timespec timeout = {.tv_sec = timeout_ns / 1'000'000'000,
                                .tv_nsec = timeout_ns % 1'000'000'000};
      const int count =
          epoll_pwait2(epoll_.get(), events, kBatch, &timeout, nullptr);
      // Linux before 5.11, or a seccomp filter that does not know the call.
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      has_pwait2_ = false;
    }
    const int64_t whole_ms = timeout_ns / 1'000'000;
    const int64_t rounded_up = whole_ms + (timeout_ns % 1'000'000 != 0);
    return epoll_wait(epoll_.get(), events, kBatch,
                      static_cast<int>(std::min<int64_t>(rounded_up, INT_MAX)));
  }

  FileDescriptor epoll_;
  FileDescriptor wake_;
  bool has_pwait2_ = true;
  std::array<epoll_event, kBatch> raw_events_;
  std::array<FdEvent, kBatch> events_;
  size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Poller> MakePoller() { return std::make_unique<EpollPoller>(); }

}  // namespace green::internal
