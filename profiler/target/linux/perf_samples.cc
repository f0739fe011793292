#include "target/linux/perf_samples.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "model/page_size.h"
#include "target/now.h"

namespace hubspy {
namespace {

// Room for the samples that come between two looks, which is one as a rule, and
// more: once each time round the kernel wakes whoever would wait for the ring.
constexpr size_t kSamplesInRing = 7;

// A sample is of no use to who looks now when the thread has been elsewhere
// since. A period is what it runs between two samples; the rest is time slices.
constexpr int64_t kOldestPeriods = 4;
constexpr int64_t kOldestNs = 20'000'000;

// Besides the stack: the fields of PerfSampleType(), rounded up.
constexpr size_t kRecordOverhead = 512;

// A record's size is 16 bits wide.
constexpr uint32_t kMostStackBytes = 60 * 1024;

template <typename T>
absl::Span<std::byte> AsBytes(T& value) {
  return {reinterpret_cast<std::byte*>(&value), sizeof(value)};
}

// A power of two of pages, as the kernel wants it.
size_t RingSize(uint32_t stack_bytes) {
  size_t bytes = PageSize();
  while (bytes < kSamplesInRing * (stack_bytes + kRecordOverhead)) bytes *= 2;
  return bytes;
}

perf_event_attr Attributes(const PerfSamples::Options& options) {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = static_cast<uint64_t>(options.period_ns);
  attr.sample_type = PerfSampleType();
  attr.sample_regs_user = PerfRegisterMask();
  attr.sample_stack_user = options.stack_bytes;
  // Nobody waits: as late as possible, then.
  attr.watermark = 1;
  attr.wakeup_watermark = UINT32_MAX;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.exclude_hv = 1;
  return attr;
}

}  // namespace

absl::StatusOr<PerfSamples> PerfSamples::Open(ThreadId tid,
                                              const Options& options) {
  absl::StatusOr<PerfEvent> event =
      PerfEvent::Open(Attributes(options), tid, RingSize(options.stack_bytes));
  if (!event.ok()) return event.status();
  return PerfSamples(*std::move(event), options);
}

// perf_event_open(2), "MMAP layout": what lies between tail and head is ours,
// until tail says that it is the kernel's again.
void PerfSamples::Update() {
  perf_event_mmap_page& page = event_.page();
  const absl::Span<const std::byte> ring = event_.ring();
  const uint64_t head =
      std::atomic_ref(page.data_head).load(std::memory_order_acquire);
  const uint64_t tail = page.data_tail;
  if (head == tail || head - tail > ring.size()) return;
  std::optional<RingBytes> last_sample;
  RingBytes rest(ring, tail, head - tail);
  perf_event_header header;
  while (rest.size() >= sizeof(header)) {
    rest.CopyTo(AsBytes(header));
    if (header.size < sizeof(header) || header.size > rest.size()) break;
    const RingBytes body(ring, head - rest.size() + sizeof(header),
                         header.size - sizeof(header));
    if (header.type == PERF_RECORD_SAMPLE) last_sample = body;
    if (header.type == PERF_RECORD_LOST) {
      struct {
        uint64_t id;
        uint64_t count;
      } lost = {};
      if (body.size() >= sizeof(lost)) body.CopyTo(AsBytes(lost));
      lost_ += static_cast<int64_t>(lost.count);
    }
    rest = rest.From(header.size);
  }
  if (last_sample) {
    if (auto sample = ParsePerfSample(*last_sample, options_.read_bytes)) {
      latest_ = std::move(sample);
      latest_cpu_ns_ = event_.CpuTimeNs();
      slept_ = false;
    }
  }
  std::atomic_ref(page.data_tail).store(head, std::memory_order_release);
}

bool PerfSamples::ReadMoreStack() {
  if (options_.read_bytes >= options_.stack_bytes) return false;
  options_.read_bytes = std::min(2 * options_.read_bytes, options_.stack_bytes);
  return true;
}

const PerfSample* PerfSamples::Latest() const {
  return latest_ && IsWhereItWas() ? &*latest_ : nullptr;
}

// Long ago counts by the clock, as the thread may have slept unseen; but not
// while all of that time it was found to wait for a CPU. Where the kernel's
// work is not sampled, that cannot be told from a long system call.
bool PerfSamples::IsWhereItWas() const {
  const int64_t limit_ns =
      std::max(kOldestNs, kOldestPeriods * options_.period_ns);
  if (NowNs() - latest_->time_ns <= limit_ns) return true;
  return !slept_ && event_.samples_kernel() &&
         event_.CpuTimeNs() - latest_cpu_ns_ <= limit_ns;
}

PerfSamples* PerfSampler::Find(ThreadId tid) {
  const auto known = threads_.find(tid);
  return known == threads_.end() || !known->second.samples.ok()
             ? nullptr
             : &*known->second.samples;
}

void PerfSampler::Begin(ThreadId tid) {
  if (refusal_.ok() && !threads_.contains(tid)) Open(tid, options_.stack_bytes);
}

void PerfSampler::Update(ThreadId tid) {
  if (PerfSamples* const samples = Find(tid)) samples->Update();
}

void PerfSampler::NoteSleep(ThreadId tid) {
  if (PerfSamples* const samples = Find(tid)) samples->NoteSleep();
}

const PerfSample* PerfSampler::Latest(ThreadId tid) {
  const PerfSamples* const samples = Find(tid);
  return samples == nullptr ? nullptr : samples->Latest();
}

void PerfSampler::Open(ThreadId tid, uint32_t stack_bytes) {
  PerfSamples::Options options = options_;
  options.stack_bytes = stack_bytes;
  if (stack_bytes > options_.stack_bytes) options.read_bytes = stack_bytes;
  auto samples = PerfSamples::Open(tid, options);
  if (absl::IsPermissionDenied(samples.status())) refusal_ = samples.status();
  if (absl::IsNotFound(samples.status())) return;
  Thread& thread = threads_
                       .emplace(tid, Thread{.samples = std::move(samples),
                                            .stack_bytes = stack_bytes})
                       .first->second;
  if (auto switches = SwitchLog::Open(tid); switches.ok()) {
    thread.switches.emplace(*std::move(switches));
  }
}

absl::Status PerfSampler::RefusalOf(ThreadId tid) const {
  if (!refusal_.ok()) return refusal_;
  const auto known = threads_.find(tid);
  return known == threads_.end() ? absl::OkStatus()
                                 : known->second.samples.status();
}

bool PerfSampler::CopyMoreStack(ThreadId tid) {
  const auto known = threads_.find(tid);
  if (known == threads_.end() || !known->second.samples.ok()) return false;
  if (known->second.samples->ReadMoreStack()) return true;
  if (known->second.stack_bytes >= kMostStackBytes) return false;
  const uint32_t more =
      std::min(2 * known->second.stack_bytes, kMostStackBytes);
  threads_.erase(known);  // first: its ring counts against what may be locked
  Open(tid, more);
  return true;
}

int64_t PerfSampler::TakeLost(ThreadId tid) {
  PerfSamples* const samples = Find(tid);
  return samples == nullptr ? 0 : samples->TakeLost();
}

std::optional<uint64_t> PerfSampler::SwitchesWritten(ThreadId tid) {
  const auto known = threads_.find(tid);
  if (known == threads_.end() || !known->second.switches) return std::nullopt;
  if (known->second.switches->CostsTooMuch(NowNs())) {
    known->second.switches.reset();
    return std::nullopt;
  }
  return known->second.switches->written();
}

std::optional<bool> PerfSampler::WaitsForCpu(ThreadId tid,
                                             uint64_t written_before) const {
  const auto known = threads_.find(tid);
  if (known == threads_.end() || !known->second.switches) return std::nullopt;
  return known->second.switches->WaitsForCpu(written_before);
}

void PerfSampler::KeepOnly(absl::Span<const ThreadId> tids) {
  absl::erase_if(threads_, [&](const auto& entry) {
    return !std::binary_search(tids.begin(), tids.end(), entry.first);
  });
}

}  // namespace hubspy
