#include "green/local.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;

TEST(Local, EachGreenThreadHasItsOwn) {
  Local<int> local;
  *local = -1;
  std::vector<GreenThread<int>> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(Spawn([&, i] {
      EXPECT_EQ(*local, 0);
      *local = i;
      Yield();
      return *local;
    }));
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(threads[i].Wait(), i);
  EXPECT_EQ(*local, -1);
}

TEST(Local, SeveralDoNotMix) {
  Local<int> number;
  Local<std::string> text;
  *number = 1;
  text->assign("one");
  EXPECT_EQ(*number, 1);
  EXPECT_EQ(text.Get(), "one");
}

TEST(Local, BeginsAsTheFactorySays) {
  int made = 0;
  Local<std::unique_ptr<int>> local(
      [&] { return std::make_unique<int>(++made); });
  EXPECT_EQ(made, 0);
  EXPECT_EQ(**local, 1);
  EXPECT_EQ(**local, 1);
  EXPECT_EQ(Spawn([&] { return **local; }).Wait(), 2);
  local.Clear();
  EXPECT_EQ(**local, 3);
}

TEST(Local, AFactoryMayWaitAndThrow) {
  bool fails = true;
  Local<int> local([&] {
    Yield();
    if (fails) throw std::runtime_error("no value");
    return 1;
  });
  EXPECT_THROW(*local, std::runtime_error);
  fails = false;
  EXPECT_EQ(*local, 1);
}

// Says where it is destroyed.
struct Witness {
  ~Witness() {
    if (stack_addresses == nullptr) return;
    Yield();
    char here;
    stack_addresses->push_back(&here);
  }
  std::vector<const char*>* stack_addresses = nullptr;
};

TEST(Local, IsDestroyedWhenItsGreenThreadEndsOnItsStack) {
  std::vector<const char*> addresses;
  Local<Witness> local;
  const char* there = nullptr;
  auto thread = Spawn([&] {
    char here;
    there = &here;
    local->stack_addresses = &addresses;
    Yield();
  });
  Yield();
  EXPECT_THAT(addresses, ElementsAre());
  thread.Wait();
  Yield();
  Yield();
  ASSERT_EQ(addresses.size(), 1u);
  // Stacks are 64 KiB or more apart from each other.
  EXPECT_LT(std::abs(addresses[0] - there), 64 << 10);
}

TEST(Local, IsDestroyedWhenItsGreenThreadIsKilled) {
  std::weak_ptr<int> seen;
  Local<std::shared_ptr<int>> local([] { return std::make_shared<int>(1); });
  auto thread = Spawn([&] {
    seen = *local;
    Sleep(absl::InfiniteDuration());
  });
  Yield();
  EXPECT_FALSE(seen.expired());
  thread.Kill();
  EXPECT_THROW(thread.Wait(), GreenExit);
  EXPECT_TRUE(seen.expired());
}

TEST(Local, OfTheThreadsOwnCodeIsDestroyedWithTheHub) {
  std::weak_ptr<int> seen;
  OnFreshThread([&] {
    Local<std::shared_ptr<int>> local([] { return std::make_shared<int>(1); });
    seen = *local;
  });
  EXPECT_TRUE(seen.expired());
}

TEST(Local, ItsValuesOutliveIt) {
  auto local = std::make_unique<Local<std::shared_ptr<int>>>();
  std::weak_ptr<int> seen;
  auto thread = Spawn([&] {
    **local = std::make_shared<int>(1);
    seen = **local;
    Yield();
  });
  Yield();
  local.reset();
  EXPECT_FALSE(seen.expired());
  thread.Wait();
  Yield();
  EXPECT_TRUE(seen.expired());
  Local<std::shared_ptr<int>> another;
  EXPECT_EQ(*another, nullptr);
}

// Its destructor asks for a value again.
struct Recaller {
  ~Recaller() {
    if (local != nullptr) ++**local;
  }
  Local<int>* local = nullptr;
};

TEST(Local, ADestructorMayAskForAnother) {
  Local<int> number;
  Local<Recaller> recaller;
  Spawn([&] {
    *number = 7;
    recaller->local = &number;
  }).Wait();
  recaller->local = &number;
  *number = 1;
  recaller.Clear();
  EXPECT_EQ(*number, 2);
}

TEST(Local, RefusesACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Local<int> local;
    int refused = 0;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      EXPECT_THROW(*local, std::logic_error);
      ++refused;
    });
    Sleep(absl::Seconds(1));
    EXPECT_EQ(refused, 1);
  });
}

}  // namespace
}  // namespace green
