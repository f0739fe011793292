#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "green/poller.h"

namespace green::internal {
namespace {

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

class EpollPoller final : public Poller {
 public:
  EpollPoller()
      : epoll_(epoll_create1(EPOLL_CLOEXEC), "green: epoll_create1"),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "green: eventfd") {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = wake_.get();
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
      ThrowErrno("green: epoll_ctl");
    }
    // The default lets the kernel round this thread's sleeps up by 50 us to
    // save wakeups (man 2 prctl, PR_SET_TIMERSLACK). A hub's timers should be
    // as exact as the clock.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  }

  void Wait(int64_t timeout_ns) override {
    epoll_event event;
    const int count = WaitForEvent(&event, timeout_ns);
    if (count < 0) {
      if (errno == EINTR) return;
      ThrowErrno("green: epoll_wait");
    }
    if (count == 0) return;
    uint64_t wakes;
    // Only resets the counter; that it was 0 already (EAGAIN) is no loss.
    [[maybe_unused]] const ssize_t got =
        read(wake_.get(), &wakes, sizeof(wakes));
  }

  void Wake() override {
    const int saved_errno = errno;
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the poller is awake.
    [[maybe_unused]] const ssize_t put = write(wake_.get(), &one, sizeof(one));
    errno = saved_errno;
  }

 private:
  int WaitForEvent(epoll_event* event, int64_t timeout_ns) {
    if (has_pwait2_) {
      const timespec timeout = {.tv_sec = timeout_ns / 1'000'000'000,
                                .tv_nsec = timeout_ns % 1'000'000'000};
      const int count = epoll_pwait2(epoll_.get(), event, 1, &timeout, nullptr);
      // Linux before 5.11, or a seccomp filter that does not know the call.
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      has_pwait2_ = false;
    }
    const int64_t whole_ms = timeout_ns / 1'000'000;
    const int64_t rounded_up = whole_ms + (timeout_ns % 1'000'000 != 0);
    return epoll_wait(epoll_.get(), event, 1,
                      static_cast<int>(std::min<int64_t>(rounded_up, INT_MAX)));
  }

  FileDescriptor epoll_;
  FileDescriptor wake_;
  bool has_pwait2_ = true;
};

}  // namespace

std::unique_ptr<Poller> MakePoller() { return std::make_unique<EpollPoller>(); }

}  // namespace green::internal
