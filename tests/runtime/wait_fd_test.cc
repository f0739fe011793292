#include "green/wait_fd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
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
using testing::ElementsAre;
using testing::HasSubstr;

void ExpectNotOpen(const std::function<void()>& wait) {
  try {
    wait();
    FAIL() << "was open";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::bad_file_descriptor) << error.what();
  }
}

// Lets several wait to read the same; refused again when it goes.
struct AllowManyReaders {
  AllowManyReaders() { debug::HubPreventMultipleReaders(false); }
  ~AllowManyReaders() { debug::HubPreventMultipleReaders(true); }
};

TEST(WaitFd, DoesNotWaitForWhatIsReady) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    WaitWritable(pipe.write_end());
    pipe.Put("x");
    WaitReadable(pipe.read_end());
    WaitReadable(pipe.read_end(), absl::ZeroDuration());
    WaitReadable(pipe.read_end(), -absl::InfiniteDuration());
    EXPECT_EQ(time.poller.waits(), 0);
  });
}

TEST(WaitFd, WaitsUntilThereIsSomething) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    auto reader = Spawn([&] {
      WaitReadable(pipe.read_end(), absl::Seconds(10));
      return pipe.TakeByte();
    });
    Sleep(absl::Seconds(3));
    EXPECT_FALSE(reader.Finished());
    pipe.Put("x");
    EXPECT_EQ(reader.Wait(), 'x');
    EXPECT_EQ(time.clock.Read().now_ns, 3 * kSecondNs);
  });
}

TEST(WaitFd, IsAboutWhatIsThereAndNotWhatChanged) {
  const Pipe pipe;
  pipe.Put("abc");
  std::string got;
  while (got.size() < 3) {
    WaitReadable(pipe.read_end());
    got += pipe.TakeByte();
  }
  EXPECT_EQ(got, "abc");
}

TEST(WaitFd, WaitsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    EXPECT_THROW(WaitReadable(pipe.read_end(), absl::Seconds(2)), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    EXPECT_THROW(WaitReadable(pipe.read_end(), absl::ZeroDuration()),
                 IoTimeout);
    EXPECT_THROW(WaitReadable(pipe.read_end(), -absl::Seconds(1)), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    EXPECT_THAT(MessageOf([&] {
                  WaitReadable(pipe.read_end(), absl::Milliseconds(5));
                }),
                AllOf(HasSubstr("green::WaitReadable: fd "),
                      HasSubstr("was not ready within 5ms")));
  });
}

// The hub was too busy to look before the time was over.
TEST(WaitFd, WhatIsReadyWhenTimeIsOverIsReady) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    auto reader =
        Spawn([&] { WaitReadable(pipe.read_end(), absl::Seconds(1)); });
    Yield();
    pipe.Put("x");
    time.clock.AdvanceTo(5 * kSecondNs);
    EXPECT_NO_THROW(reader.Wait());
  });
}

TEST(WaitFd, TheEndAndAnErrorEndWaits) {
  Pipe pipe;
  auto reader = Spawn([&] { WaitReadable(pipe.read_end()); });
  Yield();
  pipe.CloseWriteEnd();
  EXPECT_NO_THROW(reader.Wait());

  Pipe full;
  fcntl(full.write_end(), F_SETFL, O_NONBLOCK);
  const std::string block(4096, 'x');
  while (write(full.write_end(), block.data(), block.size()) > 0) {
  }
  auto writer = Spawn([&] { WaitWritable(full.write_end()); });
  Yield();
  full.CloseReadEnd();
  EXPECT_NO_THROW(writer.Wait());
}

TEST(WaitFd, NotifyCloseTellsThoseWhoWait) {
  InSimulatedTime([](SimulatedTime&) {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    auto reader = Spawn([&] { WaitReadable(fds[0]); });
    auto timed = Spawn([&] { WaitReadable(fds[1], absl::Seconds(1)); });
    Yield();
    NotifyClose(fds[0]);
    NotifyClose(fds[1]);
    NotifyClose(-1);
    close(fds[0]);
    close(fds[1]);
    EXPECT_THROW(reader.Wait(), IoClosed);
    EXPECT_THAT(MessageOf([&] { timed.Wait(); }),
                HasSubstr("was closed meanwhile"));
  });
}

TEST(WaitFd, WhoIsClosedAfterItWasReadyIsTold) {
  InSimulatedTime([](SimulatedTime&) {
    const Pipe first;
    const Pipe second;
    // Both are ready in the same turn; whoever runs first closes both.
    const auto wait = [&](const Pipe& its) {
      WaitReadable(its.read_end());
      NotifyClose(first.read_end());
      NotifyClose(second.read_end());
    };
    auto one = Spawn([&] { wait(first); });
    auto other = Spawn([&] { wait(second); });
    Yield();
    first.Put("x");
    second.Put("x");
    Sleep(absl::Seconds(1));
    EXPECT_NE(MessageOf([&] { one.Wait(); }) == "",
              MessageOf([&] { other.Wait(); }) == "");
  });
}

TEST(WaitFd, RefusesASecondReaderAndNamesBoth) {
  const Pipe pipe;
  auto first = Spawn([&] { WaitReadable(pipe.read_end()); });
  first.SetName("first");
  auto second =
      Spawn([&] { return MessageOf([&] { WaitReadable(pipe.read_end()); }); });
  second.SetName("second");
  EXPECT_THAT(second.Wait(), AllOf(HasSubstr("second simultaneous read on fd " +
                                             std::to_string(pipe.read_end())),
                                   HasSubstr("(first)"), HasSubstr("(second)"),
                                   HasSubstr("HubPreventMultipleReaders")));
  EXPECT_THROW(WaitReadable(pipe.read_end()), std::logic_error);
  pipe.Put("x");
  EXPECT_NO_THROW(first.Wait());
}

TEST(WaitFd, LetsAllReadersGoOnWhenThereMayBeMany) {
  const AllowManyReaders allow;
  const Pipe pipe;
  auto first = Spawn([&] { WaitReadable(pipe.read_end()); });
  auto second = Spawn([&] { WaitReadable(pipe.read_end()); });
  Yield();
  pipe.Put("x");
  first.Wait();
  second.Wait();
}

TEST(WaitFd, OneOfManyReadersMayLeave) {
  InSimulatedTime([](SimulatedTime&) {
    const AllowManyReaders allow;
    const Pipe pipe;
    auto stays = Spawn([&] { WaitReadable(pipe.read_end()); });
    auto leaves =
        Spawn([&] { WaitReadable(pipe.read_end(), absl::Seconds(1)); });
    EXPECT_THROW(leaves.Wait(), IoTimeout);
    pipe.Put("x");
    EXPECT_NO_THROW(stays.Wait());
  });
}

TEST(WaitFd, AReaderAndAWriterMayWaitForTheSame) {
  auto [here, there] = Socket::Pair();
  const int fd = here.fd();
  const std::string block(4096, 'x');
  size_t sent = 0;
  for (;;) {
    const ssize_t put = send(fd, block.data(), block.size(), MSG_NOSIGNAL);
    if (put < 0) break;
    sent += static_cast<size_t>(put);
  }
  std::vector<std::string> order;
  auto reader = Spawn([&] {
    WaitReadable(fd);
    order.push_back("read");
  });
  auto writer = Spawn([&] {
    WaitWritable(fd);
    order.push_back("written");
  });
  Yield();
  there.Write("x");
  reader.Wait();
  EXPECT_FALSE(writer.Finished());
  there.ReadExactly(sent);
  writer.Wait();
  EXPECT_THAT(order, ElementsAre("read", "written"));
}

// The first was let go on, but has not run yet.
TEST(WaitFd, WhoComesNextDoesNotDisturbOneThatIsReady) {
  InSimulatedTime([](SimulatedTime&) {
    const AllowManyReaders allow;
    const Pipe pipe;
    std::vector<GreenThread<void>> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(Spawn([&] {
        WaitReadable(pipe.read_end());
        WaitReadable(pipe.read_end(), absl::Seconds(1));
      }));
    }
    Yield();
    pipe.Put("x");
    for (auto& each : all) EXPECT_NO_THROW(each.Wait());
  });
}

TEST(WaitFd, WhoComesNextDoesNotDisturbOneWhoseTimeIsOver) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    auto first =
        Spawn([&] { WaitReadable(pipe.read_end(), absl::Seconds(2)); });
    auto next = Spawn([&] {
      Sleep(absl::Seconds(1));
      WaitReadable(pipe.read_end());
    });
    Yield();
    // Both are late, so the one that sleeps runs first.
    time.clock.AdvanceTo(5 * kSecondNs);
    EXPECT_THROW(first.Wait(), IoTimeout);
    EXPECT_FALSE(next.Finished());
    pipe.Put("x");
    EXPECT_NO_THROW(next.Wait());
  });
}

// Puts another file under the number of `fd`, without a word.
void ReplaceBy(int file, int fd) { ASSERT_EQ(dup2(file, fd), fd); }

TEST(WaitFd, TellsOfAFileThatWasReplacedWithoutAWord) {
  const Pipe old;
  const Pipe young;
  const int fd = dup(old.read_end());
  auto reader = Spawn([&] { WaitReadable(fd); });
  Yield();
  ReplaceBy(young.read_end(), fd);
  auto next = Spawn([&] { WaitReadable(fd); });
  EXPECT_THROW(reader.Wait(), IoClosed);
  // The old one is still watched by the system, because it is still open.
  old.Put("x");
  for (int i = 0; i < 3; ++i) Yield();
  EXPECT_FALSE(next.Finished());
  young.Put("x");
  EXPECT_NO_THROW(next.Wait());
  close(fd);
}

TEST(WaitFd, TellsOfAFileThatWasReplacedByARegularOne) {
  InSimulatedTime([](SimulatedTime&) {
    const Pipe old;
    const int regular = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const int fd = dup(old.read_end());
    auto reader = Spawn([&] { WaitReadable(fd, absl::Seconds(1)); });
    Yield();
    ReplaceBy(regular, fd);
    WaitReadable(fd);
    EXPECT_THROW(reader.Wait(), IoClosed);
    close(fd);
    close(regular);
  });
}

TEST(WaitFd, TellsOfAFileThatWasFoundClosed) {
  InSimulatedTime([](SimulatedTime&) {
    const Pipe old;
    const int fd = dup(old.read_end());
    auto reader = Spawn([&] { WaitReadable(fd, absl::Seconds(1)); });
    Yield();
    close(fd);
    ExpectNotOpen([&] { WaitReadable(fd); });
    EXPECT_THROW(reader.Wait(), IoClosed);
  });
}

TEST(WaitFd, ARegularFileIsAlwaysReady) {
  const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  WaitReadable(fd);
  WaitReadable(fd, absl::ZeroDuration());
  WaitWritable(fd, absl::Seconds(1));
  close(fd);
}

TEST(WaitFd, SaysThatAnFdIsNotOpen) {
  Hub::Current();  // or its own fds would take the number
  Pipe pipe;
  const int fd = pipe.read_end();
  pipe.CloseReadEnd();
  ExpectNotOpen([&] { WaitReadable(fd); });
  ExpectNotOpen([&] { WaitWritable(fd, absl::Seconds(1)); });
  ExpectNotOpen([&] { WaitReadable(fd, absl::ZeroDuration()); });
  ExpectNotOpen([] { WaitReadable(-1); });
  ExpectNotOpen([] { WaitReadable(INT_MIN, absl::ZeroDuration()); });
  ExpectNotOpen([] { WaitReadable(INT_MAX); });
}

TEST(WaitFd, WhoIsKilledLeavesNothingWatched) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    auto reader = Spawn([&] { WaitReadable(pipe.read_end()); });
    Yield();
    reader.Kill();
    EXPECT_THROW(reader.Wait(), GreenExit);
    pipe.Put("x");
    // No time passes while there is an event.
    time.poller.Wait(1);
    EXPECT_TRUE(time.poller.Events().empty());
    EXPECT_NO_THROW(WaitReadable(pipe.read_end()));
  });
}

TEST(WaitFd, ATimeoutIsThrownIntoAWait) {
  InSimulatedTime([](SimulatedTime& time) {
    const Pipe pipe;
    {
      const Timeout timeout(absl::Seconds(1));
      EXPECT_THROW(WaitReadable(pipe.read_end()), TimeoutExpired);
    }
    EXPECT_EQ(time.clock.Read().now_ns, kSecondNs);
    pipe.Put("x");
    time.poller.Wait(1);
    EXPECT_TRUE(time.poller.Events().empty());
  });
}

TEST(WaitFd, ACallbackMustNotWait) {
  InSimulatedTime([](SimulatedTime&) {
    const Pipe pipe;
    std::string message;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      message = MessageOf([&] { WaitReadable(pipe.read_end()); });
    });
    Sleep(absl::Seconds(1));
    EXPECT_THAT(message, HasSubstr("must not wait"));
    pipe.Put("x");
    EXPECT_NO_THROW(WaitReadable(pipe.read_end()));
  });
}

// Urgent data is no data that a read returns.
TEST(WaitFd, UrgentDataAloneIsNothingToRead) {
  auto [here, there] = TcpPair();
  ASSERT_EQ(send(there.fd(), "!", 1, MSG_OOB), 1);
  char byte;
  while (recv(here.fd(), &byte, 1, MSG_OOB | MSG_PEEK) != 1) {
  }
  const int fd = here.Release();
  InSimulatedTime([fd](SimulatedTime&) {
    EXPECT_THROW(WaitReadable(fd, absl::Seconds(1)), IoTimeout);
  });
  close(fd);
}

TEST(WaitFd, EachHubWaitsForItself) {
  const Pipe pipe;
  auto here = Spawn([&] { WaitReadable(pipe.read_end()); });
  Yield();
  OnFreshThread([&] {
    auto there = Spawn([&] { WaitReadable(pipe.read_end()); });
    Yield();
    pipe.Put("x");
    EXPECT_NO_THROW(there.Wait());
  });
  EXPECT_NO_THROW(here.Wait());
}

}  // namespace
}  // namespace green
