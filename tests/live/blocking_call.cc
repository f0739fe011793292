#include "live/blocking_call.h"

#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace hubspy {
namespace {

// A signal handler can reach nothing but globals.
Turns* turns_of_this_child = nullptr;

constexpr timespec kHour = {3600, 0};
constexpr int kHourMs = 3'600'000;

int ErrnoOf(long result) { return result < 0 ? errno : 0; }

int EpollWait() {
  static const int epoll = epoll_create1(0);
  epoll_event event;
  return ErrnoOf(epoll_wait(epoll, &event, 1, kHourMs));
}

int EpollPwait2() {
  static const int epoll = epoll_create1(0);
  epoll_event event;
  return ErrnoOf(
      syscall(SYS_epoll_pwait2, epoll, &event, 1, &kHour, nullptr, 0));
}

int Poll() { return ErrnoOf(poll(nullptr, 0, kHourMs)); }

int Select() {
  timeval hour = {3600, 0};
  return ErrnoOf(syscall(SYS_select, 0, nullptr, nullptr, nullptr, &hour));
}

int Nanosleep() { return ErrnoOf(syscall(SYS_nanosleep, &kHour, nullptr)); }

int FutexWait() {
  static uint32_t word = 0;
  return ErrnoOf(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &kHour, nullptr, 0));
}

int ReadPipe() {
  static std::array<int, 2> ends = {-1, -1};
  if (ends[0] < 0 && pipe(ends.data()) != 0) return errno;
  char c;
  return ErrnoOf(read(ends[0], &c, 1));
}

int ReadInotify() {
  static const int inotify = inotify_init1(0);
  std::array<char, 256> buffer;
  return ErrnoOf(read(inotify, buffer.data(), buffer.size()));
}

int ListeningSocket() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any));
  listen(fd, 1);
  return fd;
}

int Accept() {
  static const int fd = ListeningSocket();
  return ErrnoOf(syscall(SYS_accept, fd, nullptr, nullptr));
}

int ReceiveWithTimeout() {
  static std::array<int, 2> ends = {-1, -1};
  if (ends[0] < 0) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return errno;
    const timeval hour = {3600, 0};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof(hour));
  }
  char c;
  return ErrnoOf(syscall(SYS_recvfrom, ends[0], &c, 1, 0, nullptr, nullptr));
}

int Sigtimedwait() {
  static const sigset_t signals = [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return set;
  }();
  return ErrnoOf(
      syscall(SYS_rt_sigtimedwait, &signals, nullptr, &kHour, _NSIG / 8));
}

}  // namespace

std::vector<BlockingCall> RestartingCalls() {
  return {{"poll", SYS_poll, &Poll},
          {"select", SYS_select, &Select},
          {"nanosleep", SYS_nanosleep, &Nanosleep},
          {"futex", SYS_futex, &FutexWait},
          {"read_pipe", SYS_read, &ReadPipe},
          {"accept", SYS_accept, &Accept}};
}

std::vector<BlockingCall> InterruptedCalls() {
  return {{"epoll_wait", SYS_epoll_wait, &EpollWait},
          {"epoll_pwait2", SYS_epoll_pwait2, &EpollPwait2},
          {"read_inotify", SYS_read, &ReadInotify},
          {"recv_with_timeout", SYS_recvfrom, &ReceiveWithTimeout},
          {"rt_sigtimedwait", SYS_rt_sigtimedwait, &Sigtimedwait}};
}

std::vector<BlockingCall> AllBlockingCalls() {
  std::vector<BlockingCall> all = RestartingCalls();
  for (const BlockingCall& call : InterruptedCalls()) all.push_back(call);
  return all;
}

Child ForkBlocking(const BlockingCall& call, const Shared<Turns>& turns) {
  Child child = Child::Fork([&](ChildPipes& parent) {
    turns_of_this_child = &*turns;
    struct sigaction action = {};
    action.sa_handler = [](int) { ++turns_of_this_child->handled_signals; };
    sigaction(SIGUSR1, &action, nullptr);
    parent.WriteLine("ready");
    for (;;) {
      const int error = call.call();
      turns->last_errno = error;
      ++turns->returned;
    }
    return 0;
  });
  child.ReadLine();
  AwaitSystemCall(child.pid(), call.number);
  return child;
}

}  // namespace hubspy
