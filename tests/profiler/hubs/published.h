// A made-up process that publishes hubs: bytes at addresses, for tests.
#ifndef HUBSPY_TESTS_PROFILER_HUBS_PUBLISHED_H_
#define HUBSPY_TESTS_PROFILER_HUBS_PUBLISHED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "absl/types/span.h"
#include "green/introspect_abi.h"
#include "model/machine.h"
#include "target/memory.h"

namespace hubspy {

class FakeMemory : public Memory {
 public:
  size_t Read(Address from, absl::Span<std::byte> into) const override {
    ++reads;
    if (before_read) before_read(from.value());
    if (into.empty()) return 0;
    auto region = regions.upper_bound(from.value());
    if (region == regions.begin()) return 0;
    --region;
    const uint64_t offset = from.value() - region->first;
    if (offset >= region->second.size()) return 0;
    const size_t bytes =
        std::min<size_t>(into.size(), region->second.size() - offset);
    std::memcpy(into.data(), region->second.data() + offset, bytes);
    return bytes;
  }

  template <typename T>
  void Put(uint64_t at, const T& value) {
    std::vector<std::byte> bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    regions[at] = std::move(bytes);
  }

  std::map<uint64_t, std::vector<std::byte>> regions;
  mutable int reads = 0;
  // What the process does meanwhile.
  std::function<void(uint64_t at)> before_read;
};

// Records as some runtime might lay them out: not in the order of the fields.
struct FakeHub {
  uint64_t sequence = 2;
  uint32_t tid = 7;
  uint32_t state = static_cast<uint32_t>(green::abi::HubState::kPolling);
  uint64_t next = 0;
  int64_t last_now_ns = -5;
  int64_t last_real_ns = 0;
  int64_t poll_until_ns = green::abi::kNoTime;
  uint64_t iterations = 0;
  uint64_t current = 0;
  uint64_t run_saved_sp = 0;
  uint64_t first_slab = 0;
  uint32_t numer = 125;
  uint32_t denom = 3;
  uint32_t state_words = 1;
  uint32_t padding = 0;
};

struct FakeGreen {
  uint64_t id = 0;
  char name[8] = {};
  uint32_t state = static_cast<uint32_t>(green::abi::GreenState::kWaiting);
  uint32_t waits_for = static_cast<uint32_t>(green::abi::WaitReason::kTimer);
  int64_t deadline_ns = green::abi::kNoTime;
  int32_t fd = -1;
  uint32_t padding = 0;
  uint64_t waits_on = 0;
  uint64_t saved_sp = 0;
  uint64_t switches = 0;
  uint64_t stack_begin = 0;
  uint64_t stack_end = 0;
  uint64_t entry = 0;
};

struct FakeContext {
  uint64_t third = 0x3;
  uint64_t fp = 0x6;
  uint64_t pc = 0x401000;
};

inline green::abi::Block MakeBlock(uint64_t first_hub) {
  using namespace green::abi;
  Block block = {};
  std::memcpy(block.magic, kMagic, sizeof(kMagic));
  block.version = kVersion;
  block.size = sizeof(Block);
  block.first_hub = first_hub;
  const auto add = [](FieldInfo* fields, uint32_t& count, uint16_t field,
                      size_t offset, size_t size) {
    fields[count++] = {field, static_cast<uint16_t>(offset),
                       static_cast<uint16_t>(size), 0};
  };
#define HUBSPY_FIELD(kind, number, record, member)           \
  add(block.kind##_fields, block.kind##_field_count, number, \
      offsetof(record, member), sizeof(record::member))
  block.hub_size = sizeof(FakeHub);
  HUBSPY_FIELD(hub, kHubNext, FakeHub, next);
  HUBSPY_FIELD(hub, kHubThreadId, FakeHub, tid);
  HUBSPY_FIELD(hub, kHubState, FakeHub, state);
  HUBSPY_FIELD(hub, kHubIterations, FakeHub, iterations);
  HUBSPY_FIELD(hub, kHubClockSequence, FakeHub, sequence);
  HUBSPY_FIELD(hub, kHubLastNowNs, FakeHub, last_now_ns);
  HUBSPY_FIELD(hub, kHubLastRealNs, FakeHub, last_real_ns);
  HUBSPY_FIELD(hub, kHubPollUntilNs, FakeHub, poll_until_ns);
  HUBSPY_FIELD(hub, kHubCurrent, FakeHub, current);
  HUBSPY_FIELD(hub, kHubRunSavedSp, FakeHub, run_saved_sp);
  HUBSPY_FIELD(hub, kHubFirstSlab, FakeHub, first_slab);
  HUBSPY_FIELD(hub, kHubTimebaseNumer, FakeHub, numer);
  HUBSPY_FIELD(hub, kHubTimebaseDenom, FakeHub, denom);
  HUBSPY_FIELD(hub, kHubStateWords, FakeHub, state_words);
  block.green_size = sizeof(FakeGreen);
  HUBSPY_FIELD(green, kGreenId, FakeGreen, id);
  HUBSPY_FIELD(green, kGreenName, FakeGreen, name);
  HUBSPY_FIELD(green, kGreenState, FakeGreen, state);
  HUBSPY_FIELD(green, kGreenWaitsFor, FakeGreen, waits_for);
  HUBSPY_FIELD(green, kGreenDeadlineNs, FakeGreen, deadline_ns);
  HUBSPY_FIELD(green, kGreenFd, FakeGreen, fd);
  HUBSPY_FIELD(green, kGreenWaitsOn, FakeGreen, waits_on);
  HUBSPY_FIELD(green, kGreenSavedSp, FakeGreen, saved_sp);
  HUBSPY_FIELD(green, kGreenSwitches, FakeGreen, switches);
  HUBSPY_FIELD(green, kGreenStackBegin, FakeGreen, stack_begin);
  HUBSPY_FIELD(green, kGreenStackEnd, FakeGreen, stack_end);
  HUBSPY_FIELD(green, kGreenEntry, FakeGreen, entry);
  block.context_size = sizeof(FakeContext);
  HUBSPY_FIELD(context, 3, FakeContext, third);
  HUBSPY_FIELD(context, static_cast<uint16_t>(Reg::kFp), FakeContext, fp);
  HUBSPY_FIELD(context, static_cast<uint16_t>(Reg::kPc), FakeContext, pc);
#undef HUBSPY_FIELD
  return block;
}

template <size_t N>
struct FakeSlab {
  green::abi::Slab header = {.next = 0, .count = N, .reserved = 0};
  FakeGreen records[N];
};

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_HUBS_PUBLISHED_H_
