// Another process's descriptors, looked at from outside: the child's, of which
// it tells what they are.
#include "target/linux/fd_look.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The child says the number of the fd that `make` gave it.
template <typename Make>
Child ChildWith(Make make) {
  return Child::Fork([&](ChildPipes& parent) {
    parent.WriteLine(std::to_string(make()));
    parent.ReadLine();
    return 0;
  });
}

FdFacts LookAt(Child& child) {
  int32_t fd = -1;
  EXPECT_TRUE(absl::SimpleAtoi(child.ReadLine(), &fd));
  return LookAtFdOf(*ProcDir::Open(child.pid()), fd);
}

TEST(FdLook, APipeTellsWhatIsLeftInIt) {
  Child full = ChildWith([] {
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], "abc", 3) != 3) return -1;
    return ends[0];
  });
  const FdFacts facts = LookAt(full);
  EXPECT_TRUE(facts.is_open);
  EXPECT_EQ(facts.what, "pipe");
  EXPECT_EQ(facts.readable, true);
  EXPECT_EQ(facts.unread, 3);
  EXPECT_FALSE(facts.hung_up);
  // And looking took nothing.
  EXPECT_EQ(LookAtFdOf(*ProcDir::Open(full.pid()), facts.fd), facts);
  Child empty = ChildWith([] {
    int ends[2];
    return pipe(ends) == 0 ? ends[0] : -1;
  });
  EXPECT_EQ(LookAt(empty).readable, false);
}

TEST(FdLook, APeerThatHungUpIsSeen) {
  Child child = ChildWith([] {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
    close(ends[1]);
    return ends[0];
  });
  const FdFacts facts = LookAt(child);
  EXPECT_TRUE(facts.hung_up);
  EXPECT_EQ(facts.readable, true);
  EXPECT_THAT(facts.what, StartsWith("Unix socket"));
}

TEST(FdLook, AnEventfdTellsItsCount) {
  Child child = ChildWith([] { return eventfd(5, 0); });
  const FdFacts facts = LookAt(child);
  EXPECT_EQ(facts.what, "eventfd");
  EXPECT_EQ(facts.unread, 5);
}

int ListenOnLoopback() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = {.sin_family = AF_INET};
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0 ||
      listen(listener, 1) != 0) {
    return -1;
  }
  return listener;
}

TEST(FdLook, SocketsTellBothTheirAddresses) {
  Child listening = ChildWith(ListenOnLoopback);
  const FdFacts listener = LookAt(listening);
  EXPECT_THAT(listener.what, StartsWith("TCP 127.0.0.1:"));
  EXPECT_THAT(listener.what, HasSubstr(", listening"));
  EXPECT_EQ(listener.readable, false);

  Child connected = ChildWith([] {
    const int to = ListenOnLoopback();
    sockaddr_storage address;
    socklen_t size = sizeof(address);
    getsockname(to, reinterpret_cast<sockaddr*>(&address), &size);
    const int from = socket(AF_INET, SOCK_STREAM, 0);
    return connect(from, reinterpret_cast<sockaddr*>(&address), size) == 0
               ? from
               : -1;
  });
  const FdFacts connection = LookAt(connected);
  EXPECT_THAT(connection.what, HasSubstr(" to 127.0.0.1:"));
  EXPECT_EQ(connection.writable, true);
}

TEST(FdLook, FilesAreNamedAndNotPolled) {
  Child child = ChildWith([] { return open("/proc/self/exe", O_RDONLY); });
  const FdFacts facts = LookAt(child);
  EXPECT_THAT(facts.what, HasSubstr("target_test"));
  EXPECT_EQ(facts.readable, std::nullopt);
}

TEST(FdLook, WhatIsNotOpenIsNot) {
  Child child = ChildWith([] { return 987'654; });
  EXPECT_EQ(LookAt(child), FdFacts{.fd = 987'654});
}

}  // namespace
}  // namespace hubspy
