#include "green/serve.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green.h"
#include "green/sanitizers.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/net_testing.h"

namespace green {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Unix, because what is sent there has come when the call returns, whatever the
// machine is busy with: in simulated time nothing else can be waited for.
class Served {
 public:
  explicit Served(std::function<void(Socket)> handler,
                  const ServeOptions& options = {})
      : listener_(Listen("unix:@green_serve_test_" + std::to_string(getpid()))),
        server_(Spawn([this, handler = std::move(handler), options] {
          Serve(listener_, handler, options);
        })) {
    Yield();
  }
  // Also when a test fails half way.
  ~Served() {
    listener_.Close();
    server_.Kill();
  }

  Socket Dial() const { return Connect(listener_.address().ToString()); }
  Listener& listener() { return listener_; }
  GreenThread<void>& server() { return server_; }

 private:
  Listener listener_;
  GreenThread<void> server_;
};

void Echo(Socket client) {
  char buffer[512];
  while (const size_t size = client.Read(buffer, sizeof(buffer))) {
    client.Write(buffer, size);
  }
}

// For as long as it lives, accept() finds no more than `more` fds left, and
// those who dial take of them, too. It is accept() that pretends, instead of a
// limit that the system keeps: a sanitizer opens fds of its own, and takes what
// it cannot look at for broken.
class FewFds {
 public:
  explicit FewFds(int more) {
    const Pipe any;
    std::vector<int> free;
    for (int i = 0; i <= more; ++i) free.push_back(dup(any.read_end()));
    for (const int fd : free) close(fd);
    // The pipe's are free, too, when it goes.
    limit = free[static_cast<size_t>(more) - 2];
  }
  ~FewFds() { limit = INT_MAX; }

  static bool AreUsedUp() {
    const int next = dup(STDIN_FILENO);
    close(next);
    return next >= limit;
  }

 private:
  inline static int limit = INT_MAX;
};

}  // namespace

extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  static const auto next =
      reinterpret_cast<decltype(&accept4)>(dlsym(RTLD_NEXT, "accept4"));
  if (!FewFds::AreUsedUp()) return next(fd, address, size, flags);
  errno = EMFILE;
  return -1;
}

namespace {

TEST(Serve, ServesManyAtOnce) {
  Served served(Echo);
  std::vector<Socket> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(served.Dial());
  for (Socket& client : clients) client.Write("ping");
  for (Socket& client : clients) EXPECT_EQ(client.ReadExactly(4), "ping");
  for (Socket& client : clients) client.Shutdown(Socket::Side::kWrite);
  for (Socket& client : clients) EXPECT_EQ(client.ReadToEnd(), "");
}

TEST(Serve, ServesOverTcp) {
  Listener listener = Listen("127.0.0.1:0");
  auto server = Spawn([&] { Serve(listener, Echo); });
  Socket client = Connect(listener.address().ToString());
  client.Write("ping");
  EXPECT_EQ(client.ReadExactly(4), "ping");
  client.Close();
  listener.Close();
  EXPECT_NO_THROW(server.Wait());
}

TEST(Serve, LeavesInTheBacklogWhoIsTooMany) {
  InSimulatedTime([](SimulatedTime&) {
    int begun = 0;
    Served served(
        [&](Socket client) {
          ++begun;
          Echo(std::move(client));
        },
        {.concurrency = 2});
    std::vector<Socket> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(served.Dial());
    Sleep(absl::Seconds(1));
    EXPECT_EQ(begun, 2);
    clients[0].Close();
    clients[2].Write("x");
    EXPECT_EQ(clients[2].ReadExactly(1), "x");
    EXPECT_EQ(begun, 3);
  });
}

TEST(Serve, OutlivesAHandlersExceptionAndReportsIt) {
  InSimulatedTime([](SimulatedTime&) {
    std::vector<std::string> reports;
    debug::SetReportSink(
        [&](absl::string_view report) { reports.emplace_back(report); });
    Served served(
        [](Socket client) {
          if (client.ReadExactly(1) == "!") throw std::runtime_error("lost");
          client.Write("ok");
        },
        {.concurrency = 1});
    Socket bad = served.Dial();
    bad.Write("!");
    EXPECT_EQ(bad.ReadToEnd(), "");
    Socket good = served.Dial();
    good.Write("?");
    EXPECT_EQ(good.ReadToEnd(), "ok");
    debug::SetReportSink(nullptr);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_THAT(reports[0],
                AllOf(HasSubstr("green thread "), HasSubstr("lost")));
  });
}

TEST(Serve, IsStoppedByAHandler) {
  InSimulatedTime([](SimulatedTime&) {
    std::vector<std::string> order;
    Served served([&](Socket client) {
      if (client.ReadExactly(1) == "q") throw StopServe();
      order.push_back("served");
    });
    Socket stays = served.Dial();
    Socket stops = served.Dial();
    stops.Write("q");
    EXPECT_NO_THROW(served.server().Wait());
    order.push_back("stopped");
    EXPECT_EQ(stops.ReadToEnd(), "");
    EXPECT_TRUE(served.listener().is_open());
    // One that runs goes on.
    stays.Write("x");
    EXPECT_EQ(stays.ReadToEnd(), "");
    EXPECT_THAT(order, ElementsAre("stopped", "served"));
    // And nobody is accepted any more.
    Socket late = served.Dial();
    late.Write("x");
    Sleep(absl::Seconds(1));
    EXPECT_THAT(order, ElementsAre("stopped", "served"));
  });
}

TEST(Serve, IsStoppedByTheLastHandlerThereMayBe) {
  InSimulatedTime([](SimulatedTime&) {
    Served served([](Socket) { throw StopServe(); }, {.concurrency = 1});
    Socket first = served.Dial();
    Socket second = served.Dial();
    EXPECT_NO_THROW(served.server().Wait());
    EXPECT_EQ(first.ReadToEnd(), "");
    const Socket left = served.listener().Accept(absl::ZeroDuration());
    EXPECT_TRUE(left.is_open());
  });
}

TEST(Serve, EndsWhenItsListenerIsClosed) {
  InSimulatedTime([](SimulatedTime&) {
    Served served(Echo);
    Socket client = served.Dial();
    client.Write("x");
    EXPECT_EQ(client.ReadExactly(1), "x");
    served.listener().Close();
    EXPECT_NO_THROW(served.server().Wait());
    client.Write("y");
    EXPECT_EQ(client.ReadExactly(1), "y");
  });
}

TEST(Serve, EndsWhenItsListenerIsClosedByAHandler) {
  InSimulatedTime([](SimulatedTime&) {
    Listener listener = Listen("unix:@green_serve_test_closes");
    auto server = Spawn([&] {
      Serve(listener, [&](Socket) { listener.Close(); }, {.concurrency = 1});
    });
    Socket client = Connect(listener.address().ToString());
    EXPECT_NO_THROW(server.Wait());
  });
}

TEST(Serve, MayBeServedAgain) {
  InSimulatedTime([](SimulatedTime&) {
    Served served([](Socket) { throw StopServe(); });
    Socket first = served.Dial();
    served.server().Wait();
    auto again = Spawn([&] { Serve(served.listener(), Echo); });
    Socket second = served.Dial();
    second.Write("x");
    EXPECT_EQ(second.ReadExactly(1), "x");
    served.listener().Close();
    again.Wait();
  });
}

TEST(Serve, MayBeKilledWhileItsHandlersGoOn) {
  InSimulatedTime([](SimulatedTime&) {
    Served served(Echo);
    Socket client = served.Dial();
    client.Write("w");
    EXPECT_EQ(client.ReadExactly(1), "w");
    served.server().Kill();
    EXPECT_THROW(served.server().Wait(), GreenExit);
    client.Write("x");
    EXPECT_EQ(client.ReadExactly(1), "x");
  });
}

TEST(Serve, AKilledHandlerMakesRoomForTheNext) {
  InSimulatedTime([](SimulatedTime&) {
    std::vector<std::function<void()>> kills;
    Served served(
        [&](Socket client) {
          auto inner = Spawn([&] { Echo(std::move(client)); });
          kills.emplace_back([&inner] { inner.Kill(); });
          inner.Wait();
        },
        {.concurrency = 1});
    Socket first = served.Dial();
    Socket second = served.Dial();
    Sleep(absl::Seconds(1));
    ASSERT_EQ(kills.size(), 1u);
    kills[0]();
    EXPECT_EQ(first.ReadToEnd(), "");
    second.Write("x");
    EXPECT_EQ(second.ReadExactly(1), "x");
  });
}

TEST(Serve, SaysWhatItCannotServe) {
  Listener listener = Listen("127.0.0.1:0");
  EXPECT_THROW(Serve(listener, Echo, {.concurrency = 0}),
               std::invalid_argument);
  EXPECT_THAT(MessageOf([&] { Serve(listener, Echo, {.concurrency = -5}); }),
              HasSubstr("concurrency must be at least 1"));
  listener.Close();
  EXPECT_EQ(MessageOf([&] { Serve(listener, Echo); }),
            "green::Listener::Serve: it is closed: Bad file descriptor");
}

TEST(Serve, RefusesASecondServerOfTheSameListener) {
  InSimulatedTime([](SimulatedTime&) {
    Served served(Echo);
    EXPECT_THROW(Serve(served.listener(), Echo), std::logic_error);
    Socket client = served.Dial();
    client.Write("x");
    EXPECT_EQ(client.ReadExactly(1), "x");
  });
}

// What it tried when is told by simulated time.
TEST(Serve, SurvivesThatThereAreNoFdsLeft) {
  InSimulatedTime([](SimulatedTime& time) {
    std::vector<std::string> reports;
    debug::SetReportSink(
        [&](absl::string_view report) { reports.emplace_back(report); });
    Served served(Echo);
    {
      // For the two that dial; who accepts has none.
      const FewFds few(2);
      reports.clear();
      Socket first = served.Dial();
      first.Write("x");
      Socket second = served.Dial();
      second.Write("y");
      Sleep(absl::Seconds(10));
      EXPECT_EQ(reports.size(), 1u);
      // It takes the place of the one that goes.
      first.Close();
      Sleep(absl::Seconds(2));
      second.Close();
      Sleep(absl::Seconds(2));
    }
    debug::SetReportSink(nullptr);
    ASSERT_FALSE(reports.empty());
    EXPECT_THAT(reports[0], AllOf(HasSubstr("green::Serve: no more "
                                            "connections for now"),
                                  HasSubstr("Too many open files")));
    EXPECT_LT(time.poller.waits(), 40);
    Socket client = served.Dial();
    client.Write("z");
    EXPECT_EQ(client.ReadExactly(1), "z");
  });
}

TEST(Serve, AHandlerThatEndsMakesRoomForOneThatFoundNoFd) {
  InSimulatedTime([](SimulatedTime& time) {
    debug::SetReportSink([](absl::string_view) {});
    Served served(Echo);
    // Two that dial, and one that accepts.
    const FewFds few(3);
    Socket first = served.Dial();
    first.Write("x");
    EXPECT_EQ(first.ReadExactly(1), "x");
    Socket second = served.Dial();
    second.Write("y");
    Sleep(absl::Seconds(10));
    const int64_t before_ns = time.clock.Read().now_ns;
    first.Shutdown(Socket::Side::kBoth);
    EXPECT_EQ(second.ReadExactly(1), "y");
    EXPECT_EQ(time.clock.Read().now_ns, before_ns);
    debug::SetReportSink(nullptr);
  });
}

#if !defined(GREEN_ASAN) && !defined(GREEN_TSAN)
// The sanitizers have their own ideas of how much memory there may be.
TEST(Serve, AHandlerForWhichThereWasNoStackKeepsNoPlace) {
  EXPECT_EQ(StatusOfChild([] {
              Listener listener = Listen("unix:@" + std::to_string(getpid()));
              const std::string address = listener.address().ToString();
              const Socket first = Connect(address);
              Socket second;
              rlimit before = {};
              getrlimit(RLIMIT_AS, &before);
              const rlimit nothing = {.rlim_cur = 1,
                                      .rlim_max = before.rlim_max};
              setrlimit(RLIMIT_AS, &nothing);
              Hub::Current().CallAfter(absl::Milliseconds(1), [&] {
                setrlimit(RLIMIT_AS, &before);
                second = Connect(address);
              });
              int served = 0;
              Serve(listener,
                    [&](Socket) {
                      ++served;
                      throw StopServe();
                    },
                    {.concurrency = 1});
              Yield();
              return served == 1 ? 0 : 1;
            }),
            0);
}
#endif

}  // namespace
}  // namespace green
