// Reads what this process publishes about its own hubs as an observer would: by
// the note in its program headers and the field tables, and by nothing else.
#include <elf.h>
#include <link.h>
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

namespace green {
namespace {

using ::testing::ElementsAre;

const abi::Block* BlockOfNotes(const char* notes, size_t size) {
  const auto padded = [](uint32_t n) { return (n + 3) / 4 * 4; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof(note));
    const char* const owner = notes + sizeof(note);
    const char* const description = owner + padded(note.n_namesz);
    if (note.n_namesz == sizeof(abi::kNoteOwner) &&
        std::memcmp(owner, abi::kNoteOwner, note.n_namesz) == 0 &&
        note.n_type == abi::kNoteType && note.n_descsz == sizeof(int64_t)) {
      int64_t distance;
      std::memcpy(&distance, description, sizeof(distance));
      return reinterpret_cast<const abi::Block*>(description + distance);
    }
    const size_t all =
        sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
    if (all > size) break;
    notes += all;
    size -= all;
  }
  return nullptr;
}

std::vector<const abi::Block*> FindBlocks() {
  std::vector<const abi::Block*> blocks;
  dl_iterate_phdr(
      [](dl_phdr_info* module, size_t, void* found) {
        for (int i = 0; i < module->dlpi_phnum; ++i) {
          const auto& header = module->dlpi_phdr[i];
          if (header.p_type != PT_NOTE || header.p_align > 4) continue;
          const auto* block = BlockOfNotes(
              reinterpret_cast<const char*>(module->dlpi_addr + header.p_vaddr),
              header.p_memsz);
          if (block != nullptr) {
            static_cast<std::vector<const abi::Block*>*>(found)->push_back(
                block);
          }
        }
        return 0;
      },
      &blocks);
  return blocks;
}

const abi::Block& TheBlock() {
  static const abi::Block* const block = FindBlocks().at(0);
  return *block;
}

// One record, read by its table. Loads are atomic, because the hub's thread may
// be writing.
class Record {
 public:
  Record(uint64_t address, const abi::FieldInfo* fields, uint32_t count)
      : address_(address) {
    for (uint32_t i = 0; i < count; ++i) fields_[fields[i].field] = fields[i];
  }

  uint64_t Get(uint16_t field) const {
    const abi::FieldInfo& info = fields_.at(field);
    const uint64_t at = address_ + info.offset;
    switch (info.size) {
      case 4:
        return __atomic_load_n(reinterpret_cast<uint32_t*>(at),
                               __ATOMIC_ACQUIRE);
      case 8:
        return __atomic_load_n(reinterpret_cast<uint64_t*>(at),
                               __ATOMIC_ACQUIRE);
    }
    ADD_FAILURE() << "field " << field << " is " << info.size << " wide";
    return 0;
  }
  int64_t GetSigned(uint16_t field) const {
    return static_cast<int64_t>(Get(field));
  }
  std::string GetText(uint16_t field) const {
    const abi::FieldInfo& info = fields_.at(field);
    const char* text = reinterpret_cast<const char*>(address_ + info.offset);
    return std::string(text, strnlen(text, info.size));
  }
  uint64_t address() const { return address_; }

 private:
  uint64_t address_;
  std::map<uint16_t, abi::FieldInfo> fields_;
};

std::vector<Record> Hubs() {
  const abi::Block& block = TheBlock();
  std::vector<Record> hubs;
  uint64_t at = __atomic_load_n(&block.first_hub, __ATOMIC_ACQUIRE);
  while (at != 0) {
    hubs.emplace_back(at, block.hub_fields, block.hub_field_count);
    at = hubs.back().Get(abi::kHubNext);
  }
  return hubs;
}

std::optional<Record> HubOfThread(uint64_t thread_id) {
  for (const Record& hub : Hubs()) {
    if (hub.Get(abi::kHubThreadId) == thread_id) return hub;
  }
  return std::nullopt;
}

Record MyHub() {
  Hub::Current();
  return HubOfThread(static_cast<uint64_t>(gettid())).value();
}

std::vector<Record> GreenThreads(const Record& hub) {
  const abi::Block& block = TheBlock();
  std::vector<Record> threads;
  for (uint64_t at = hub.Get(abi::kHubFirstSlab); at != 0;) {
    const auto* slab = reinterpret_cast<const abi::Slab*>(at);
    for (uint32_t i = 0; i < slab->count; ++i) {
      Record record(at + sizeof(abi::Slab) + uint64_t{i} * block.green_size,
                    block.green_fields, block.green_field_count);
      if (record.Get(abi::kGreenId) != 0) threads.push_back(record);
    }
    at = slab->next;
  }
  return threads;
}

std::optional<Record> Named(const Record& hub, const std::string& name) {
  for (const Record& thread : GreenThreads(hub)) {
    if (thread.GetText(abi::kGreenName) == name) return thread;
  }
  return std::nullopt;
}

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
  EXPECT_THAT(registers, ElementsAre(3, 6, 12, 13, 14, 15, 16));
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
