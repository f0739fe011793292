#include "target/linux/system_call_facts.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "target/linux/old_system_calls.h"
#include "target/linux/proc_files.h"
#include "target/linux/socket_address.h"
#include "target/printable.h"
#include "target/system_call_name.h"

namespace hubspy {
namespace {

constexpr size_t kMaxPathShown = 256;
// Of a poll's fds, so many are told.
constexpr size_t kMaxPolled = 4;

template <typename T>
std::optional<T> ReadValue(const Memory& memory, uint64_t at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  const size_t got = memory.Read(
      Address(at),
      absl::MakeSpan(reinterpret_cast<std::byte*>(&value), sizeof(value)));
  if (got != sizeof(value)) return std::nullopt;
  return value;
}

std::string ReadPath(const Memory& memory, uint64_t at) {
  std::string path(kMaxPathShown, '\0');
  path.resize(memory.Read(
      Address(at),
      absl::MakeSpan(reinterpret_cast<std::byte*>(path.data()), path.size())));
  if (path.empty()) return "?";
  const bool is_cut = path.find('\0') == std::string::npos;
  path.resize(std::min(path.find('\0'), path.size()));
  return absl::StrCat("\"", Printable(path), is_cut ? "\"..." : "\"");
}

std::string ReadDuration(const Memory& memory, uint64_t at) {
  const auto time = ReadValue<timespec>(memory, at);
  if (!time) return "?";
  return absl::StrFormat("%.3f s",
                         static_cast<double>(time->tv_sec) +
                             static_cast<double>(time->tv_nsec) / 1e9);
}

// pthread_mutex_t of the GNU C library (struct __pthread_mutex_s).
struct PthreadMutex {
  int32_t lock;
  uint32_t count;
  int32_t owner;
  uint32_t users;
  int32_t kind;
};

class Explainer {
 public:
  Explainer(const SystemCall& call, const Memory& memory,
            absl::FunctionRef<FdFacts(int32_t)> look_at_fd,
            absl::FunctionRef<std::optional<ThreadId>(int32_t)> find_thread)
      : call_(call),
        memory_(memory),
        look_at_fd_(look_at_fd),
        find_thread_(find_thread) {}

  CallFacts Explain() {
    facts_.name = SystemCallName(call_.number);
    const std::vector<std::string> arguments = Arguments();
    facts_.text =
        absl::StrCat(facts_.name, "(", absl::StrJoin(arguments, ", "), ")");
    return std::move(facts_);
  }

 private:
  uint64_t Argument(int i) const { return call_.arguments[i]; }
  int32_t Int(int i) const { return static_cast<int32_t>(Argument(i)); }

  std::string Fd(int32_t fd) {
    FdFacts facts = look_at_fd_(fd);
    std::string text = absl::StrCat("fd ", fd);
    if (!facts.is_open) {
      absl::StrAppend(&text, ": not open");
    } else if (!facts.what.empty()) {
      absl::StrAppend(&text, ": ", facts.what);
    }
    if (!facts_.fd) facts_.fd = std::move(facts);
    return text;
  }

  std::vector<std::string> Arguments() {
    switch (call_.number) {
      case SYS_read:
      case SYS_write:
      case SYS_pread64:
      case SYS_pwrite64:
      case SYS_recvfrom:
      case SYS_sendto:
        return {Fd(Int(0)), absl::StrCat(Argument(2), " bytes")};
      case SYS_readv:
      case SYS_writev:
      case SYS_recvmsg:
      case SYS_sendmsg:
      case SYS_accept:
      case SYS_accept4:
      case SYS_fsync:
      case SYS_fdatasync:
      case SYS_sync_file_range:
      case SYS_ftruncate:
      case SYS_fallocate:
      case SYS_flock:
      case SYS_ioctl:
      case SYS_close:
      case SYS_getdents64:
      case SYS_fstat:
      case kCallEpollWait:
      case SYS_epoll_pwait:
      case SYS_epoll_pwait2:
      case SYS_io_uring_enter:
        return {Fd(Int(0))};
      case SYS_sendfile:
        return {Fd(Int(1)), Fd(Int(0))};
      case SYS_fcntl:
        return {Fd(Int(0)), Int(1) == F_SETLKW ? "F_SETLKW, a file lock"
                                               : absl::StrCat(Int(1))};
      case SYS_connect:
        return {Fd(Int(0)), Peer()};
      case kCallOpen:
      case kCallStat:
      case kCallLstat:
      case kCallAccess:
      case kCallUnlink:
      case kCallRmdir:
      case kCallRename:
      case kCallMkdir:
      case kCallReadlink:
      case SYS_statfs:
        return {ReadPath(memory_, Argument(0))};
      case SYS_openat:
      case SYS_newfstatat:
      case SYS_unlinkat:
      case SYS_faccessat:
      case SYS_mkdirat:
      case SYS_readlinkat:
      case SYS_renameat2:
      case SYS_statx:
        return {ReadPath(memory_, Argument(1))};
      case SYS_nanosleep:
        return {ReadDuration(memory_, Argument(0))};
      case SYS_clock_nanosleep:
        return {absl::StrCat(Argument(1) == TIMER_ABSTIME ? "until " : "",
                             ReadDuration(memory_, Argument(2)))};
      case kCallPoll:
      case SYS_ppoll:
        return Polled();
      case SYS_wait4:
        return {Int(0) > 0 ? absl::StrCat("process ", Int(0)) : "any child"};
      case SYS_waitid:
        return {Int(0) == P_PID ? absl::StrCat("process ", Int(1))
                                : "any child"};
      case SYS_futex:
        return Futex();
    }
    return {};
  }

  std::string Peer() {
    sockaddr_storage address = {};
    const size_t size = std::min<size_t>(Argument(2), sizeof(address));
    const size_t got = memory_.Read(
        Address(Argument(1)),
        absl::MakeSpan(reinterpret_cast<std::byte*>(&address), size));
    const std::string text =
        SocketAddressText(address, static_cast<uint32_t>(got));
    return text.empty() ? "?" : Printable(text);
  }

  std::vector<std::string> Polled() {
    std::vector<std::string> fds;
    const uint64_t count = Argument(1);
    for (uint64_t i = 0; i < std::min<uint64_t>(count, kMaxPolled); ++i) {
      const auto polled =
          ReadValue<pollfd>(memory_, Argument(0) + i * sizeof(pollfd));
      if (polled && polled->fd >= 0) fds.push_back(Fd(polled->fd));
    }
    if (count > kMaxPolled) {
      fds.push_back(absl::StrCat("and ", count - kMaxPolled, " more"));
    }
    if (call_.number == kCallPoll && Int(2) >= 0) {
      fds.push_back(absl::StrCat("for ", Int(2), " ms at most"));
    }
    return fds;
  }

  std::vector<std::string> Futex() {
    const std::optional<int32_t> owner = FutexOwner();
    if (owner) facts_.mutex_holder = find_thread_(*owner);
    facts_.futex = Address(Argument(0));
    const std::string word = absl::StrFormat("0x%x", Argument(0));
    if (!facts_.mutex_holder) return {word};
    return {absl::StrCat("the mutex ", word, ", held by thread ",
                         *facts_.mutex_holder)};
  }

  // The id, as the target knows it, of the thread that holds the mutex.
  std::optional<int32_t> FutexOwner() const {
    const int operation = Int(1) & FUTEX_CMD_MASK;
    if (operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2) {
      const auto word = ReadValue<uint32_t>(memory_, Argument(0));
      if (!word) return std::nullopt;
      return static_cast<int32_t>(*word & FUTEX_TID_MASK);
    }
    // Who waits for a mutex waits for its word to be other than 2: "locked,
    // and there may be others" (lowlevellock.h of the GNU C library).
    constexpr int32_t kContended = 2;
    if ((operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) ||
        Int(2) != kContended) {
      return std::nullopt;
    }
    const auto mutex = ReadValue<PthreadMutex>(memory_, Argument(0));
    if (!mutex || mutex->lock != kContended || mutex->owner <= 0) {
      return std::nullopt;
    }
    return mutex->owner;
  }

  const SystemCall& call_;
  const Memory& memory_;
  absl::FunctionRef<FdFacts(int32_t)> look_at_fd_;
  absl::FunctionRef<std::optional<ThreadId>(int32_t)> find_thread_;
  CallFacts facts_;
};

}  // namespace

CallFacts ExplainSystemCall(
    const SystemCall& call, const Memory& memory,
    absl::FunctionRef<FdFacts(int32_t fd)> look_at_fd,
    absl::FunctionRef<std::optional<ThreadId>(int32_t tid)> find_thread) {
  return Explainer(call, memory, look_at_fd, find_thread).Explain();
}

}  // namespace hubspy
