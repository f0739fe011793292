// What an Attachment does with the threads that run hubs.
//
// The surprising part: where no thread is stopped, the kernel samples one that
// runs, and what its hub publishes is read some microseconds later, when a
// green thread may have given way to another, or to Hub::Run. What is read must
// then make sense in itself, and fit the sample, or both are taken again.
#include <optional>
#include <utility>

#include "cli/attachment.h"

namespace hubspy {
namespace {

// Below Hub::Run there is main, or a thread's function: a short stack.
constexpr size_t kRunStackBytes = 32 * 1024;
constexpr int kHubAttempts = 5;

// Whether Hub::Run did not go on between the two: its stack is the same. It is
// where it was in the next turn, and not the same meanwhile.
bool RunStoodStill(const HubView& before, const HubView& after) {
  return before.run_context == after.run_context &&
         before.iterations == after.iterations;
}

absl::Status HubMoved() {
  return absl::AbortedError("the hub moved in every one of several looks");
}

}  // namespace

absl::StatusOr<std::optional<ThreadCapture>> Attachment::CaptureHubThread(
    const CaptureRequest& wanted, DeepStacks::Use use, HubView& hub) {
  for (int attempt = 0; attempt < kHubAttempts; ++attempt) {
    bool lacks_run = false;
    auto capture = deep_stacks_.Capture(
        wanted, use,
        [&](const CaptureRequest& request) {
          return TakeWithHub(request, hub);
        },
        [&](const Snapshot& snapshot) {
          HubStack unwound = UnwindHubThread(hub, snapshot);
          lacks_run = unwound.lacks_run;
          return std::move(unwound.stack);
        });
    if (!capture.ok() || !capture->has_value() || !lacks_run) return capture;
  }
  return HubMoved();
}

absl::StatusOr<std::optional<Snapshot>> Attachment::TakeWithHub(
    CaptureRequest request, HubView& hub) {
  for (int attempt = 0; attempt < kHubAttempts; ++attempt) {
    request.also = {hub_reader_->HubRecordRange(hub),
                    hub_reader_->SuspendedRunRange(hub, kRunStackBytes)};
    // Whether the hub ran on meanwhile; in a stop it does not.
    if (!process_->MayStopThreads()) {
      request.also.push_back(hub_reader_->HubRecordRange(hub));
    }
    absl::StatusOr<std::optional<Snapshot>> snapshot =
        process_->Capture(request);
    if (!snapshot.ok()) return snapshot.status();
    if (!snapshot->has_value()) return std::nullopt;
    const std::vector<MemoryCopy>& extra = (*snapshot)->extra;
    absl::StatusOr<HubView> now = hub_reader_->ParseHub(extra[0], extra[1]);
    if (!now.ok()) return now.status();
    bool stood_still = true;
    if (extra.size() > 2) {
      const absl::StatusOr<HubView> after =
          hub_reader_->ParseHub(extra[2], extra[1]);
      if (!after.ok()) return after.status();
      stood_still = RunStoodStill(*now, *after);
    }
    // Hub::Run was left from elsewhere than we expected: its stack was not
    // copied. It is, next time.
    const bool copied = !now->run_context || now->suspended_run;
    hub = *std::move(now);
    if (copied && stood_still) return snapshot;
  }
  return HubMoved();
}

// `hub` is as `snapshot` shows it.
Attachment::HubStack Attachment::UnwindHubThread(const HubView& hub,
                                                 const Snapshot& snapshot) {
  Stack stack = Unwind(snapshot.registers, snapshot.stack, {});
  if (stack.partial() || stack.frames.empty()) return {std::move(stack)};
  if (RunningGreenThread(hub, snapshot.registers.sp())) {
    green_base_ = stack.frames.back();
  } else if (stack.frames.back() != green_base_) {
    return {std::move(stack)};
  }
  if (!hub.suspended_run) {
    return {.stack = std::move(stack),
            .lacks_run = snapshot.method == CaptureMethod::kPerf};
  }
  const Stack run =
      Unwind(*hub.suspended_run, snapshot.extra[1], {.top_is_return = true});
  return {Joined(std::move(stack), run)};
}

// Around a switch the record may already, or still, name a green thread while
// the thread is on Hub::Run's stack: the stack pointer tells.
std::optional<GreenThreadView> Attachment::RunningGreenThread(
    const HubView& hub, Address sp) {
  if (!hub.current) return std::nullopt;
  absl::StatusOr<GreenThreadView> green =
      hub_reader_->ReadGreenThread(hub, hub.current);
  if (!green.ok() || !green->stack.Contains(sp)) return std::nullopt;
  return *std::move(green);
}

std::optional<GreenActivity> Attachment::RunningGreen(
    const ThreadCapture& capture) {
  const Snapshot& snapshot = capture.snapshot;
  const auto found = hubs_.find(snapshot.tid);
  if (!green_looks_.wanted || found == hubs_.end()) return std::nullopt;
  const HubView& hub = found->second;
  std::optional<GreenThreadView> running =
      RunningGreenThread(hub, snapshot.registers.sp());
  if (snapshot.method == CaptureMethod::kPerf) {
    const bool is_green =
        running || (!capture.stack.partial() && !capture.stack.frames.empty() &&
                    capture.stack.frames.back() == green_base_);
    if (!is_green) return std::nullopt;
    running = SeenOnStack(hub, snapshot, running ? running->record : Address());
    if (!running) return GreenActivity{};
  } else {
    if (!running) return std::nullopt;
    // The record was read after the look, and may be another's by then; not
    // when who has it now was there before the turn in which the look was.
    if (running->created_ns >= hub.last.now_ns) return GreenActivity{};
  }
  if (green_looks_.names) RememberName(*running);
  return GreenActivity{.id = running->id};
}

// Whose stack a sample of the kernel's shows: who had it before, and has it
// still when the hub is read. A green thread keeps its stack while it lives.
// `record`: of who runs by now, if it is on that stack; or zero.
std::optional<GreenThreadView> Attachment::SeenOnStack(const HubView& hub,
                                                       const Snapshot& snapshot,
                                                       Address record) {
  const Address sp = snapshot.registers.sp();
  const GreenWatch& watch = WatchOf(hub);
  const WatchedGreen* const seen =
      record ? watch.FindByRecord(record) : watch.FindByStack(sp);
  if (seen == nullptr || watch.looked_ns() >= snapshot.sampled_ns) {
    return std::nullopt;
  }
  absl::StatusOr<GreenThreadView> now =
      hub_reader_->ReadGreenThread(hub, seen->view.record);
  if (!now.ok() || now->id != seen->view.id || !seen->view.stack.Contains(sp) ||
      !now->stack.Contains(sp)) {
    return std::nullopt;
  }
  return *std::move(now);
}

}  // namespace hubspy
