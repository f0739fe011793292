// Listen, Listener and Connect.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/net_testing.h"

namespace green {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// An abstract address of this process's alone: it leaves no file behind.
std::string UnixName(const std::string& what) {
  return "unix:@green_test_" + std::to_string(getpid()) + "_" + what;
}

std::error_code CodeOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

void ExpectToConnect(const std::string& address) {
  Listener listener = Listen(address);
  auto server = Spawn([&] { return listener.Accept().ReadToEnd(); });
  Yield();
  Socket client = Connect(listener.address().ToString());
  client.Write("hello");
  client.Close();
  EXPECT_EQ(server.Wait(), "hello");
}

TEST(Listener, AcceptsOverIpv4) { ExpectToConnect("127.0.0.1:0"); }

TEST(Listener, AcceptsOverAUnixSocket) { ExpectToConnect(UnixName("accepts")); }

TEST(Listener, AcceptsOverIpv6) {
  // A machine may have none.
  const int probe = socket(AF_INET6, SOCK_STREAM, 0);
  const auto loopback = Address::Parse("[::1]:0").value();
  const bool has_ipv6 =
      probe >= 0 && bind(probe, loopback.data(), loopback.size()) == 0;
  close(probe);
  if (!has_ipv6) GTEST_SKIP() << "no IPv6 here";
  ExpectToConnect("[::1]:0");
}

TEST(Listener, AUnixPathStaysWhenItIsClosed) {
  char directory[] = "/tmp/green_test_XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/socket";
  ExpectToConnect("unix:" + path);
  EXPECT_EQ(CodeOf([&] { Listen("unix:" + path); }), std::errc::address_in_use);
  EXPECT_EQ(CodeOf([&] { Connect("unix:" + path); }),
            std::errc::connection_refused);
  EXPECT_EQ(unlink(path.c_str()), 0);
  EXPECT_EQ(rmdir(directory), 0);
}

TEST(Listener, TellsThePortThatTheSystemGave) {
  Listener listener = Listen("127.0.0.1:0");
  EXPECT_GT(listener.address().port(), 0);
  EXPECT_TRUE(listener.is_open());
  EXPECT_GE(listener.fd(), 0);
}

TEST(Listener, AcceptsTheWholeBacklogInOrder) {
  Listener listener = Listen(UnixName("backlog"));
  const std::string address = listener.address().ToString();
  for (const char* const text : {"a", "b", "c"}) Connect(address).Write(text);
  for (const char* const text : {"a", "b", "c"}) {
    EXPECT_EQ(listener.Accept().ReadToEnd(), text);
  }
}

TEST(Listener, AcceptWaitsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    Listener listener = Listen(UnixName("accept_timeout"));
    EXPECT_THAT(MessageOf([&] { listener.Accept(absl::Seconds(2)); }),
                AllOf(HasSubstr("green::Listener::Accept: fd "),
                      HasSubstr("timed out")));
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    EXPECT_THROW(listener.Accept(absl::ZeroDuration()), IoTimeout);
    Socket client = Connect(listener.address().ToString());
    EXPECT_TRUE(listener.Accept(absl::ZeroDuration()).is_open());
  });
}

TEST(Listener, WhoAcceptsIsToldThatItIsClosed) {
  Listener listener = Listen("127.0.0.1:0");
  auto accepts = Spawn([&] { listener.Accept(); });
  Yield();
  listener.Close();
  EXPECT_THAT(MessageOf([&] { accepts.Wait(); }),
              AllOf(HasSubstr("green::Listener::Accept"),
                    HasSubstr("was closed meanwhile")));
  EXPECT_THROW(accepts.Wait(), IoClosed);
}

TEST(Listener, AClosedOneSaysSo) {
  Listener closed;
  closed.Close();
  EXPECT_EQ(closed.Release(), -1);
  EXPECT_EQ(MessageOf([&] { closed.Accept(); }),
            "green::Listener::Accept: it is closed: Bad file descriptor");
  EXPECT_EQ(MessageOf([&] { closed.address(); }),
            "green::Listener::address: it is closed: Bad file descriptor");
}

TEST(Listener, AKilledAcceptTakesNobody) {
  Listener listener = Listen(UnixName("killed"));
  auto accepts = Spawn([&] { listener.Accept(); });
  Yield();
  accepts.Kill();
  Connect(listener.address().ToString()).Write("x");
  EXPECT_EQ(listener.Accept().ReadToEnd(), "x");
}

TEST(Listener, MayBeReleasedAndAdopted) {
  Listener first = Listen("127.0.0.1:0");
  const std::string address = first.address().ToString();
  Listener second = Listener::Adopt(first.Release());
  EXPECT_FALSE(first.is_open());
  EXPECT_EQ(second.address().ToString(), address);
  const Socket client = Connect(address);
  EXPECT_TRUE(second.Accept().is_open());
}

TEST(Listener, AdoptsOneThatBlocks) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const auto address = Address::Parse(UnixName("adopted")).value();
  ASSERT_EQ(bind(fd, address.data(), address.size()), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  InSimulatedTime([fd](SimulatedTime&) {
    Listener listener = Listener::Adopt(fd);
    EXPECT_THROW(listener.Accept(absl::Seconds(1)), IoTimeout);
  });
}

// Who is refused keeps the fd as it was.
void ExpectNoListener(int fd, const std::string& why) {
  const int flags = fcntl(fd, F_GETFL);
  EXPECT_THAT(MessageOf([fd] { Listener::Adopt(fd); }),
              AllOf(HasSubstr("green::Listener::Adopt: fd "), HasSubstr(why)));
  EXPECT_EQ(fcntl(fd, F_GETFL), flags);
}

TEST(Listener, AdoptsNothingThatDoesNotListen) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  ExpectNoListener(fds[0], "does not listen");
  close(fds[0]);
  close(fds[1]);
  const Pipe pipe;
  ExpectNoListener(pipe.read_end(), "Socket operation on non-socket");
  ExpectNoListener(-1, "Bad file descriptor");
}

TEST(Listener, ItsConnectionsDoNotKeepItsAddressFromTheNext) {
  Listener first = Listen("127.0.0.1:0");
  const std::string address = first.address().ToString();
  Socket client = Connect(address);
  // Who closes first waits for stray packets (TIME_WAIT).
  first.Accept().Close();
  client.ReadToEnd();
  first.Close();
  EXPECT_NO_THROW(Listen(address));
}

TEST(Listen, TwoOfTheSameAddressMustBothAskForIt) {
  Listener alone = Listen("127.0.0.1:0");
  const std::string taken = alone.address().ToString();
  EXPECT_EQ(CodeOf([&] { Listen(taken, {.reuse_port = true}); }),
            std::errc::address_in_use);
  EXPECT_THAT(MessageOf([&] { Listen(taken); }),
              AllOf(HasSubstr("green::Listen: " + taken),
                    HasSubstr("Address already in use")));
  const Listener one = Listen("127.0.0.1:0", {.reuse_port = true});
  EXPECT_NO_THROW(Listen(one.address().ToString(), {.reuse_port = true}));
}

TEST(Listen, SaysWhatItCannotListenOn) {
  EXPECT_THROW(Listen("127.0.0.1"), std::invalid_argument);
  // Kept for documentation (RFC 5737): no machine has it.
  EXPECT_THAT(MessageOf([] { Listen("192.0.2.1:0"); }),
              AllOf(HasSubstr("green::Listen: 192.0.2.1:0"),
                    HasSubstr("Cannot assign requested address")));
  EXPECT_THAT(
      MessageOf([] { Listen("unix:/nowhere/at/all"); }),
      AllOf(HasSubstr("unix:/nowhere/at/all"), HasSubstr("No such file")));
}

TEST(Listen, OnANameListensOnOneOfItsAddresses) {
  Listener listener = Listen("localhost:0");
  const Socket client = Connect(listener.address().ToString());
  EXPECT_TRUE(listener.Accept().is_open());
}

TEST(Connect, FindsAListenerByABarePortAndByName) {
  Listener listener = Listen("127.0.0.1:0");
  const std::string port = std::to_string(listener.address().port());
  EXPECT_TRUE(Connect(":" + port).is_open());
  EXPECT_TRUE(Connect("localhost:" + port).is_open());
}

TEST(Connect, SaysWhoRefused) {
  Listener listener = Listen("127.0.0.1:0");
  const std::string address = listener.address().ToString();
  listener.Close();
  EXPECT_EQ(CodeOf([&] { Connect(address); }), std::errc::connection_refused);
  EXPECT_THAT(MessageOf([&] { Connect(address); }),
              AllOf(HasSubstr("green::Connect: " + address),
                    HasSubstr("Connection refused")));
  EXPECT_THAT(MessageOf([] { Connect(UnixName("nobody")); }),
              HasSubstr("green::Connect: " + UnixName("nobody")));
  EXPECT_THROW(Connect("nonsense"), std::invalid_argument);
}

// A listener that never accepts, with its line full: what comes then is not
// answered.
class DeafListener {
 public:
  DeafListener() : listener_(Listen("127.0.0.1:0", {.backlog = 0})) {
    const auto address = listener_.address();
    for (int i = 0; i < 8; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      if (connect(fd, address.data(), address.size()) != 0 &&
          errno != EINPROGRESS) {
        std::abort();
      }
      clients_.emplace_back(Socket::Adopt(fd));
    }
  }

  int fd() const { return listener_.fd(); }
  std::string address() const { return listener_.address().ToString(); }

 private:
  Listener listener_;
  std::vector<Socket> clients_;
};

TEST(Connect, WaitsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    const DeafListener deaf;
    EXPECT_THAT(MessageOf([&] { Connect(deaf.address(), absl::Seconds(2)); }),
                AllOf(HasSubstr("green::Connect: " + deaf.address()),
                      HasSubstr("timed out")));
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    EXPECT_THROW(Connect(deaf.address(), absl::ZeroDuration()), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
  });
}

TEST(Connect, AKillLeavesNothingOpen) {
  InSimulatedTime([](SimulatedTime&) {
    const DeafListener deaf;
    const int next = dup(deaf.fd());
    close(next);
    auto connects = Spawn([&] { Connect(deaf.address()); });
    Yield();
    EXPECT_GE(fcntl(next, F_GETFD), 0);
    connects.Kill();
    EXPECT_THROW(connects.Wait(), GreenExit);
    EXPECT_EQ(fcntl(next, F_GETFD), -1);
  });
}

// There is nothing that could be waited for.
TEST(Connect, AUnixListenerWhoseLineIsFullRefuses) {
  Listener listener = Listen(UnixName("full"), {.backlog = 0});
  const std::string address = listener.address().ToString();
  const Socket in_line = Connect(address);
  EXPECT_EQ(CodeOf([&] { Connect(address); }),
            std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(listener.Accept().is_open());
  EXPECT_TRUE(Connect(address).is_open());
}

TEST(Connect, OthersRunWhileItWaits) {
  Listener listener = Listen("127.0.0.1:0");
  const std::string address = listener.address().ToString();
  OnFreshThread([&] {
    auto connects = Spawn([&] { return Connect(address).ReadExactly(2); });
    auto accepts = Spawn([&] { listener.Accept().Write("ok"); });
    EXPECT_EQ(connects.Wait(), "ok");
    accepts.Wait();
  });
}

}  // namespace
}  // namespace green
