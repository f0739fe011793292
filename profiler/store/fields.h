// Which fields each message of recording.proto has: said once, for writing and
// for reading.
//
//   template <typename Archive>
//   void Describe(Archive& a, Is<Profile::Thread> auto& thread) {
//     a.Number(1, thread.tid); ...
//
// An archive writes the field, or, where it reads, takes it if it is what comes
// next.
#ifndef HUBSPY_STORE_FIELDS_H_
#define HUBSPY_STORE_FIELDS_H_

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "model/profile.h"
#include "store/columns.h"

namespace hubspy::store {

// Of the format that is written, and the highest that can be read.
inline constexpr uint32_t kVersion = 1;

namespace tag {
enum : uint32_t { kVersion = 1, kStrings = 2 };
}  // namespace tag

// By their numbers in recording.proto: 0 is what a value is without being set.
inline constexpr ThreadState kThreadStates[] = {
    ThreadState::kRunning, ThreadState::kSleeping, ThreadState::kStopped,
    ThreadState::kZombie, ThreadState::kRunnable};
inline constexpr StackEnd kStackEnds[] = {StackEnd::kComplete,
                                          StackEnd::kNoUnwindTable,
                                          StackEnd::kUnknownFramePointer,
                                          StackEnd::kUnreadableMemory,
                                          StackEnd::kCopyTooSmall,
                                          StackEnd::kOtherStack,
                                          StackEnd::kTorn,
                                          StackEnd::kFault};
inline constexpr GreenState kGreenStates[] = {
    GreenState::kRunning, GreenState::kReady, GreenState::kWaiting,
    GreenState::kFinished};
inline constexpr WaitReason kWaitReasons[] = {
    WaitReason::kNone,      WaitReason::kTimer,    WaitReason::kFd,
    WaitReason::kJoin,      WaitReason::kPool,     WaitReason::kEvent,
    WaitReason::kSemaphore, WaitReason::kMutex,    WaitReason::kCondition,
    WaitReason::kQueue,     WaitReason::kResource, WaitReason::kOffload,
    WaitReason::kOther};

template <typename T, typename Value>
concept Is = std::same_as<std::remove_const_t<T>, Value>;

template <typename Archive>
void Describe(Archive& a, Is<Provenance> auto& made) {
  a.Text(1, made.version);
  a.Text(2, made.command_line);
  a.Text(3, made.host);
  a.Real(4, made.asked_rate_hz);
  a.Time(5, made.begin_unix_ns);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::Process> auto& process) {
  a.Number(1, process.pid);
  a.Text(2, process.command);
}

template <typename Archive>
void Describe(Archive& a, Is<Quality> auto& quality) {
  a.Count(1, quality.ticks);
  a.Count(2, quality.looks);
  a.Count(3, quality.samples);
  a.Count(4, quality.green_threads);
  a.Count(5, quality.late);
  a.Count(6, quality.failed);
  a.Partial(7, quality.partial);
  a.Count(8, quality.left_out);
  a.Count(9, quality.by_perf);
  a.Count(10, quality.lost);
  a.Count(11, quality.stops);
  a.Length(12, quality.worst_pause_ns);
  a.Text(13, quality.last_failure);
}

template <typename Archive>
void Describe(Archive& a, Is<StallTotals> auto& stalls) {
  a.Length(1, stalls.limit_ns);
  a.Length(2, stalls.watched_ns);
  a.Length(3, stalls.hub_ns);
  a.Count(4, stalls.count);
  a.Length(5, stalls.time_ns);
  a.Length(6, stalls.longest_ns);
  a.Counts(7, stalls.lengths);
  a.Count(8, stalls.looks);
  a.Length(9, stalls.blind_ns);
}

template <typename Archive>
void Describe(Archive& a, Is<SymbolFrame> auto& frame) {
  a.Text(1, frame.function);
  a.Text(2, frame.file);
  a.Number(3, frame.line);
  a.Number(4, frame.function_line);
  a.Text(5, frame.module);
  a.At(6, frame.address);
  a.Flag(7, frame.inlined);
  a.Flag(8, frame.marker);
  a.Count(9, frame.left_out);
}

template <typename Archive>
void Describe(Archive& a, Is<GreenActivity> auto& green) {
  a.Number(1, green.id);
  a.Enum(2, green.state, kGreenStates);
  a.Enum(3, green.waiting_for, kWaitReasons);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::Sample> auto& sample) {
  a.Number(1, sample.process);
  a.Number(2, sample.tid);
  a.Flag(3, sample.idle);
  a.Enum(4, sample.state, kThreadStates);
  a.Text(5, sample.system_call);
  a.Optional(6, sample.green);
  a.Enum(7, sample.end, kStackEnds);
  a.Numbers(8, sample.frames);
  a.Count(9, sample.count);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::Thread> auto& thread) {
  a.Number(1, thread.tid);
  a.Text(2, thread.name);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::GreenThread> auto& green) {
  a.Number(1, green.tid);
  a.Number(2, green.id);
  a.Text(3, green.name);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::Image> auto& image) {
  a.Text(1, image.path);
  a.Text(2, image.build_id);
  a.At(3, image.range.begin);
  a.At(4, image.range.end);
}

template <typename Archive>
void Describe(Archive& a, Is<LaneColumns> auto& lane) {
  a.Number(1, lane.tid);
  a.Number(2, lane.green);
  a.Number(3, lane.unit_ns);
  a.Numbers(4, lane.sample);
  a.Numbers(5, lane.gap);
  a.Numbers(6, lane.length);
  a.Numbers(7, lane.count);
}

template <typename Archive>
void Describe(Archive& a, Is<HubColumns> auto& hub) {
  a.Number(1, hub.process);
  a.Number(2, hub.tid);
  a.Numbers(3, hub.at_ns);
  a.Numbers(4, hub.iterations);
  a.Numbers(5, hub.timers_fired);
  a.Numbers(6, hub.switches);
  a.Numbers(7, hub.ready);
  a.Numbers(8, hub.timers);
}

template <typename Archive>
void Describe(Archive& a, Is<Profile::LongTurn> auto& turn) {
  a.Number(1, turn.process);
  a.Number(2, turn.tid);
  a.Time(3, turn.begin_ns);
  a.Time(4, turn.end_ns);
  a.Text(5, turn.who);
}

// All but the version and the strings.
template <typename Archive>
void Describe(Archive& a, Is<Profile> auto& profile) {
  a.Message(3, profile.made);
  a.Number(4, profile.pid);
  a.Text(5, profile.command);
  a.Each(6, profile.processes);
  a.Real(7, profile.rate_hz);
  a.Length(8, profile.duration_ns);
  a.Message(9, profile.quality);
  a.Optional(10, profile.stalls);
  a.Each(11, profile.frames);
  a.Each(12, profile.samples);
  a.Each(13, profile.threads);
  a.Each(14, profile.green_threads);
  a.Each(15, profile.images);
  a.template EachAs<LaneColumns>(16, profile.lanes);
  a.template EachAs<HubColumns>(17, profile.hubs);
  a.Length(18, profile.long_turn_limit_ns);
  a.Each(19, profile.long_turns);
  a.OptionalLength(20, profile.times_end_ns);
  a.Text(21, profile.part);
}

}  // namespace hubspy::store

#endif  // HUBSPY_STORE_FIELDS_H_
