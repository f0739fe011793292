#include "hubs/hub_reader.h"

#include <cstdint>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/hubs/published.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kBlockAt = 0x10000;
constexpr uint64_t kHubAt = 0x20000;
constexpr uint64_t kSlabAt = 0x30000;
constexpr uint64_t kStackAt = 0x40000;

class HubReaderTest : public ::testing::Test {
 protected:
  HubReaderTest() {
    memory_.Put(kBlockAt, MakeBlock(kHubAt));
    memory_.Put(kHubAt, FakeHub{});
  }

  FakeMemory memory_;
  HubReader reader_{memory_, Address(kBlockAt)};
};

TEST_F(HubReaderTest, FindsEachFieldWhereTheTableSays) {
  memory_.Put(kHubAt, FakeHub{.tid = 42, .iterations = 99});
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok()) << hubs.status();
  ASSERT_EQ(hubs->size(), 1u);
  const HubView& hub = hubs->front();
  EXPECT_EQ(hub.tid, 42);
  EXPECT_EQ(hub.state, HubState::kPolling);
  EXPECT_EQ(hub.iterations, 99u);
  EXPECT_EQ(hub.last.now_ns, -5);  // signed
  EXPECT_EQ(hub.poll_until_ns, std::nullopt);
  EXPECT_EQ(hub.timebase_numer, 125u);
  EXPECT_EQ(hub.timebase_denom, 3u);
  EXPECT_EQ(hub.record, Address(kHubAt));
}

TEST_F(HubReaderTest, FieldsOfAnotherReleaseAreAbsentOrIgnored) {
  green::abi::Block block = MakeBlock(kHubAt);
  block.hub_fields[3].field = 60'000;  // kHubIterations became something new
  memory_.Put(kBlockAt, block);
  memory_.Put(kHubAt, FakeHub{.iterations = 99});
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok()) << hubs.status();
  EXPECT_EQ(hubs->front().iterations, 0u);
  EXPECT_EQ(hubs->front().tid, 7);
}

TEST_F(HubReaderTest, WalksEveryHubInUse) {
  memory_.Put(kHubAt, FakeHub{.tid = 1, .next = kHubAt + 0x1000});
  memory_.Put(kHubAt + 0x1000, FakeHub{.tid = 0, .next = kHubAt + 0x2000});
  memory_.Put(kHubAt + 0x2000, FakeHub{.tid = 3});
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok());
  ASSERT_EQ(hubs->size(), 2u);
  EXPECT_EQ((*hubs)[1].tid, 3);
}

TEST_F(HubReaderTest, AListThatGoesInCirclesIsAnError) {
  memory_.Put(kHubAt, FakeHub{.next = kHubAt});
  EXPECT_EQ(reader_.ReadHubs().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HubReaderTest, NoHubYetIsNotAnError) {
  memory_.Put(kBlockAt, green::abi::Block{});
  EXPECT_EQ(reader_.ReadHubs().status().code(), absl::StatusCode::kUnavailable);
  memory_.Put(kBlockAt, MakeBlock(0));
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok());
  EXPECT_TRUE(hubs->empty());
}

TEST_F(HubReaderTest, AnotherVersionSaysWhatToDo) {
  green::abi::Block block = MakeBlock(kHubAt);
  block.version = 9;
  memory_.Put(kBlockAt, block);
  EXPECT_THAT(std::string(reader_.ReadHubs().status().message()),
              HasSubstr("use the hubspy of"));
}

TEST_F(HubReaderTest, AFieldOutsideItsRecordIsRefused) {
  green::abi::Block block = MakeBlock(kHubAt);
  block.hub_fields[0].offset = sizeof(FakeHub) - 4;
  memory_.Put(kBlockAt, block);
  EXPECT_EQ(reader_.ReadHubs().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HubReaderTest, ARecordThatIsAlwaysHalfWrittenIsAborted) {
  memory_.Put(kHubAt, FakeHub{.sequence = 3});
  EXPECT_EQ(reader_.ReadHubs().status().code(), absl::StatusCode::kAborted);
}

// Each read finds the clock read once more.
class BusyHubMemory : public FakeMemory {
 public:
  explicit BusyHubMemory(int64_t step_ns) : step_ns_(step_ns) {}

  size_t Read(Address from, absl::Span<std::byte> into) const override {
    FakeHub hub{.sequence = sequence_ += 2};
    hub.last_now_ns = hub.last_real_ns = now_ns_ += step_ns_;
    const_cast<BusyHubMemory*>(this)->Put(kHubAt, hub);
    return FakeMemory::Read(from, into);
  }

 private:
  const int64_t step_ns_;
  mutable uint64_t sequence_ = 0;
  mutable int64_t now_ns_ = 1'000'000'000;
};

TEST(HubReaderOfABusyHub, TakesReadingsThatAreCloseTogether) {
  BusyHubMemory memory(200);
  memory.Put(kBlockAt, MakeBlock(kHubAt));
  HubReader reader(memory, Address(kBlockAt));
  EXPECT_TRUE(reader.ReadHubs().ok());
  BusyHubMemory leaping(50'000'000);
  leaping.Put(kBlockAt, MakeBlock(kHubAt));
  HubReader refusing(leaping, Address(kBlockAt));
  EXPECT_EQ(refusing.ReadHubs().status().code(), absl::StatusCode::kAborted);
}

TEST_F(HubReaderTest, AHubThatIsNotMappedIsAnError) {
  memory_.Put(kBlockAt, MakeBlock(0xdead0000));
  EXPECT_THAT(std::string(reader_.ReadHubs().status().message()),
              HasSubstr("0xdead0000"));
}

TEST_F(HubReaderTest, ReadsGreenThreadsOfEverySlabByNumber) {
  FakeSlab<3> first;
  first.header.next = kSlabAt + 0x1000;
  first.records[0] = {.id = 9, .name = "nine"};
  first.records[2] = {.id = 2, .fd = 5};
  first.records[2].deadline_ns = 77;
  FakeSlab<1> second;
  second.records[0] = {.id = 4,
                       .name = {'n', '\x1b', 'o', 'e', 'n', 'd', 'e', 'd'}};
  memory_.Put(kSlabAt, first);
  memory_.Put(kSlabAt + 0x1000, second);
  memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok());
  const auto greens = reader_.ReadGreenThreads(hubs->front());
  ASSERT_TRUE(greens.ok()) << greens.status();
  ASSERT_EQ(greens->size(), 3u);
  EXPECT_EQ((*greens)[0].id, 2u);
  EXPECT_EQ((*greens)[0].fd, 5);
  EXPECT_EQ((*greens)[0].deadline_ns, 77);
  EXPECT_EQ((*greens)[1].name, "n?oended");
  EXPECT_EQ((*greens)[2].name, "nine");
  EXPECT_EQ((*greens)[2].fd, std::nullopt);
  EXPECT_EQ((*greens)[2].hub_tid, 7);
}

// A mutex's word is read where the green thread says that it waits, once for
// all who do.
TEST_F(HubReaderTest, TellsWhoHoldsTheMutexThatIsWaitedFor) {
  constexpr uint64_t kMutexAt = 0x50000;
  auto slab = std::make_unique<FakeSlab<100>>();
  for (uint64_t i = 0; i < 100; ++i) {
    slab->records[i].id = i + 1;
    slab->records[i].waits_for =
        static_cast<uint32_t>(green::abi::WaitReason::kMutex);
    slab->records[i].waits_on = i == 99 ? 0xdead0000 : kMutexAt;
  }
  slab->records[0].waits_for =
      static_cast<uint32_t>(green::abi::WaitReason::kTimer);
  memory_.Put(kMutexAt, uint64_t{77});
  memory_.Put(kSlabAt, *slab);
  memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
  const auto hubs = reader_.ReadHubs();
  memory_.reads = 0;
  const auto greens = reader_.ReadGreenThreads(hubs->front());
  ASSERT_TRUE(greens.ok());
  EXPECT_LE(memory_.reads, 5);
  EXPECT_EQ((*greens)[0].waits_on, 0u);  // left over from another wait
  EXPECT_EQ((*greens)[0].mutex_holder, std::nullopt);
  EXPECT_EQ((*greens)[1].waits_on, kMutexAt);
  EXPECT_EQ((*greens)[1].mutex_holder, 77u);
  EXPECT_EQ((*greens)[99].mutex_holder, std::nullopt);  // not mapped
}

TEST_F(HubReaderTest, TellsHowMuchThereIsOfWhatIsWaitedFor) {
  using green::abi::WaitReason;
  const auto slab_of = [](WaitReason reason, uint64_t waits_on) {
    FakeSlab<1> slab;
    slab.records[0].id = 1;
    slab.records[0].waits_for = static_cast<uint32_t>(reason);
    slab.records[0].waits_on = waits_on;
    return slab;
  };
  const auto available = [&](WaitReason reason, uint64_t waits_on,
                             uint32_t state_words = 1) {
    memory_.Put(kSlabAt, slab_of(reason, waits_on));
    memory_.Put(kHubAt,
                FakeHub{.first_slab = kSlabAt, .state_words = state_words});
    const auto hubs = reader_.ReadHubs();
    const auto by_slab = reader_.ReadGreenThreads(hubs->front());
    const auto alone = reader_.ReadGreenThread(
        hubs->front(), Address(kSlabAt + sizeof(green::abi::Slab)));
    EXPECT_EQ(by_slab->front().available, alone->available);
    return alone->available;
  };
  constexpr uint64_t kAt = 0x50000;
  memory_.Put(kAt, int64_t{-3});
  for (const WaitReason reason : {WaitReason::kEvent, WaitReason::kSemaphore,
                                  WaitReason::kQueue, WaitReason::kResource}) {
    EXPECT_EQ(available(reason, kAt), -3);
  }
  EXPECT_EQ(available(WaitReason::kCondition, kAt), std::nullopt);
  EXPECT_EQ(available(WaitReason::kPool, kAt), std::nullopt);
  EXPECT_EQ(available(WaitReason::kMutex, kAt), std::nullopt);
  EXPECT_EQ(available(WaitReason::kQueue, 0xdead0000), std::nullopt);
  EXPECT_EQ(available(WaitReason::kQueue, UINT64_MAX), std::nullopt);
  EXPECT_EQ(available(WaitReason::kQueue, 0), std::nullopt);
  // Not all of it is mapped.
  EXPECT_EQ(available(WaitReason::kQueue, kAt + 4), std::nullopt);
  // An older runtime has something else there.
  EXPECT_EQ(available(WaitReason::kQueue, kAt, 0), std::nullopt);
}

TEST_F(HubReaderTest, WhatAnOlderRuntimeDoesNotPublishIsNotKnown) {
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok());
  EXPECT_EQ(hubs->front().own_code, Address());
  EXPECT_EQ(hubs->front().open_to_other_threads, std::nullopt);
}

TEST_F(HubReaderTest, AThousandGreenThreadsAreOneRead) {
  auto slab = std::make_unique<FakeSlab<1000>>();
  for (int i = 0; i < 1000; ++i) slab->records[i].id = i + 1;
  memory_.Put(kSlabAt, *slab);
  memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
  const auto hubs = reader_.ReadHubs();
  memory_.reads = 0;
  EXPECT_EQ(reader_.ReadGreenThreads(hubs->front())->size(), 1000u);
  EXPECT_LE(memory_.reads, 2);  // the slab's header, and its records
}

TEST_F(HubReaderTest, ASlabThatClaimsTooMuchIsRefusedWithoutAllocatingIt) {
  FakeSlab<1> slab;
  slab.header.count = UINT32_MAX;
  memory_.Put(kSlabAt, slab);
  memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
  const auto hubs = reader_.ReadHubs();
  EXPECT_EQ(reader_.ReadGreenThreads(hubs->front()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(HubReaderTest, ASuspendedContextIsReadAsTheTableSays) {
  FakeSlab<1> slab;
  slab.records[0] = {.id = 1,
                     .saved_sp = kStackAt,
                     .stack_begin = kStackAt,
                     .stack_end = kStackAt + 4096};
  memory_.Put(kSlabAt, slab);
  memory_.Put(kStackAt, FakeContext{});
  memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
  const auto hubs = reader_.ReadHubs();
  const auto greens = reader_.ReadGreenThreads(hubs->front());
  const GreenThreadView& green = greens->front();
  int copies = 0;
  reader_.CopySuspended(
      hubs->front(), {&green}, 4096,
      [&](size_t index, SuspendedGreen* copy, GreenThreadView*) {
        ++copies;
        EXPECT_EQ(index, 0u);
        ASSERT_NE(copy, nullptr);
        EXPECT_EQ(copy->registers.pc(), Address(0x401000));
        EXPECT_EQ(copy->registers.sp(),
                  Address(kStackAt + sizeof(FakeContext)));
        EXPECT_EQ(copy->registers.Get(static_cast<Reg>(3)), 0x3u);
        EXPECT_FALSE(copy->registers.Has(static_cast<Reg>(0)));
      });
  EXPECT_EQ(copies, 1);
}

TEST_F(HubReaderTest, ParseHubTakesTheContextFromTheCopyOfTheSameInstant) {
  memory_.Put(kHubAt, FakeHub{.run_saved_sp = kStackAt});
  const auto hubs = reader_.ReadHubs();
  ASSERT_TRUE(hubs.ok());
  MemoryCopy record{.begin = Address(kHubAt), .bytes = memory_.regions[kHubAt]};
  FakeContext context;
  MemoryCopy run{.begin = Address(kStackAt)};
  run.bytes.resize(sizeof(context));
  std::memcpy(run.bytes.data(), &context, sizeof(context));

  EXPECT_EQ(reader_.ParseHub(record, run)->suspended_run->pc(),
            Address(0x401000));
  // A copy of another place does not hold it.
  EXPECT_FALSE(reader_.ParseHub(record, MemoryCopy{})->suspended_run);
  run.begin = Address(kStackAt + 8);
  EXPECT_FALSE(reader_.ParseHub(record, run)->suspended_run);
  record.bytes.pop_back();
  EXPECT_FALSE(reader_.ParseHub(record, run).ok());
}

// Whatever the bytes: an answer, and no read outside of them (run with
// sanitizers).
TEST_F(HubReaderTest, GarbageGivesAnAnswer) {
  std::mt19937_64 random(1);
  FakeSlab<4> slab;
  slab.records[0] = {.id = 1, .saved_sp = kStackAt};
  for (int round = 0; round < 20'000; ++round) {
    memory_.Put(kBlockAt, MakeBlock(kHubAt));
    memory_.Put(kHubAt,
                FakeHub{.run_saved_sp = kStackAt, .first_slab = kSlabAt});
    memory_.Put(kSlabAt, slab);
    memory_.Put(kStackAt, FakeContext{});
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      auto region = memory_.regions.begin();
      std::advance(region, random() % memory_.regions.size());
      region->second[random() % region->second.size()] =
          static_cast<std::byte>(random());
    }
    HubReader reader(memory_, Address(kBlockAt));
    const auto hubs = reader.ReadHubs();
    if (!hubs.ok()) continue;
    for (const HubView& hub : *hubs) reader.ReadGreenThreads(hub).IgnoreError();
  }
}

}  // namespace
}  // namespace hubspy
