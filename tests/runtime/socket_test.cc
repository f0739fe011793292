#include "green/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
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
using testing::AnyOf;
using testing::HasSubstr;

std::string BigText() {
  std::string text(size_t{3} << 20, '\0');
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>(i * 31 + (i >> 8));
  }
  return text;
}

enum class Kind { kUnix, kTcp };

class SocketOfKind : public testing::TestWithParam<Kind> {
 protected:
  std::pair<Socket, Socket> pair_ =
      GetParam() == Kind::kTcp ? TcpPair() : Socket::Pair();
  Socket& here_ = pair_.first;
  Socket& there_ = pair_.second;
};

INSTANTIATE_TEST_SUITE_P(All, SocketOfKind,
                         testing::Values(Kind::kUnix, Kind::kTcp),
                         [](const auto& instance) {
                           return instance.param == Kind::kTcp ? "Tcp" : "Unix";
                         });

TEST_P(SocketOfKind, ReadGivesWhatIsThere) {
  here_.Write("ping");
  char buffer[512];
  EXPECT_EQ(there_.Read(buffer, sizeof(buffer)), 4u);
  EXPECT_EQ(std::string(buffer, 4), "ping");
}

TEST_P(SocketOfKind, ReadWaitsForSomething) {
  auto reader = Spawn([&] { return there_.ReadExactly(1); });
  Yield();
  EXPECT_FALSE(reader.Finished());
  here_.Write("x");
  EXPECT_EQ(reader.Wait(), "x");
}

TEST_P(SocketOfKind, ReadExactlyWaitsForAll) {
  auto reader = Spawn([&] { return there_.ReadExactly(6); });
  for (const char* const part : {"ab", "cd", "efgh"}) {
    Yield();
    EXPECT_FALSE(reader.Finished());
    here_.Write(part);
  }
  EXPECT_EQ(reader.Wait(), "abcdef");
  EXPECT_EQ(there_.ReadExactly(2), "gh");
}

TEST_P(SocketOfKind, WritesMoreThanTheSystemTakesAtOnce) {
  const std::string text = BigText();
  auto writer = Spawn([&] {
    here_.Write(text);
    here_.Shutdown(Socket::Side::kWrite);
  });
  EXPECT_EQ(there_.ReadToEnd(), text);
  writer.Wait();
}

TEST_P(SocketOfKind, GoesBothWaysAtOnce) {
  const std::string text = BigText();
  auto there_writes = Spawn([&] { there_.Write(text); });
  auto there_reads = Spawn([&] { return there_.ReadExactly(text.size()); });
  auto here_writes = Spawn([&] { here_.Write(text); });
  EXPECT_EQ(here_.ReadExactly(text.size()), text);
  EXPECT_EQ(there_reads.Wait(), text);
  here_writes.Wait();
  there_writes.Wait();
}

TEST_P(SocketOfKind, WriteSomeTellsHowMuch) {
  const std::string text = BigText();
  const size_t put = here_.WriteSome(text.data(), text.size());
  EXPECT_GT(put, 0u);
  EXPECT_LT(put, text.size());
  EXPECT_EQ(there_.ReadExactly(put), text.substr(0, put));
}

TEST_P(SocketOfKind, WhatCameBeforeTheEndIsRead) {
  auto reader = Spawn([&] { return there_.ReadToEnd(); });
  Yield();
  here_.Write("last words");
  here_.Close();
  EXPECT_EQ(reader.Wait(), "last words");
  char byte;
  EXPECT_EQ(there_.Read(&byte, 1), 0u);
  EXPECT_EQ(there_.ReadToEnd(), "");
}

TEST_P(SocketOfKind, TheEndThatComesAfterAWaitIsSeen) {
  auto reader = Spawn([&] { return there_.ReadToEnd(); });
  Yield();
  here_.Write("a");
  Yield();
  Yield();
  here_.Write("b");
  here_.Close();
  EXPECT_EQ(reader.Wait(), "ab");
}

TEST_P(SocketOfKind, WhatCameOfTooLittleIsStillThere) {
  here_.Write("abc");
  here_.Close();
  EXPECT_THAT(MessageOf([&] { there_.ReadExactly(5); }),
              HasSubstr("the stream ended after 3 of 5 bytes"));
  EXPECT_THROW(there_.ReadExactly(4), EndOfStream);
  EXPECT_EQ(there_.ReadExactly(2), "ab");
  EXPECT_EQ(there_.ReadToEnd(), "c");
}

TEST_P(SocketOfKind, AKillLosesNothingThatWasRead) {
  here_.Write("abc");
  auto exactly = Spawn([&] { there_.ReadExactly(5); });
  Yield();
  exactly.Kill();
  auto to_end = Spawn([&] { there_.ReadToEnd(); });
  Yield();
  to_end.Kill();
  here_.Write("de");
  EXPECT_EQ(there_.ReadExactly(5), "abcde");
}

TEST_P(SocketOfKind, HalfOfItMayBeShut) {
  here_.Shutdown(Socket::Side::kWrite);
  EXPECT_EQ(there_.ReadToEnd(), "");
  there_.Write("still");
  EXPECT_EQ(here_.ReadExactly(5), "still");
  EXPECT_THROW(here_.Write("x"), std::system_error);
}

TEST_P(SocketOfKind, ShutdownEndsItsOwnReader) {
  auto reader = Spawn([&] { return here_.ReadToEnd(); });
  Yield();
  here_.Shutdown(Socket::Side::kRead);
  EXPECT_EQ(reader.Wait(), "");
}

// SIGPIPE would end the test.
TEST_P(SocketOfKind, WritingToNobodyIsAnError) {
  there_.Close();
  const std::string text = BigText();
  EXPECT_THAT(
      MessageOf([&] {
        for (;;) here_.Write(text);
      }),
      AllOf(HasSubstr("green::Socket::Write: fd "),
            AnyOf(HasSubstr("Broken pipe"), HasSubstr("Connection reset"))));
}

TEST_P(SocketOfKind, APeerThatGoesEndsAWriteThatWaits) {
  const std::string text = BigText();
  auto writer = Spawn([&] { here_.Write(text); });
  Yield();
  EXPECT_FALSE(writer.Finished());
  there_.Close();
  EXPECT_THROW(writer.Wait(), std::system_error);
}

TEST_P(SocketOfKind, APeerThatGoesWithUnreadBytesResets) {
  here_.Write("never read");
  auto reader = Spawn([&] { return here_.ReadExactly(1); });
  Yield();
  there_.Close();
  EXPECT_THAT(MessageOf([&] { reader.Wait(); }), HasSubstr("Connection reset"));
}

TEST_P(SocketOfKind, WhoWaitsIsToldThatItIsClosed) {
  const std::string text = BigText();
  auto reader = Spawn([&] { here_.ReadExactly(1); });
  auto writer = Spawn([&] { here_.Write(text); });
  Yield();
  here_.Close();
  EXPECT_FALSE(here_.is_open());
  EXPECT_THAT(MessageOf([&] { reader.Wait(); }),
              AllOf(HasSubstr("green::Socket::Read"),
                    HasSubstr("was closed meanwhile")));
  EXPECT_THROW(writer.Wait(), IoClosed);
}

TEST_P(SocketOfKind, ReleasingTellsWhoWaitsAndKeepsTheFdOpen) {
  auto reader = Spawn([&] { here_.ReadExactly(1); });
  Yield();
  const int fd = here_.Release();
  EXPECT_EQ(here_.fd(), -1);
  EXPECT_EQ(here_.Release(), -1);
  EXPECT_THROW(reader.Wait(), IoClosed);
  Socket again = Socket::Adopt(fd);
  auto second = Spawn([&] { return again.ReadExactly(1); });
  Yield();
  there_.Write("x");
  EXPECT_EQ(second.Wait(), "x");
}

TEST_P(SocketOfKind, IsUsedUnderTheNumberOfOneThatWasClosed) {
  auto reader = Spawn([&] { here_.ReadExactly(1); });
  Yield();
  auto [unplaced, its_peer] = Socket::Pair();
  const int fd = here_.fd();
  here_.Close();
  ASSERT_EQ(dup2(unplaced.fd(), fd), fd);
  Socket other = Socket::Adopt(fd);
  auto second = Spawn([&] { return other.ReadExactly(1); });
  Yield();
  there_.Close();
  its_peer.Write("x");
  EXPECT_EQ(second.Wait(), "x");
  EXPECT_THROW(reader.Wait(), IoClosed);
}

TEST_P(SocketOfKind, MayBeMovedBetweenWaits) {
  auto reader = Spawn([&] { return there_.ReadExactly(1); });
  Yield();
  here_.Write("a");
  EXPECT_EQ(reader.Wait(), "a");
  Socket moved = std::move(there_);
  EXPECT_FALSE(there_.is_open());
  auto second = Spawn([&] { return moved.ReadExactly(2); });
  Yield();
  here_.Write("bc");
  EXPECT_EQ(second.Wait(), "bc");
  moved = Socket();
  EXPECT_EQ(here_.ReadToEnd(), "");
}

TEST_P(SocketOfKind, AGreedyReaderGivesWay) {
  here_.Write(std::string(4096, 'x'));
  int others_turn = -1;
  int calls = 0;
  SpawnN([&] { others_turn = calls; });
  char byte;
  for (; calls < 1000; ++calls) there_.Read(&byte, 1);
  EXPECT_GT(others_turn, 0);
  EXPECT_LE(others_turn, 128);
}

TEST_P(SocketOfKind, NoBytesAreNoWait) {
  EXPECT_EQ(here_.Read(nullptr, 0), 0u);
  EXPECT_EQ(here_.ReadExactly(0), "");
  EXPECT_EQ(here_.WriteSome(nullptr, 0), 0u);
  here_.Write("");
}

TEST_P(SocketOfKind, RefusesASecondReaderAndNamesBoth) {
  auto first = Spawn([&] { here_.ReadExactly(1); });
  first.SetName("first");
  auto second = Spawn([&] { return MessageOf([&] { here_.ReadExactly(1); }); });
  second.SetName("second");
  EXPECT_THAT(second.Wait(),
              AllOf(HasSubstr("second simultaneous read"), HasSubstr("(first)"),
                    HasSubstr("(second)")));
  there_.Write("x");
  EXPECT_NO_THROW(first.Wait());
}

TEST_P(SocketOfKind, ManyReadersShareWhatComesWhenTheyMay) {
  debug::HubPreventMultipleReaders(false);
  std::vector<GreenThread<std::string>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(Spawn([&] { return there_.ReadExactly(1); }));
  }
  Yield();
  std::string got;
  for (auto& reader : readers) {
    here_.Write("x");
    got += reader.Wait();
  }
  debug::HubPreventMultipleReaders(true);
  EXPECT_EQ(got, "xxx");
}

TEST_P(SocketOfKind, IsReadByOneThatWaitedForItsBareFd) {
  auto reader = Spawn([&] {
    WaitReadable(here_.fd());
    return here_.ReadExactly(1);
  });
  auto bare = Spawn([&] { WaitWritable(here_.fd()); });
  bare.Wait();
  EXPECT_FALSE(reader.Finished());
  there_.Write("x");
  EXPECT_EQ(reader.Wait(), "x");
  auto again = Spawn([&] { WaitReadable(here_.fd()); });
  Yield();
  EXPECT_FALSE(again.Finished());
  there_.Write("y");
  again.Wait();
  EXPECT_EQ(here_.ReadExactly(1), "y");
}

TEST_P(SocketOfKind, IsHandedToAnotherThreadBeforeItsFirstWait) {
  OnFreshThread([this] {
    auto reader = Spawn([&] { return there_.ReadExactly(1); });
    Yield();
    here_.Write("x");
    EXPECT_EQ(reader.Wait(), "x");
  });
  // That thread's hub is gone.
  auto reader = Spawn([&] { return there_.ReadExactly(1); });
  Yield();
  here_.Write("y");
  EXPECT_EQ(reader.Wait(), "y");
}

TEST_P(SocketOfKind, AnotherThreadMayUseItButNotWaitForIt) {
  auto reader = Spawn([&] { return there_.ReadExactly(1); });
  Yield();
  here_.Write("x");
  reader.Wait();
  OnFreshThread([this] {
    here_.Write("y");
    EXPECT_EQ(there_.ReadExactly(1), "y");
    EXPECT_THAT(MessageOf([this] { there_.ReadExactly(1); }),
                HasSubstr("belongs to the hub of another thread"));
  });
}

// What is left of it with its hub must not keep others from being told.
TEST_P(SocketOfKind, TheNumberOfOneThatAnotherThreadClosedMayBeWaitedFor) {
  auto reader = Spawn([&] { return there_.ReadExactly(1); });
  Yield();
  here_.Write("x");
  reader.Wait();
  const Pipe pipe;
  const int number = there_.fd();
  OnFreshThread([this] { there_.Close(); });
  const int fd = dup2(pipe.read_end(), number);
  auto bare = Spawn([&] { WaitReadable(fd); });
  Yield();
  pipe.Put("x");
  EXPECT_NO_THROW(bare.Wait());
  NotifyClose(fd);
  close(fd);
}

TEST(Socket, ReadWaitsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    auto [here, there] = Socket::Pair();
    here.SetReadTimeout(absl::Seconds(2));
    char byte;
    EXPECT_THAT(
        MessageOf([&, &socket = here] { socket.Read(&byte, 1); }),
        AllOf(HasSubstr("green::Socket::Read: fd "), HasSubstr("timed out")));
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    here.SetReadTimeout(absl::ZeroDuration());
    EXPECT_THROW(here.Read(&byte, 1), IoTimeout);
    here.SetReadTimeout(-absl::InfiniteDuration());
    EXPECT_THROW(here.Read(&byte, 1), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    there.Write("x");
    EXPECT_EQ(here.Read(&byte, 1), 1u);
  });
}

// One call, however many pieces come.
TEST(Socket, ReadExactlyAndReadToEndWaitNoLongerThanTheyMayInAll) {
  InSimulatedTime([](SimulatedTime& time) {
    auto sockets = Socket::Pair();
    Socket& here = sockets.first;
    auto trickle = Spawn([&] {
      for (;;) {
        sockets.second.Write("x");
        Sleep(absl::Milliseconds(750));
      }
    });
    here.SetReadTimeout(absl::Seconds(2));
    EXPECT_THROW(here.ReadExactly(100), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    EXPECT_THROW(here.ReadToEnd(), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 4 * kSecondNs);
    EXPECT_EQ(here.ReadExactly(6), "xxxxxx");
    trickle.Kill();
  });
}

TEST(Socket, WriteWaitsNoLongerThanItMayInAll) {
  InSimulatedTime([](SimulatedTime& time) {
    auto sockets = Socket::Pair();
    Socket& here = sockets.first;
    const std::string text = BigText();
    here.SetWriteTimeout(absl::ZeroDuration());
    EXPECT_THROW(here.Write(text), IoTimeout);
    EXPECT_EQ(time.clock.Read().now_ns, 0);
    // Full already: it waits from the beginning on.
    auto trickle = Spawn([&] {
      for (;;) {
        Sleep(absl::Milliseconds(750));
        sockets.second.ReadExactly(size_t{160} << 10);
      }
    });
    here.SetWriteTimeout(absl::Seconds(2));
    EXPECT_THAT(MessageOf([&] { here.Write(text); }),
                HasSubstr("green::Socket::Write: fd "));
    EXPECT_EQ(time.clock.Read().now_ns, 2 * kSecondNs);
    trickle.Kill();
  });
}

TEST(Socket, ATimeoutIsThrownIntoAWaitAndLosesNothing) {
  InSimulatedTime([](SimulatedTime&) {
    auto sockets = Socket::Pair();
    sockets.second.Write("abc");
    {
      const Timeout timeout(absl::Seconds(1));
      EXPECT_THROW(sockets.first.ReadExactly(4), TimeoutExpired);
    }
    sockets.second.Write("d");
    EXPECT_EQ(sockets.first.ReadExactly(4), "abcd");
  });
}

}  // namespace
}  // namespace green
