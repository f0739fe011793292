#include "live/blocking_call.h"

#include <linux/futex.h>
#include <linux/io_uring.h>
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
#include <cstdlib>

#include "support/time_units.h"

namespace hubspy {
namespace {

// A signal handler can reach nothing but globals.
Turns* turns_of_this_child = nullptr;

constexpr int64_t kNs = 1;
constexpr int64_t kUs = 1000;

constexpr timespec kHour = {3600, 0};

#if !defined(SYS_poll)
// For calls that write there how much of it is left.
timespec* CopyOf(const timespec* timeout) {
  static thread_local timespec copy;
  if (timeout == nullptr) return nullptr;
  copy = *timeout;
  return &copy;
}
#endif

int ErrnoOf(long result) { return result < 0 ? errno : 0; }

int Milliseconds(const timespec* timeout) {
  if (timeout == nullptr) return -1;
  return static_cast<int>(timeout->tv_sec * 1000 + timeout->tv_nsec / kMs);
}

// What wakes most of them: a byte in a pipe. A process makes its own with its
// first use.
struct Pipe {
  Pipe() {
    if (pipe(ends.data()) != 0) abort();
  }
  std::array<int, 2> ends = {-1, -1};
};

const Pipe& ThePipe() {
  static const Pipe the_pipe;
  return the_pipe;
}

void WritePipe() {
  const char byte = 0;
  if (write(ThePipe().ends[1], &byte, 1) != 1) abort();
}

int ReadPipe(const timespec*) {
  char byte;
  return ErrnoOf(syscall(SYS_read, ThePipe().ends[0], &byte, 1));
}

// Of a call that says how many descriptors are ready.
int TakeByte(long ready) {
  if (ready == 0) return ETIMEDOUT;
  return ready < 0 ? errno : ReadPipe(nullptr);
}

int Epoll() {
  static const int epoll = [] {
    const int made = epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLIN;
    epoll_ctl(made, EPOLL_CTL_ADD, ThePipe().ends[0], &event);
    return made;
  }();
  return epoll;
}

// Machines that came later have but the second of each of these calls.
#if defined(SYS_epoll_wait)
constexpr char kEpollWaitName[] = "epoll_wait";
constexpr char kPoll[] = "poll";
constexpr long kPollNumber = SYS_poll;
constexpr int64_t kPollUnitNs = kMs;
constexpr char kSelect[] = "select";
constexpr long kSelectNumber = SYS_select;
constexpr int64_t kSelectUnitNs = kUs;
#else
constexpr char kEpollWaitName[] = "epoll_pwait";
constexpr char kPoll[] = "ppoll";
constexpr long kPollNumber = SYS_ppoll;
constexpr int64_t kPollUnitNs = kNs;
constexpr char kSelect[] = "pselect6";
constexpr long kSelectNumber = SYS_pselect6;
constexpr int64_t kSelectUnitNs = kNs;
#endif

// Its last argument is read by epoll_pwait only.
int EpollWait(const timespec* timeout) {
  epoll_event event;
  return TakeByte(
      syscall(kEpollWait, Epoll(), &event, 1, Milliseconds(timeout), nullptr));
}

int EpollPwait2(const timespec* timeout) {
  epoll_event event;
  return TakeByte(
      syscall(SYS_epoll_pwait2, Epoll(), &event, 1, timeout, nullptr, 0));
}

int Poll(const timespec* timeout) {
  pollfd in = {ThePipe().ends[0], POLLIN, 0};
#if defined(SYS_poll)
  return TakeByte(syscall(SYS_poll, &in, 1, Milliseconds(timeout)));
#else
  return TakeByte(syscall(SYS_ppoll, &in, 1, CopyOf(timeout), nullptr));
#endif
}

int Select(const timespec* timeout) {
  const int fd = ThePipe().ends[0];
  fd_set in;
  FD_ZERO(&in);
  FD_SET(fd, &in);
#if defined(SYS_select)
  timeval left = {};
  if (timeout != nullptr) left = {timeout->tv_sec, timeout->tv_nsec / kUs};
  return TakeByte(syscall(SYS_select, fd + 1, &in, nullptr, nullptr,
                          timeout == nullptr ? nullptr : &left));
#else
  return TakeByte(syscall(SYS_pselect6, fd + 1, &in, nullptr, nullptr,
                          CopyOf(timeout), nullptr));
#endif
}

int Nanosleep(const timespec* timeout) {
  return syscall(SYS_nanosleep, timeout, nullptr) == 0 ? ETIMEDOUT : errno;
}

int ClockNanosleep(const timespec* timeout) {
  return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, timeout, nullptr) == 0
             ? ETIMEDOUT
             : errno;
}

std::atomic<uint32_t> futex_word = 0;

int FutexWait(const timespec* timeout) {
  const int error = ErrnoOf(
      syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, timeout, nullptr, 0));
  // EAGAIN: woken before it waited.
  return futex_word.exchange(0) == 1 && error == EAGAIN ? 0 : error;
}

void FutexWake() {
  futex_word = 1;
  syscall(SYS_futex, &futex_word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

int ReadInotify(const timespec*) {
  static const int inotify = inotify_init1(0);
  std::array<char, 256> buffer;
  return ErrnoOf(read(inotify, buffer.data(), buffer.size()));
}

struct Listener {
  Listener() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(fd, 1) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      abort();
    }
  }
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
};

const Listener& TheListener() {
  static const Listener listener;
  return listener;
}

int Accept(const timespec*) {
  const long fd = syscall(SYS_accept, TheListener().fd, nullptr, nullptr);
  if (fd >= 0) close(static_cast<int>(fd));
  return ErrnoOf(fd);
}

void Connect() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in& address = TheListener().address;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    abort();
  }
  close(fd);
}

struct Sockets {
  Sockets() {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) abort();
    const timeval hour = {3600, 0};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof(hour));
  }
  std::array<int, 2> ends = {-1, -1};
};

const Sockets& TheSockets() {
  static const Sockets sockets;
  return sockets;
}

// Its timeout belongs to the socket, and counts in the kernel's ticks.
int ReceiveWithTimeout(const timespec*) {
  char byte;
  return ErrnoOf(syscall(SYS_recvfrom, TheSockets().ends[0], &byte, 1, 0,
                         nullptr, nullptr));
}

void Send() {
  const char byte = 0;
  if (send(TheSockets().ends[1], &byte, 1, 0) != 1) abort();
}

int Sigtimedwait(const timespec* timeout) {
  static const sigset_t signals = [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return set;
  }();
  const long signal =
      syscall(SYS_rt_sigtimedwait, &signals, nullptr, timeout, _NSIG / 8);
  if (signal < 0) return errno == EAGAIN ? ETIMEDOUT : errno;
  return 0;
}

int SetUpIoUring() {
  io_uring_params params = {};
  return static_cast<int>(syscall(SYS_io_uring_setup, 1, &params));
}

// For a completion, of which there will be none.
int IoUringEnter(const timespec* timeout) {
  static const int ring = SetUpIoUring();
  io_uring_getevents_arg argument = {};
  argument.ts = reinterpret_cast<uint64_t>(timeout);
  const long done = syscall(SYS_io_uring_enter, ring, 0, 1,
                            IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                            &argument, sizeof(argument));
  if (done < 0) return errno == ETIME ? ETIMEDOUT : errno;
  return 0;
}

template <typename Condition>
std::vector<BlockingCall> AllThat(Condition condition) {
  std::vector<BlockingCall> calls;
  for (const BlockingCall& call : AllBlockingCalls()) {
    if (condition(call)) calls.push_back(call);
  }
  return calls;
}

}  // namespace

std::vector<BlockingCall> RestartingCalls() {
  return {{kPoll, kPollNumber, &Poll, kPollUnitNs, &WritePipe},
          {kSelect, kSelectNumber, &Select, kSelectUnitNs, &WritePipe},
          {"nanosleep", SYS_nanosleep, &Nanosleep, kNs},
          {"clock_nanosleep", SYS_clock_nanosleep, &ClockNanosleep, kNs},
          {"futex", SYS_futex, &FutexWait, kNs, &FutexWake},
          {"read_pipe", SYS_read, &ReadPipe, 0, &WritePipe},
          {"accept", SYS_accept, &Accept, 0, &Connect}};
}

std::vector<BlockingCall> InterruptedCalls() {
  return {{kEpollWaitName, kEpollWait, &EpollWait, kMs, &WritePipe},
          {"epoll_pwait2", SYS_epoll_pwait2, &EpollPwait2, kNs, &WritePipe},
          {"read_inotify", SYS_read, &ReadInotify},
          {"recv_with_timeout", SYS_recvfrom, &ReceiveWithTimeout, 0, &Send},
          {"rt_sigtimedwait", SYS_rt_sigtimedwait, &Sigtimedwait, kNs},
          {"io_uring_enter", SYS_io_uring_enter, &IoUringEnter, kNs}};
}

std::vector<BlockingCall> AllBlockingCalls() {
  std::vector<BlockingCall> all = RestartingCalls();
  for (const BlockingCall& call : InterruptedCalls()) all.push_back(call);
  return all;
}

std::vector<BlockingCall> CallsWithTimeout() {
  return AllThat([](const auto& call) { return call.timeout_unit_ns > 0; });
}

std::vector<BlockingCall> CallsToBeWoken() {
  return AllThat([](const auto& call) { return call.wake != nullptr; });
}

bool IsAllowed(const BlockingCall& call) {
  if (call.number != SYS_io_uring_enter) return true;
  const int ring = SetUpIoUring();
  if (ring < 0) return false;
  close(ring);
  return true;
}

Child ForkBlocking(const BlockingCall& call, const Shared<Turns>& turns) {
  Child child = Child::Fork([&](ChildPipes& parent) {
    turns_of_this_child = &*turns;
    struct sigaction action = {};
    action.sa_handler = [](int) { ++turns_of_this_child->handled_signals; };
    sigaction(SIGUSR1, &action, nullptr);
    parent.WriteLine("ready");
    for (;;) {
      const int error = call.wait(&kHour);
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
