#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green.h"
#include "green/introspect_abi.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/introspect_testing.h"
#include "runtime/machine.h"

namespace green {
namespace {

using ::testing::ElementsAreArray;

TEST(Block, IsFoundByItsNote) {
  const auto blocks = FindBlocks();
  ASSERT_EQ(blocks.size(), 1u);
  const abi::Block& block = *blocks[0];
  EXPECT_EQ(std::memcmp(block.magic, abi::kMagic, sizeof(abi::kMagic)), 0);
  EXPECT_EQ(block.version, abi::kVersion);
  EXPECT_EQ(block.size, sizeof(abi::Block));
}

void ExpectFieldsFit(const abi::FieldInfo* fields, uint32_t count,
                     uint32_t record_size) {
  std::vector<bool> taken(record_size);
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_GT(fields[i].size, 0);
    ASSERT_LE(uint32_t{fields[i].offset} + fields[i].size, record_size);
    for (uint32_t byte = 0; byte < fields[i].size; ++byte) {
      EXPECT_FALSE(taken[fields[i].offset + byte]) << "overlap";
      taken[fields[i].offset + byte] = true;
    }
  }
}

TEST(Block, FieldsLieInTheirRecordsAndApart) {
  const abi::Block& block = TheBlock();
  ExpectFieldsFit(block.hub_fields, block.hub_field_count, block.hub_size);
  ExpectFieldsFit(block.green_fields, block.green_field_count,
                  block.green_size);
  ExpectFieldsFit(block.context_fields, block.context_field_count,
                  block.context_size);
}

TEST(Block, TellsTheReturnAddressAndAllPreservedRegisters) {
  const abi::Block& block = TheBlock();
  std::vector<int> registers;
  for (uint32_t i = 0; i < block.context_field_count; ++i) {
    registers.push_back(block.context_fields[i].field);
  }
  EXPECT_THAT(registers, ElementsAreArray(internal::PublishedRegisters()));
}

TEST(HubRecord, TellsWhoseItIs) {
  OnFreshThread([] {
    EXPECT_FALSE(HubOfThread(static_cast<uint64_t>(gettid())));
    const Record hub = MyHub();
    EXPECT_EQ(hub.Get(abi::kHubProcessId), static_cast<uint64_t>(getpid()));
    EXPECT_EQ(hub.Get(abi::kHubState),
              static_cast<uint64_t>(abi::HubState::kRunning));
    EXPECT_EQ(hub.Get(abi::kHubCurrent), 0u);
    EXPECT_EQ(hub.Get(abi::kHubRunSavedSp), 0u);
  });
}

TEST(HubRecord, IsFreeAfterItsThreadAndUsedAgain) {
  uint64_t first = 0;
  OnFreshThread([&] { first = MyHub().address(); });
  for (const Record& hub : Hubs()) {
    if (hub.address() == first) {
      EXPECT_EQ(hub.Get(abi::kHubThreadId), 0u);
    }
  }
  const size_t count = Hubs().size();
  OnFreshThread([&] { MyHub(); });
  EXPECT_EQ(Hubs().size(), count);
}

TEST(HubRecord, ShowsTheClockAsItWasRead) {
  SimulatedClock clock = SimulatedClock::ByHand(Timebase(125, 3), 24'000'000);
  SimulatedPoller poller(clock);
  OnFreshThread([&] {
    const int64_t before_ns = MonotonicNanoseconds();
    Hub::Configure({.clock = &clock, .poller = &poller});
    const Record hub = MyHub();
    EXPECT_EQ(hub.Get(abi::kHubTimebaseNumer), 125u);
    EXPECT_EQ(hub.Get(abi::kHubTimebaseDenom), 3u);
    EXPECT_EQ(hub.GetSigned(abi::kHubFirstTicks), 24'000'000);
    EXPECT_EQ(hub.GetSigned(abi::kHubFirstNowNs), 1'000'000'000);
    Sleep(absl::Seconds(2));
    EXPECT_EQ(hub.GetSigned(abi::kHubFirstTicks), 24'000'000);
    EXPECT_EQ(hub.GetSigned(abi::kHubLastTicks), 72'000'000);
    EXPECT_EQ(hub.GetSigned(abi::kHubLastNowNs), 3'000'000'000);
    EXPECT_GE(hub.GetSigned(abi::kHubFirstRealNs), before_ns);
    EXPECT_GE(hub.GetSigned(abi::kHubLastRealNs),
              hub.GetSigned(abi::kHubFirstRealNs));
    EXPECT_LE(hub.GetSigned(abi::kHubLastRealNs), MonotonicNanoseconds());
    EXPECT_EQ(hub.Get(abi::kHubClockSequence) % 2, 0u);
  });
}

TEST(HubRecord, WitnessesTheDefaultClockWithItself) {
  OnFreshThread([] {
    const Record hub = MyHub();
    EXPECT_EQ(hub.GetSigned(abi::kHubLastTicks),
              hub.GetSigned(abi::kHubLastRealNs));
    EXPECT_EQ(hub.GetSigned(abi::kHubLastNowNs),
              hub.GetSigned(abi::kHubLastRealNs));
  });
}

TEST(HubRecord, ShowsWhatItPollsFor) {
  InSimulatedTime([](SimulatedTime& time) {
    const Record hub = MyHub();
    int polls = 0;
    time.poller.on_wait = [&] {
      ++polls;
      EXPECT_EQ(hub.Get(abi::kHubState),
                static_cast<uint64_t>(abi::HubState::kPolling));
      EXPECT_EQ(hub.GetSigned(abi::kHubPollUntilNs), 5'000'000'000);
      EXPECT_EQ(hub.GetSigned(abi::kHubPollEnteredRealNs),
                hub.GetSigned(abi::kHubLastRealNs));
      EXPECT_EQ(hub.Get(abi::kHubTimers), 1u);
      EXPECT_EQ(hub.GetSigned(abi::kHubNextDeadlineNs), 5'000'000'000);
      EXPECT_EQ(hub.Get(abi::kHubReady), 0u);
      EXPECT_EQ(hub.Get(abi::kHubCurrent), 0u);
      EXPECT_EQ(hub.Get(abi::kHubRunSavedSp), 0u);
    };
    Sleep(absl::Seconds(5));
    EXPECT_EQ(polls, 1);
    EXPECT_EQ(hub.Get(abi::kHubTimers), 0u);
    EXPECT_EQ(hub.GetSigned(abi::kHubNextDeadlineNs), abi::kNoTime);
    EXPECT_EQ(hub.Get(abi::kHubTimersFired), 1u);
    EXPECT_GT(hub.Get(abi::kHubIterations), 0u);
  });
}

TEST(HubRecord, ShowsThatItFiresTimersAndThatItWasStopped) {
  InSimulatedTime([](SimulatedTime&) {
    const Record hub = MyHub();
    Hub::Current().CallAfter(absl::Seconds(1), [&] {
      EXPECT_EQ(hub.Get(abi::kHubState),
                static_cast<uint64_t>(abi::HubState::kFiringTimers));
      Hub::Current().Stop();
    });
    Hub::Current().Run();
    EXPECT_EQ(hub.Get(abi::kHubState),
              static_cast<uint64_t>(abi::HubState::kStopped));
  });
}

TEST(HubRecord, ShowsTheRunningGreenThreadAndWhereRunIsSaved) {
  InSimulatedTime([](SimulatedTime&) {
    const Record hub = MyHub();
    const auto own_frame =
        reinterpret_cast<uint64_t>(__builtin_frame_address(0));
    auto thread = Spawn([&] {
      const auto self = Named(hub, "me");
      ASSERT_TRUE(self);
      EXPECT_EQ(hub.Get(abi::kHubCurrent), self->address());
      EXPECT_EQ(hub.Get(abi::kHubState),
                static_cast<uint64_t>(abi::HubState::kRunning));
      EXPECT_EQ(self->Get(abi::kGreenState),
                static_cast<uint64_t>(abi::GreenState::kRunning));
      EXPECT_EQ(self->Get(abi::kGreenSavedSp), 0u);
      EXPECT_GE(reinterpret_cast<uint64_t>(__builtin_frame_address(0)),
                self->Get(abi::kGreenStackBegin));
      EXPECT_LT(reinterpret_cast<uint64_t>(__builtin_frame_address(0)),
                self->Get(abi::kGreenStackEnd));
      // The loop lies on the thread's own stack, on top of who waits.
      EXPECT_LT(hub.Get(abi::kHubRunSavedSp), own_frame);
      EXPECT_GT(hub.Get(abi::kHubRunSavedSp), own_frame - (1 << 20));
    });
    thread.SetName("me");
    thread.Wait();
    EXPECT_EQ(hub.Get(abi::kHubCurrent), 0u);
    EXPECT_EQ(hub.Get(abi::kHubRunSavedSp), 0u);
    EXPECT_EQ(hub.Get(abi::kHubSwitches), 1u);
  });
}

void PlainFunction() { Sleep(absl::Seconds(3)); }

TEST(GreenRecord, TellsAllOfAGreenThreadThatSleeps) {
  InSimulatedTime([](SimulatedTime& time) {
    const Record hub = MyHub();
    Sleep(absl::Seconds(1));
    Spawn(PlainFunction).SetName("sleeper");
    const auto before = Named(hub, "sleeper");
    ASSERT_TRUE(before);
    EXPECT_EQ(before->Get(abi::kGreenState),
              static_cast<uint64_t>(abi::GreenState::kReady));
    EXPECT_EQ(before->Get(abi::kGreenSavedSp), 0u);
    EXPECT_EQ(before->Get(abi::kGreenSwitches), 0u);
    Yield();
    const auto thread = Named(hub, "sleeper");
    ASSERT_TRUE(thread);
    EXPECT_EQ(thread->Get(abi::kGreenEntry),
              reinterpret_cast<uint64_t>(&PlainFunction));
    EXPECT_EQ(thread->Get(abi::kGreenState),
              static_cast<uint64_t>(abi::GreenState::kWaiting));
    EXPECT_EQ(thread->Get(abi::kGreenWaitsFor),
              static_cast<uint64_t>(abi::WaitReason::kTimer));
    EXPECT_EQ(thread->GetSigned(abi::kGreenDeadlineNs), 4'000'000'000);
    EXPECT_EQ(thread->Get(abi::kGreenSwitches), 1u);
    EXPECT_EQ(thread->GetSigned(abi::kGreenCreatedNs), 1'000'000'000);
    EXPECT_EQ(thread->GetSigned(abi::kGreenLastSwitchedNs), 1'000'000'000);
    EXPECT_EQ(thread->Get(abi::kGreenParent), 0u);
    const uint64_t saved_sp = thread->Get(abi::kGreenSavedSp);
    EXPECT_GE(saved_sp, thread->Get(abi::kGreenStackBegin));
    EXPECT_LE(saved_sp + TheBlock().context_size,
              thread->Get(abi::kGreenStackEnd));
    Sleep(absl::Seconds(5));
    EXPECT_FALSE(Named(hub, "sleeper"));
  });
}

TEST(GreenRecord, TellsWhatItWaitsFor) {
  InSimulatedTime([](SimulatedTime&) {
    const Record hub = MyHub();
    const auto waits_for = [&](const std::string& name) {
      const auto thread = Named(hub, name);
      return thread ? static_cast<abi::WaitReason>(
                          thread->Get(abi::kGreenWaitsFor))
                    : abi::WaitReason::kNone;
    };
    GreenPool pool(1);
    auto in_pool = pool.Spawn([] { Sleep(absl::Seconds(1)); });
    auto joins = Spawn([&] { in_pool.Wait(); });
    auto spawns = Spawn([&] { pool.SpawnN([] {}); });
    auto waits = Spawn([&] { pool.WaitAll(); });
    auto later = SpawnAfter(absl::Seconds(1), [] {});
    joins.SetName("joins");
    spawns.SetName("spawns");
    waits.SetName("waits");
    later.SetName("later");
    Yield();
    EXPECT_EQ(waits_for("joins"), abi::WaitReason::kJoin);
    EXPECT_EQ(waits_for("spawns"), abi::WaitReason::kPool);
    EXPECT_EQ(waits_for("waits"), abi::WaitReason::kPool);
    EXPECT_EQ(waits_for("later"), abi::WaitReason::kTimer);
    waits.Wait();
    joins.Wait();
    spawns.Wait();
    later.Wait();
  });
}

// What stands for the thread's own code, in no slab.
Record OwnCode(const Record& hub) {
  const abi::Block& block = TheBlock();
  return Record(hub.Get(abi::kHubOwnCode), block.green_fields,
                block.green_field_count);
}

TEST(HubRecord, ShowsWhatTheThreadsOwnCodeWaitsFor) {
  InSimulatedTime([](SimulatedTime& time) {
    const Record own = OwnCode(MyHub());
    EXPECT_EQ(own.Get(abi::kGreenId), 0u);
    EXPECT_EQ(own.Get(abi::kGreenState),
              static_cast<uint64_t>(abi::GreenState::kRunning));
    auto slow = Spawn([] { Sleep(absl::Seconds(1)); });
    const uint64_t id = slow.Id();
    int polls = 0;
    time.poller.on_wait = [&] {
      ++polls;
      EXPECT_EQ(own.Get(abi::kGreenState),
                static_cast<uint64_t>(abi::GreenState::kWaiting));
      EXPECT_EQ(own.Get(abi::kGreenWaitsFor),
                static_cast<uint64_t>(abi::WaitReason::kJoin));
      EXPECT_EQ(own.Get(abi::kGreenWaitsOn), id);
    };
    slow.Wait();
    EXPECT_EQ(polls, 1);
    EXPECT_EQ(own.Get(abi::kGreenState),
              static_cast<uint64_t>(abi::GreenState::kRunning));
  });
}

TEST(HubRecord, TellsWhetherOtherThreadsMayReachIt) {
  OnFreshThread([] {
    const Record hub = MyHub();
    Offload([] {});
    EXPECT_EQ(hub.Get(abi::kHubRemoteGiven), 0u);
    Hub::Current().Remote();
    EXPECT_EQ(hub.Get(abi::kHubRemoteGiven), 1u);
  });
  // The record's next hub begins afresh.
  OnFreshThread([] { EXPECT_EQ(MyHub().Get(abi::kHubRemoteGiven), 0u); });
}

TEST(GreenRecord, TellsInWhichDirectionItWaitsForAnFd) {
  OnFreshThread([] {
    const Record hub = MyHub();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    auto reader = Spawn([&] { WaitReadable(ends[0]); });
    reader.SetName("reader");
    Yield();
    const auto record = Named(hub, "reader");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->GetSigned(abi::kGreenFd), ends[0]);
    EXPECT_EQ(record->Get(abi::kGreenWaitsOn), 1u);  // to read
    ASSERT_EQ(write(ends[1], "x", 1), 1);
    reader.Wait();
    close(ends[0]);
    close(ends[1]);
  });
}

TEST(GreenRecord, KnowsItsParentAndHasANumberOfItsOwn) {
  OnFreshThread([] {
    const Record hub = MyHub();
    Spawn([&] {
      Spawn([] { Sleep(absl::Milliseconds(1)); }).SetName("child");
      Sleep(absl::Milliseconds(1));
    }).SetName("parent");
    Yield();
    const auto parent = Named(hub, "parent");
    const auto child = Named(hub, "child");
    ASSERT_TRUE(parent);
    ASSERT_TRUE(child);
    EXPECT_EQ(child->Get(abi::kGreenParent), parent->Get(abi::kGreenId));
    EXPECT_NE(child->Get(abi::kGreenId), parent->Get(abi::kGreenId));
  });
}

TEST(GreenRecord, CutsLongNames) {
  OnFreshThread([] {
    auto thread = Spawn([] {});
    thread.SetName(std::string(100, 'x'));
    const std::string name =
        GreenThreads(MyHub()).at(0).GetText(abi::kGreenName);
    EXPECT_EQ(name, std::string(32, 'x'));
    thread.SetName("y");
    EXPECT_EQ(GreenThreads(MyHub()).at(0).GetText(abi::kGreenName), "y");
    thread.Wait();
  });
}

TEST(GreenRecord, ThousandsAreAllThere) {
  OnFreshThread([] {
    std::vector<GreenThread<void>> threads;
    for (int i = 0; i < 5000; ++i) threads.push_back(Spawn([] {}));
    const Record hub = MyHub();
    EXPECT_EQ(GreenThreads(hub).size(), 5000u);
    for (auto& thread : threads) thread.Wait();
    EXPECT_EQ(GreenThreads(hub).size(), 0u);
  });
}

// Another thread of the process looks while the hub works.
TEST(Publishing, IsNoDataRaceAndTheClockIsConsistent) {
  std::atomic<uint64_t> thread_id = 0;
  std::atomic<bool> seen_enough = false;
  std::thread worker([&] {
    Hub::Current();
    thread_id = static_cast<uint64_t>(gettid());
    auto thread = Spawn([&] {
      while (!seen_enough) Yield();
    });
    thread.Wait();
  });
  while (thread_id == 0) std::this_thread::yield();
  const Record hub = HubOfThread(thread_id).value();
  int consistent = 0;
  while (consistent < 1000) {
    const uint64_t before = hub.Get(abi::kHubClockSequence);
    const int64_t ticks = hub.GetSigned(abi::kHubLastTicks);
    const int64_t now_ns = hub.GetSigned(abi::kHubLastNowNs);
    const int64_t real_ns = hub.GetSigned(abi::kHubLastRealNs);
    const uint64_t after = hub.Get(abi::kHubClockSequence);
    if (before % 2 != 0 || before != after) continue;
    ++consistent;
    ASSERT_EQ(ticks, now_ns);
    ASSERT_EQ(ticks, real_ns);
  }
  seen_enough = true;
  worker.join();
}

// Without threads: what runs in a forked child of a threaded process is not
// for tests to rely on.
TEST(Fork, AChildDoesNotShowItsParentsHubAsItsOwn) {
  Hub::Current();
  SpawnN([] { Sleep(absl::InfiniteDuration()); });
  Yield();
  const pid_t child = fork();
  if (child == 0) {
    for (const Record& hub : Hubs()) {
      if (hub.Get(abi::kHubProcessId) == static_cast<uint64_t>(getpid())) {
        _exit(1);
      }
    }
    // A hub of its own, which knows nothing of the parent's green threads.
    if (Hub::Current().Stats().green_threads != 0) _exit(2);
    if (Spawn([] { return 7; }).Wait() != 7) _exit(3);
    if (MyHub().Get(abi::kHubProcessId) != static_cast<uint64_t>(getpid())) {
      _exit(4);
    }
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Hub::Current().Stats().green_threads, 1u);
}

}  // namespace
}  // namespace green
