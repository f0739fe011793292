#include "hubs/records.h"

namespace hubspy {
namespace {

namespace abi = green::abi;

HubState ToHubState(uint64_t state) {
  switch (static_cast<abi::HubState>(state)) {
    case abi::HubState::kRunning:
      return HubState::kRunning;
    case abi::HubState::kFiringTimers:
      return HubState::kFiringTimers;
    case abi::HubState::kPolling:
      return HubState::kPolling;
    case abi::HubState::kStopped:
      return HubState::kStopped;
  }
  return HubState::kStopped;
}

GreenState ToGreenState(uint64_t state) {
  switch (static_cast<abi::GreenState>(state)) {
    case abi::GreenState::kReady:
      return GreenState::kReady;
    case abi::GreenState::kRunning:
      return GreenState::kRunning;
    case abi::GreenState::kWaiting:
      return GreenState::kWaiting;
    case abi::GreenState::kFinished:
      return GreenState::kFinished;
  }
  return GreenState::kFinished;
}

WaitReason ToWaitReason(uint64_t reason) {
  switch (static_cast<abi::WaitReason>(reason)) {
    case abi::WaitReason::kNone:
      return WaitReason::kNone;
    case abi::WaitReason::kTimer:
      return WaitReason::kTimer;
    case abi::WaitReason::kFd:
      return WaitReason::kFd;
    case abi::WaitReason::kJoin:
      return WaitReason::kJoin;
    case abi::WaitReason::kPool:
      return WaitReason::kPool;
    case abi::WaitReason::kEvent:
      return WaitReason::kEvent;
    case abi::WaitReason::kSemaphore:
      return WaitReason::kSemaphore;
    case abi::WaitReason::kMutex:
      return WaitReason::kMutex;
    case abi::WaitReason::kCondition:
      return WaitReason::kCondition;
    case abi::WaitReason::kQueue:
      return WaitReason::kQueue;
    case abi::WaitReason::kResource:
      return WaitReason::kResource;
    case abi::WaitReason::kOffload:
      return WaitReason::kOffload;
  }
  return WaitReason::kOther;  // of a newer runtime
}

std::optional<int64_t> UnlessNone(std::optional<int64_t> time_ns) {
  if (time_ns == abi::kNoTime) return std::nullopt;
  return time_ns;
}

}  // namespace

HubView ParseHubRecord(const Layout& layout, Address record,
                       absl::Span<const std::byte> bytes) {
  const auto number = [&](abi::HubField field) {
    return layout.hub.Unsigned(bytes, field).value_or(0);
  };
  const auto time = [&](abi::HubField field) {
    return layout.hub.Signed(bytes, field).value_or(0);
  };
  HubView hub;
  hub.record = record;
  hub.tid = static_cast<ThreadId>(number(abi::kHubThreadId));
  hub.state = ToHubState(number(abi::kHubState));
  hub.iterations = number(abi::kHubIterations);
  hub.timebase_numer = static_cast<uint32_t>(number(abi::kHubTimebaseNumer));
  hub.timebase_denom = static_cast<uint32_t>(number(abi::kHubTimebaseDenom));
  hub.first = {.ticks = time(abi::kHubFirstTicks),
               .now_ns = time(abi::kHubFirstNowNs),
               .witness_real_ns = time(abi::kHubFirstRealNs)};
  hub.last = {.ticks = time(abi::kHubLastTicks),
              .now_ns = time(abi::kHubLastNowNs),
              .witness_real_ns = time(abi::kHubLastRealNs)};
  hub.poll_entered_real_ns = time(abi::kHubPollEnteredRealNs);
  hub.poll_until_ns =
      UnlessNone(layout.hub.Signed(bytes, abi::kHubPollUntilNs));
  hub.ready = number(abi::kHubReady);
  hub.timers = number(abi::kHubTimers);
  hub.timers_fired = number(abi::kHubTimersFired);
  hub.next_deadline_ns =
      UnlessNone(layout.hub.Signed(bytes, abi::kHubNextDeadlineNs));
  hub.switches = number(abi::kHubSwitches);
  hub.current = Address(number(abi::kHubCurrent));
  hub.run_context = Address(number(abi::kHubRunSavedSp));
  hub.first_slab = Address(number(abi::kHubFirstSlab));
  hub.own_code = Address(number(abi::kHubOwnCode));
  if (const auto given = layout.hub.Unsigned(bytes, abi::kHubRemoteGiven)) {
    hub.open_to_other_threads = *given != 0;
  }
  hub.has_state_words = number(abi::kHubStateWords) != 0;
  return hub;
}

GreenThreadView ParseGreenRecord(const Layout& layout, ThreadId hub_tid,
                                 Address record,
                                 absl::Span<const std::byte> bytes) {
  const auto number = [&](abi::GreenField field) {
    return layout.green.Unsigned(bytes, field).value_or(0);
  };
  const auto time = [&](abi::GreenField field) {
    return layout.green.Signed(bytes, field).value_or(0);
  };
  GreenThreadView green;
  green.record = record;
  green.hub_tid = hub_tid;
  green.id = number(abi::kGreenId);
  green.name = layout.green.Text(bytes, abi::kGreenName);
  green.entry = Address(number(abi::kGreenEntry));
  green.state = ToGreenState(number(abi::kGreenState));
  green.waiting_for = ToWaitReason(number(abi::kGreenWaitsFor));
  green.deadline_ns =
      UnlessNone(layout.green.Signed(bytes, abi::kGreenDeadlineNs));
  if (const auto fd = layout.green.Signed(bytes, abi::kGreenFd);
      fd && *fd >= 0) {
    green.fd = static_cast<int32_t>(*fd);
  }
  // What it was before a wait for time alone stays written down.
  if (green.state == GreenState::kWaiting &&
      green.waiting_for != WaitReason::kTimer &&
      green.waiting_for != WaitReason::kNone) {
    green.waits_on = number(abi::kGreenWaitsOn);
  }
  green.switches = number(abi::kGreenSwitches);
  green.created_ns = time(abi::kGreenCreatedNs);
  green.last_switched_ns = time(abi::kGreenLastSwitchedNs);
  green.stack = {Address(number(abi::kGreenStackBegin)),
                 Address(number(abi::kGreenStackEnd))};
  green.parent = number(abi::kGreenParent);
  green.spawn_site = Address(number(abi::kGreenSpawnSite));
  green.context = Address(number(abi::kGreenSavedSp));
  return green;
}

std::optional<GreenState> ParseGreenState(const Layout& layout,
                                          absl::Span<const std::byte> bytes) {
  if (layout.green.Unsigned(bytes, abi::kGreenId).value_or(0) == 0) {
    return std::nullopt;
  }
  return ToGreenState(
      layout.green.Unsigned(bytes, abi::kGreenState).value_or(0));
}

std::optional<Registers> ParseContext(const Layout& layout, uint64_t saved_sp,
                                      const MemoryCopy& copy) {
  const uint32_t size = layout.context.record_bytes();
  if (Address(saved_sp) < copy.begin) return std::nullopt;
  const uint64_t offset = Address(saved_sp) - copy.begin;
  if (offset > copy.bytes.size() || copy.bytes.size() - offset < size) {
    return std::nullopt;
  }
  const absl::Span<const std::byte> bytes =
      absl::MakeConstSpan(copy.bytes).subspan(offset, size);
  Registers registers;
  for (int i = 0; i < Registers::kCount; ++i) {
    if (const auto value = layout.context.Unsigned(bytes, i)) {
      registers.Set(static_cast<Reg>(i), *value);
    }
  }
  registers.Set(Reg::kSp, saved_sp + size);
  const std::optional<uint64_t> pc = registers.Get(Reg::kPc);
  if (!pc) return std::nullopt;
  registers.Set(Reg::kPc, registers.WithoutSignature(*pc).value());
  return registers;
}

}  // namespace hubspy
