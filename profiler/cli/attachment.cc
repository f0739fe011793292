#include "cli/attachment.h"

#include <algorithm>
#include <utility>

#include "target/core/core_process.h"
#include "target/now.h"

namespace hubspy {
namespace {

// New threads and hubs are noticed after at most this long: reading the list
// costs some microseconds a thread, more than a look at one that sleeps.
constexpr int64_t kThreadsIntervalNs = 100'000'000;
// How often the list is read for each time that a thread's name is.
constexpr int64_t kRefreshesPerName = 20;
// A pc in no known module may be a library loaded since, or code made at run
// time; the maps of a large process take a millisecond to read.
constexpr int64_t kModulesIntervalNs = 10'000'000;
constexpr int64_t kLongestModulesIntervalNs = 10'000'000'000;
// Where other code was loaded where some was, no pc tells: the maps are read
// now and then in any case, as long as that takes no time to speak of.
constexpr int64_t kModulesAtLatestNs = 1'000'000'000;
constexpr int64_t kModulesCostFactor = 200;
// Nothing waits while a core's stack is copied: all of the usual 8 MB.
constexpr size_t kCoreStackBytes = 8 << 20;
// A signal's, Go's scheduler's and a goroutine's is the most there is.
constexpr int kMaxOtherStacks = 2;

std::vector<std::byte> ReadVdso(const Memory& memory,
                                const std::vector<Mapping>& mappings) {
  // A page or two; more is not a vdso.
  constexpr uint64_t kMaxBytes = 1 << 20;
  for (const Mapping& mapping : mappings) {
    if (mapping.path != "[vdso]" || mapping.range.size() > kMaxBytes) continue;
    std::vector<std::byte> bytes(mapping.range.size());
    bytes.resize(memory.Read(mapping.range.begin, absl::MakeSpan(bytes)));
    return bytes;
  }
  return {};
}

ThreadActivity ActivityOf(const Snapshot& snapshot) {
  return {
      .state = snapshot.state,
      .system_call = snapshot.system_call ? snapshot.system_call->number : -1};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Attachment>> Attachment::Open(
    int32_t pid, const OpenOptions& options,
    std::shared_ptr<ProgramList> programs) {
  absl::StatusOr<std::unique_ptr<Process>> process =
      Process::Open(pid, options);
  if (!process.ok()) return process.status();
  return Of(*std::move(process), std::move(programs));
}

absl::StatusOr<std::unique_ptr<Attachment>> Attachment::OpenCore(
    const std::string& file) {
  absl::StatusOr<std::unique_ptr<Process>> process = CoreProcess::Open(file);
  if (!process.ok()) return process.status();
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      Of(*std::move(process), std::make_shared<ProgramList>());
  if (attachment.ok()) (*attachment)->max_stack_bytes_ = kCoreStackBytes;
  return attachment;
}

absl::StatusOr<std::unique_ptr<Attachment>> Attachment::Of(
    std::unique_ptr<Process> process, std::shared_ptr<ProgramList> programs) {
  std::unique_ptr<Attachment> attachment(
      new Attachment(std::move(process), std::move(programs)));
  attachment->FollowExec();
  if (absl::Status status = attachment->RefreshModules(); !status.ok()) {
    return status;
  }
  if (absl::Status status = attachment->RefreshThreads(); !status.ok()) {
    return status;
  }
  return attachment;
}

void Attachment::BecomeProgram(ProgramId id) {
  program_ = id;
  unwinder_.emplace(modules(),
                    [this](Address from, absl::Span<std::byte> into) {
                      return process_->memory().Read(from, into);
                    });
  green_base_ = {};
  // Not now: whoever looks at a hub may be half-way through it.
  hub_block_is_old_ = true;
}

// Whether the process has become another program, by an exec or because we have
// not looked yet: nothing that was known of its code holds then.
bool Attachment::FollowExec() {
  const uint64_t mark = process_->ProgramMark();
  if (unwinder_ && (mark == 0 || mark == program_mark_)) return false;
  program_mark_ = mark;
  BecomeProgram(programs_->Add(process_->pid(), process_->CommandLine()));
  return true;
}

absl::Status Attachment::RefreshModules() {
  const int64_t begin_ns = NowNs();
  absl::StatusOr<std::vector<Mapping>> mappings = process_->Mappings();
  if (!mappings.ok()) return mappings.status();
  if (!FollowExec() && modules().WouldReplace(*mappings)) {
    BecomeProgram(programs_->AddChanged(program_));
  }
  const Memory& memory = process_->memory();
  program().modules->Update(*mappings, ReadVdso(memory, *mappings),
                            [&](Address from, absl::Span<std::byte> into) {
                              return memory.Read(from, into);
                            });
  const int64_t cost_ns = NowNs() - begin_ns;
  modules_at_latest_ns_ =
      NowNs() + std::max(kModulesAtLatestNs, kModulesCostFactor * cost_ns);
  return absl::OkStatus();
}

void Attachment::FindHubs() {
  if (std::exchange(hub_block_is_old_, false)) {
    hub_reader_.reset();
    green_watches_.clear();
  }
  if (hub_reader_) return;
  if (const auto block = FindHubBlock(modules(), process_->memory())) {
    hub_reader_.emplace(process_->memory(), *block);
  }
}

absl::Status Attachment::RefreshThreads() {
  threads_due_ns_ = NowNs() + kThreadsIntervalNs;
  const absl::StatusOr<std::vector<ThreadId>> tids = process_->ThreadIds();
  if (!tids.ok()) return tids.status();
  ++thread_refreshes_;
  absl::flat_hash_map<ThreadId, Sleep> present;
  for (const ThreadId tid : *tids) {
    const auto known = threads_.find(tid);
    const bool is_new = known == threads_.end();
    present[tid] = is_new ? Sleep{} : std::move(known->second);
    // A thread may be given its name at any time; each has its turn.
    const bool its_turn = (tid + thread_refreshes_) % kRefreshesPerName == 0;
    if (!is_new && !its_turn) continue;
    absl::StatusOr<ThreadInfo> thread = process_->Thread(tid);
    if (thread.ok()) thread_names_[tid] = std::move(thread->name);
  }
  threads_ = std::move(present);
  deep_stacks_.KeepOnly(
      [this](ThreadId tid) { return threads_.contains(tid); });
  FindHubs();
  // What a hub publishes may be caught half written, or be garbage: then its
  // thread is an ordinary one until the next time.
  hubs_.clear();
  if (absl::StatusOr<std::vector<HubView>> hubs = ReadHubs(); hubs.ok()) {
    for (HubView& hub : *hubs) hubs_[hub.tid] = std::move(hub);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HubView>> Attachment::ReadHubs() {
  std::vector<HubView> ours;
  if (!hub_reader_) return ours;
  absl::StatusOr<std::vector<HubView>> hubs = hub_reader_->ReadHubs();
  if (absl::IsUnavailable(hubs.status())) return ours;
  if (!hubs.ok()) return hubs.status();
  for (HubView& hub : *hubs) {
    // In a forked child the parent's hubs are still written down.
    if (threads_.contains(hub.tid)) ours.push_back(std::move(hub));
  }
  return ours;
}

absl::Status Attachment::Refresh() {
  if (NowNs() < threads_due_ns_) return absl::OkStatus();
  if (FollowExec() || NowNs() >= modules_at_latest_ns_) {
    if (absl::Status status = RefreshModules(); !status.ok()) return status;
  }
  return RefreshThreads();
}

absl::StatusOr<std::vector<ThreadLook>> Attachment::Look() {
  if (absl::Status status = Refresh(); !status.ok()) return status;
  std::vector<ThreadLook> looks;
  looks.reserve(threads_.size());
  for (auto& [tid, sleep] : threads_) {
    if (std::optional<ThreadLook> look = LookAt(tid, sleep)) {
      looks.push_back(*std::move(look));
    }
  }
  if (looks.empty() && !process_->Alive()) {
    return absl::NotFoundError("the process has exited");
  }
  if (green_looks_.wanted) AddGreenThreads(looks);
  return looks;
}

std::optional<ThreadLook> Attachment::LookAt(ThreadId tid, Sleep& sleep) {
  absl::StatusOr<std::optional<ThreadCapture>> capture =
      CaptureUnless(tid, sleep.token, DeepStacks::Use::kSampling);
  if (absl::IsNotFound(capture.status())) return std::nullopt;
  if (!capture.ok()) {
    return ThreadLook{.tid = tid, .status = capture.status()};
  }
  ThreadLook look{.tid = tid};
  if (capture->has_value()) {
    look.method = (*capture)->snapshot.method;
    look.pause_ns = (*capture)->snapshot.pause_ns;
    look.lost = (*capture)->snapshot.lost;
    const int64_t sampled_ns = (*capture)->snapshot.sampled_ns;
    const bool is_old = sampled_ns != 0 && sampled_ns == sleep.sampled_ns;
    const auto green = is_old ? sleep.green : RunningGreen(**capture);
    sleep = {
        .token = (*capture)->snapshot.sleep,
        .stack = std::make_shared<const Stack>(std::move((*capture)->stack)),
        .activity = ActivityOf((*capture)->snapshot),
        .green = green,
        .sampled_ns = sampled_ns};
  }
  look.green = sleep.green;
  // A green thread that sleeps in a system call keeps all others waiting.
  look.idle = !WantsCpu(sleep.activity.state) && !look.green;
  look.activity = sleep.activity;
  look.stack = sleep.stack;
  return look;
}

absl::StatusOr<ThreadCapture> Attachment::Capture(ThreadId tid) {
  // Who asks once wants an answer: a sampler's next look comes by itself.
  constexpr int kPatience = 50;
  absl::StatusOr<std::optional<ThreadCapture>> capture;
  for (int i = 0; i < kPatience; ++i) {
    capture = CaptureUnless(tid, std::nullopt, DeepStacks::Use::kOneLook);
    if (!absl::IsAborted(capture.status())) break;
  }
  if (!capture.ok()) return capture.status();
  return **std::move(capture);
}

absl::StatusOr<std::optional<ThreadCapture>> Attachment::CaptureUnless(
    ThreadId tid, const std::optional<SleepToken>& known_sleep,
    DeepStacks::Use use) {
  const CaptureRequest wanted{.tid = tid,
                              .max_stack_bytes = max_stack_bytes_,
                              .known_sleep = known_sleep};
  if (const auto hub = hubs_.find(tid); hub != hubs_.end()) {
    return CaptureHubThread(wanted, use, hub->second);
  }
  return CaptureAllStacks(wanted, use);
}

// A thread's frames may lie on several stacks: looks again, at one more of them
// each time, so that all are of one instant.
absl::StatusOr<std::optional<ThreadCapture>> Attachment::CaptureAllStacks(
    const CaptureRequest& wanted, DeepStacks::Use use) {
  std::vector<AddressRange> others;
  const auto take = [&](CaptureRequest request) {
    request.also = others;
    return process_->Capture(request);
  };
  const auto unwind = [&](const Snapshot& snapshot) {
    Stack stack = Unwind(snapshot.registers, snapshot.stack, {});
    for (const MemoryCopy& other : snapshot.extra) {
      stack = unwinder_->Continue(std::move(stack), other);
    }
    return stack;
  };
  auto capture = deep_stacks_.Capture(wanted, use, take, unwind);
  for (int i = 0; i < kMaxOtherStacks; ++i) {
    const std::optional<Address> sp = unwinder_->OtherStackSp();
    if (!capture.ok() || !capture->has_value() || !sp) break;
    others.push_back({*sp, *sp + wanted.max_stack_bytes});
    auto more = deep_stacks_.Capture(wanted, use, take, unwind);
    // It is gone, or will not be stopped: a part is better than nothing.
    if (!more.ok() || !more->has_value()) break;
    capture = std::move(more);
  }
  return capture;
}

bool Attachment::LeavesKnownModules(const Stack& stack) const {
  return stack.end == StackEnd::kUnreadableMemory ||
         std::any_of(stack.frames.begin(), stack.frames.end(),
                     [this](CodeAddress frame) {
                       return modules().Find(frame.lookup()) == nullptr;
                     });
}

Stack Attachment::Unwind(const Registers& registers, const MemoryCopy& stack,
                         const UnwindOptions& options) {
  Stack result = unwinder_->Unwind(registers, stack, options);
  result.program = program_;
  if (!LeavesKnownModules(result)) return result;
  const int64_t now_ns = NowNs();
  if (now_ns < modules_due_ns_ || !RefreshModules().ok()) return result;
  Stack again = unwinder_->Unwind(registers, stack, options);
  again.program = program_;
  modules_interval_ns_ =
      LeavesKnownModules(again)
          ? std::clamp(2 * modules_interval_ns_, kModulesIntervalNs,
                       kLongestModulesIntervalNs)
          : kModulesIntervalNs;
  modules_due_ns_ = now_ns + modules_interval_ns_;
  LearnJitNames({&again, 1});
  return again;
}

void Attachment::LearnJitNames(absl::Span<const Stack> stacks) {
  const auto is_known = [this](CodeAddress frame) {
    return modules().Find(frame.lookup()) != nullptr ||
           !jit_names().Find(frame.lookup()).empty();
  };
  const bool all_known =
      std::all_of(stacks.begin(), stacks.end(), [&](const Stack& stack) {
        return stack.program != program_ ||
               std::all_of(stack.frames.begin(), stack.frames.end(), is_known);
      });
  if (all_known) return;
  absl::StatusOr<PerfMapText> map = process_->ReadPerfMap();
  if (absl::IsNotFound(map.status())) return;  // no JIT, or no process any more
  programs_->SetJitNamesStatus(program_, map.status());
  if (!map.ok()) return;
  PerfMap& names = *program().jit_names;
  if (map->from_start) names = PerfMap(std::move(map->file));
  names.Append(map->text);
}

}  // namespace hubspy
