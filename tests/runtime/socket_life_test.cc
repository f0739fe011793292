// How a socket begins and ends: adopted, closed by others, reset, urgent data,
// and what is left of it in a forked child.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

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

int OptionOf(const Socket& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  getsockopt(socket.fd(), level, option, &value, &size);
  return value;
}

TEST(Socket, KnowsBothAddresses) {
  Listener listener = Listen("127.0.0.1:0");
  const std::string address = listener.address().ToString();
  const Socket client = Connect(address);
  const Socket server = listener.Accept();
  EXPECT_EQ(client.peer_address().ToString(), address);
  EXPECT_EQ(server.local_address().ToString(), address);
  EXPECT_EQ(server.peer_address().ToString(),
            client.local_address().ToString());
  EXPECT_EQ(Socket::Pair().first.local_address().ToString(), "unix:");
}

TEST(Socket, SendsSmallMessagesAtOnceWhenAsked) {
  auto [tcp, peer] = TcpPair();
  tcp.SetNoDelay(true);
  EXPECT_NE(OptionOf(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
  tcp.SetNoDelay(false);
  EXPECT_EQ(OptionOf(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
  auto [of_unix, its_peer] = Socket::Pair();
  EXPECT_NO_THROW(of_unix.SetNoDelay(true));
}

TEST(Socket, IsNotInheritedByProgramsAndDoesNotBlock) {
  const auto expect_flags = [](const Socket& socket) {
    EXPECT_NE(fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_NONBLOCK, 0);
  };
  const auto tcp = TcpPair();
  const auto of_unix = Socket::Pair();
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  expect_flags(tcp.first);
  expect_flags(tcp.second);
  expect_flags(of_unix.first);
  expect_flags(Socket::Adopt(fds[0]));
  close(fds[1]);
}

// Who is refused keeps the fd as it was.
void ExpectNoSocket(int fd, const std::string& why) {
  const int flags = fcntl(fd, F_GETFL);
  EXPECT_THAT(MessageOf([fd] { Socket::Adopt(fd); }),
              AllOf(HasSubstr("green::Socket::Adopt: fd "), HasSubstr(why)));
  EXPECT_EQ(fcntl(fd, F_GETFL), flags);
}

TEST(Socket, AdoptsNothingButAStream) {
  const Pipe pipe;
  ExpectNoSocket(pipe.read_end(), "Socket operation on non-socket");
  ExpectNoSocket(-1, "Bad file descriptor");
  const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  ExpectNoSocket(datagrams, "Protocol wrong type for socket");
  close(datagrams);
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(listen(listening, 1), 0);
  ExpectNoSocket(listening, "listens");
  close(listening);
}

TEST(Socket, AClosedOneSaysSo) {
  Socket closed;
  char byte = 'x';
  const auto expect_said = [](const char* method,
                              const std::function<void()>& call) {
    EXPECT_EQ(MessageOf(call), std::string("green::Socket::") + method +
                                   ": it is closed: Bad file descriptor");
  };
  EXPECT_FALSE(closed.is_open());
  closed.Close();
  expect_said("Read", [&] { closed.Read(&byte, 1); });
  expect_said("Read", [&] { closed.Read(&byte, 0); });
  expect_said("ReadExactly", [&] { closed.ReadExactly(1); });
  expect_said("ReadExactly", [&] { closed.ReadExactly(0); });
  expect_said("ReadToEnd", [&] { closed.ReadToEnd(); });
  expect_said("Write", [&] { closed.Write("x"); });
  expect_said("Write", [&] { closed.Write(""); });
  expect_said("WriteSome", [&] { closed.WriteSome(&byte, 1); });
  expect_said("Shutdown", [&] { closed.Shutdown(Socket::Side::kBoth); });
  expect_said("SetNoDelay", [&] { closed.SetNoDelay(true); });
  expect_said("local_address", [&] { closed.local_address(); });
  expect_said("peer_address", [&] { closed.peer_address(); });
}

// The one that was woken by its limit or a kill has not run yet when another
// one destroys the socket.
TEST(Socket, MayBeDestroyedBetweenATimeoutAndItsArrival) {
  InSimulatedTime([](SimulatedTime& time) {
    auto sockets = Socket::Pair();
    auto here = std::make_unique<Socket>(std::move(sockets.first));
    sockets.second.Write("abc");
    SpawnN([&] {
      Sleep(absl::Seconds(1));
      here.reset();
    });
    auto exactly = Spawn([&] {
      const Timeout timeout(absl::Seconds(2));
      here->ReadExactly(5);
    });
    Yield();
    time.clock.AdvanceTo(5'000'000'000);
    EXPECT_THROW(exactly.Wait(), TimeoutExpired);
    EXPECT_EQ(here, nullptr);
  });
}

TEST(Socket, MayBeDestroyedBetweenAKillAndItsArrival) {
  InSimulatedTime([](SimulatedTime&) {
    auto sockets = Socket::Pair();
    auto here = std::make_unique<Socket>(std::move(sockets.first));
    sockets.second.Write("abc");
    auto to_end = Spawn([&] { here->ReadToEnd(); });
    Hub::Current().CallAfter(absl::Seconds(1), [&] {
      to_end.Kill();
      here.reset();
    });
    EXPECT_THROW(to_end.Wait(), GreenExit);
  });
}

TEST(Socket, MayBeDestroyedWhileAGreedyReaderGivesWay) {
  auto sockets = Socket::Pair();
  auto here = std::make_unique<Socket>(std::move(sockets.first));
  sockets.second.Write(std::string(1000, 'x'));
  auto greedy = Spawn([&] {
    char byte;
    for (;;) here->Read(&byte, 1);
  });
  auto destroys = Spawn([&] { here.reset(); });
  EXPECT_THROW(greedy.Wait(), IoClosed);
}

TEST(Socket, ACallbackMayWriteAnyNumberOfTimes) {
  InSimulatedTime([](SimulatedTime&) {
    auto sockets = Socket::Pair();
    std::string error;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      error = MessageOf([&] {
        for (int i = 0; i < 300; ++i) {
          sockets.first.Write("x");
          sockets.second.ReadExactly(1);
        }
      });
    });
    Sleep(absl::Seconds(1));
    EXPECT_EQ(error, "");
  });
}

TEST(Socket, AResetEndsReadsAndWrites) {
  auto [here, there] = TcpPair();
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(
      setsockopt(there.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
      0);
  auto reader = Spawn([&socket = here] { socket.ReadExactly(1); });
  Yield();
  there.Close();
  EXPECT_THAT(MessageOf([&] { reader.Wait(); }), HasSubstr("Connection reset"));
  EXPECT_THAT(MessageOf([&socket = here] { socket.Write("x"); }),
              HasSubstr("Broken pipe"));
}

TEST(Socket, UrgentDataDoesNotHideWhatComesBehindIt) {
  auto sockets = TcpPair();
  Socket& here = sockets.first;
  const int peer = sockets.second.fd();
  auto reader = Spawn([&] { return here.ReadExactly(4); });
  Yield();
  ASSERT_EQ(send(peer, "ab!", 3, MSG_OOB), 3);  // '!' is urgent
  ASSERT_EQ(send(peer, "cd", 2, 0), 2);
  EXPECT_EQ(reader.Wait(), "abcd");
  auto next = Spawn([&] { return here.ReadExactly(2); });
  Yield();
  ASSERT_EQ(send(peer, "?", 1, MSG_OOB), 1);
  Yield();
  ASSERT_EQ(send(peer, "ef", 2, 0), 2);
  EXPECT_EQ(next.Wait(), "ef");
}

TEST(Fork, AChildThatClosesItsCopyDoesNotDisturbTheParent) {
  auto sockets = Socket::Pair();
  Socket& here = sockets.first;
  auto reader = Spawn([&] { return here.ReadExactly(4); });
  Yield();
  EXPECT_EQ(StatusOfChild([&] {
              here.Close();
              sockets.second.Close();
              return 7;
            }),
            7);
  EXPECT_FALSE(reader.Finished());
  sockets.second.Write("data");
  EXPECT_EQ(reader.Wait(), "data");
}

TEST(Fork, AChildMayUseAndWaitForItsCopy) {
  auto sockets = Socket::Pair();
  Socket& here = sockets.first;
  auto reader = Spawn([&] { return here.ReadExactly(4); });
  Yield();
  EXPECT_EQ(StatusOfChild([&] {
              auto waits = Spawn([&] { return here.ReadExactly(1); });
              Yield();
              sockets.second.Write("x");
              const bool got = waits.Wait() == "x";
              here.Close();
              sockets.second.Write("data");
              return got ? 7 : 1;
            }),
            7);
  EXPECT_EQ(reader.Wait(), "data");
}

// The system goes on watching a file that the child has, too.
TEST(Fork, AFileThatTheChildKeepsIsNotTakenForTheNextUnderItsNumber) {
  auto sockets = Socket::Pair();
  Pipe go;
  auto waits = Spawn([&] { sockets.first.ReadExactly(1); });
  Yield();
  const pid_t child = fork();
  if (child == 0) {
    go.CloseWriteEnd();
    _exit(go.TakeByte() == '\0' ? 7 : 1);  // keeps both until then
  }
  const int number = sockets.first.fd();
  sockets.first.Close();
  EXPECT_THROW(waits.Wait(), IoClosed);
  auto others = Socket::Pair();
  ASSERT_EQ(others.first.fd(), number);
  auto next = Spawn([&] { return others.first.ReadExactly(1); });
  Yield();
  sockets.second.Write("old");
  for (int i = 0; i < 3; ++i) Yield();
  EXPECT_FALSE(next.Finished());
  others.second.Write("x");
  EXPECT_EQ(next.Wait(), "x");
  go.CloseWriteEnd();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Fork, AChildMayWaitForABareFdThatTheParentWaitsFor) {
  const Pipe pipe;
  auto reader = Spawn([&] {
    WaitReadable(pipe.read_end());
    return pipe.TakeByte();
  });
  Yield();
  EXPECT_EQ(StatusOfChild([&] {
              const bool late =
                  !MessageOf([&] {
                     WaitReadable(pipe.read_end(), absl::Nanoseconds(1));
                   }).empty();
              NotifyClose(pipe.read_end());
              return late ? 7 : 1;
            }),
            7);
  EXPECT_FALSE(reader.Finished());
  pipe.Put("x");
  EXPECT_EQ(reader.Wait(), 'x');
}

TEST(Fork, AChildMayAcceptForItsParent) {
  Listener listener = Listen("127.0.0.1:0");
  auto accepts = Spawn([&] { return listener.Accept().ReadExactly(1); });
  Yield();
  EXPECT_EQ(StatusOfChild([&] {
              Socket client = Connect(listener.address().ToString());
              client.Write("c");
              return listener.Accept().ReadExactly(1) == "c" ? 7 : 1;
            }),
            7);
  EXPECT_FALSE(accepts.Finished());
  Socket client = Connect(listener.address().ToString());
  client.Write("p");
  EXPECT_EQ(accepts.Wait(), "p");
}

}  // namespace
}  // namespace green
