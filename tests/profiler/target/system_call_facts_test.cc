#include "target/linux/system_call_facts.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "target/linux/old_system_calls.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kAt = 0x1000;

// One object at kAt, and nothing else.
class OneObject : public Memory {
 public:
  OneObject() = default;
  template <typename T>
  explicit OneObject(const T& value)
      : bytes_(reinterpret_cast<const char*>(&value), sizeof(value)) {}
  explicit OneObject(const std::string& text) : bytes_(text) {}

  size_t Read(Address from, absl::Span<std::byte> into) const override {
    if (from.value() < kAt || from.value() - kAt >= bytes_.size()) return 0;
    const size_t offset = from.value() - kAt;
    const size_t size = std::min(into.size(), bytes_.size() - offset);
    std::memcpy(into.data(), bytes_.data() + offset, size);
    return size;
  }

 private:
  std::string bytes_;
};

CallFacts Explain(const SystemCall& call, const Memory& memory = OneObject()) {
  return ExplainSystemCall(
      call, memory,
      [](int32_t fd) {
        return FdFacts{.fd = fd, .is_open = fd < 100, .what = "pipe"};
      },
      [](int32_t tid) {
        return tid == 7 ? std::optional<ThreadId>(4007) : std::nullopt;
      });
}

TEST(SystemCallFacts, FdsAreLookedUp) {
  const CallFacts read = Explain({SYS_read, {5, kAt, 100}});
  EXPECT_EQ(read.name, "read");
  EXPECT_EQ(read.text, "read(fd 5: pipe, 100 bytes)");
  EXPECT_EQ(read.fd->fd, 5);
  EXPECT_EQ(Explain({SYS_fsync, {100}}).text, "fsync(fd 100: not open)");
  EXPECT_EQ(Explain({SYS_fcntl, {3, F_SETLKW, kAt}}).text,
            "fcntl(fd 3: pipe, F_SETLKW, a file lock)");
}

TEST(SystemCallFacts, ArgumentsInMemoryAreRead) {
  EXPECT_EQ(
      Explain({SYS_nanosleep, {kAt}}, OneObject(timespec{2, 500'000'000})).text,
      "nanosleep(2.500 s)");
  EXPECT_EQ(Explain({SYS_openat, {0, kAt}}, OneObject(std::string("/a\x1b/b\0"
                                                                  "c",
                                                                  7)))
                .text,
            "openat(\"/a?/b\")");
  sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(5432)};
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(
      Explain({SYS_connect, {3, kAt, sizeof(peer)}}, OneObject(peer)).text,
      "connect(fd 3: pipe, 127.0.0.1:5432)");
  const pollfd polled[2] = {{.fd = 4}, {.fd = 9}};
  EXPECT_EQ(Explain({SYS_ppoll, {kAt, 2}}, OneObject(polled)).text,
            "ppoll(fd 4: pipe, fd 9: pipe)");
}

TEST(SystemCallFacts, WhatCannotBeReadIsAQuestionMark) {
  constexpr uint64_t kNowhere = 0x10;
  EXPECT_EQ(Explain({SYS_nanosleep, {kNowhere}}).text, "nanosleep(?)");
  EXPECT_EQ(Explain({SYS_openat, {0, kNowhere}}).text, "openat(?)");
  EXPECT_EQ(Explain({SYS_connect, {3, kNowhere, 16}}).text,
            "connect(fd 3: pipe, ?)");
}

TEST(SystemCallFacts, APollTellsForHowLong) {
  if (kCallPoll < 0) GTEST_SKIP() << "this machine's kernel has no poll";
  const pollfd polled[2] = {{.fd = 4}, {.fd = 9}};
  EXPECT_EQ(Explain({kCallPoll, {kAt, 2, 1500}}, OneObject(polled)).text,
            "poll(fd 4: pipe, fd 9: pipe, for 1500 ms at most)");
}

struct Mutex {
  int32_t lock = 2;
  uint32_t count = 0;
  int32_t owner = 7;
  uint32_t users = 1;
  int32_t kind = 0;
};

SystemCall FutexWait(uint64_t value) {
  return {SYS_futex, {kAt, FUTEX_WAIT_PRIVATE, value}};
}

TEST(SystemCallFacts, AMutexLeadsToTheThreadThatHoldsIt) {
  const CallFacts facts = Explain(FutexWait(2), OneObject(Mutex{}));
  EXPECT_EQ(facts.mutex_holder, 4007);
  EXPECT_EQ(facts.futex, Address(kAt));
  EXPECT_EQ(facts.text, "futex(the mutex 0x1000, held by thread 4007)");
}

TEST(SystemCallFacts, WhatIsNoLockedMutexHasNoHolder) {
  // A condition variable, a semaphore: another value is waited for.
  EXPECT_FALSE(Explain(FutexWait(0), OneObject(Mutex{})).mutex_holder);
  // It has been unlocked meanwhile.
  EXPECT_FALSE(Explain(FutexWait(2), OneObject(Mutex{.lock = 0})).mutex_holder);
  // The number is no thread's of the process.
  EXPECT_FALSE(
      Explain(FutexWait(2), OneObject(Mutex{.owner = 8})).mutex_holder);
  EXPECT_FALSE(Explain(FutexWait(2)).mutex_holder);
  EXPECT_EQ(Explain(FutexWait(2)).text, "futex(0x1000)");
}

TEST(SystemCallFacts, APriorityInheritanceMutexNamesItsHolderItself) {
  const uint32_t word = 7 | FUTEX_WAITERS;
  EXPECT_EQ(Explain({SYS_futex, {kAt, FUTEX_LOCK_PI_PRIVATE}}, OneObject(word))
                .mutex_holder,
            4007);
}

TEST(SystemCallFacts, AnyCallWithAnyArgumentsGivesAText) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    SystemCall call{.number = static_cast<int64_t>(random() % 480) - 5};
    for (uint64_t& argument : call.arguments) {
      argument = random() % 2 == 0 ? random() : kAt + random() % 64;
    }
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_THAT(Explain(call, OneObject(bytes)).text, HasSubstr("("));
  }
}

}  // namespace
}  // namespace hubspy
