#include "target/linux/perf_samples.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// Room for the samples that come between two looks, which is one as a rule, and
// more: once each time round the kernel wakes whoever would wait for the ring.
constexpr size_t kSamplesInRing = 7;

// A sample is of no use to who looks now when the thread has been elsewhere
// since. But one that waits for a CPU, for some time slices of others, stands
// where it was.
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

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

size_t PageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// A power of two of pages, as the kernel wants it.
size_t RingSize(uint32_t stack_bytes) {
  size_t bytes = PageSize();
  while (bytes < kSamplesInRing * (stack_bytes + kRecordOverhead)) bytes *= 2;
  return bytes;
}

perf_event_attr Attributes(const PerfSamples::Options& options) {
  perf_event_attr attr = {};
  attr.size = sizeof(attr);
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

int OpenEvent(perf_event_attr& attr, ThreadId tid) {
  return static_cast<int>(
      syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

// As its users know it, so that one line says what to change.
std::string Paranoia() {
  const ScopedFd file(
      open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC));
  char text[16];
  const auto level = ReadText(file, absl::MakeSpan(text));
  if (!level.ok()) return "perf_event_paranoid is not there";
  return absl::StrCat("perf_event_paranoid is ",
                      absl::StripTrailingAsciiWhitespace(*level));
}

absl::Status ExplainOpenError(ThreadId tid, int error) {
  switch (error) {
    case ESRCH:
      return absl::NotFoundError(absl::StrCat("there is no thread ", tid));
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(absl::StrCat(
          "no perf event for thread ", tid, ": ", std::strerror(error)));
    default:
      return absl::PermissionDeniedError(absl::StrCat(
          "the kernel's sampling (perf_event_open: ", std::strerror(error),
          "; ", Paranoia(), ")"));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PerfSamples>> PerfSamples::Open(
    ThreadId tid, const Options& options) {
  perf_event_attr attr = Attributes(options);
  int fd = OpenEvent(attr, tid);
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    // At perf_event_paranoid 2 only what runs in user space may be sampled.
    attr.exclude_kernel = 1;
    fd = OpenEvent(attr, tid);
  }
  if (fd < 0) return ExplainOpenError(tid, errno);
  ScopedFd event(fd);
  const size_t ring_bytes = RingSize(options.stack_bytes);
  void* const mapping =
      mmap(nullptr, PageSize() + ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
           event.get(), 0);
  if (mapping == MAP_FAILED) {
    // EPERM: more than perf_event_mlock_kb and RLIMIT_MEMLOCK allow together.
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for the samples of thread ", tid, ": ",
                     std::strerror(errno)));
  }
  return std::unique_ptr<PerfSamples>(new PerfSamples(
      std::move(event),
      {static_cast<std::byte*>(mapping), PageSize() + ring_bytes}, options));
}

PerfSamples::~PerfSamples() { munmap(mapping_.data(), mapping_.size()); }

absl::Span<const std::byte> PerfSamples::ring() const {
  return mapping_.subspan(PageSize());
}

// perf_event_open(2), "MMAP layout": what lies between tail and head is ours,
// until tail says that it is the kernel's again.
void PerfSamples::Update() {
  auto& page = *reinterpret_cast<perf_event_mmap_page*>(mapping_.data());
  const uint64_t head =
      std::atomic_ref(page.data_head).load(std::memory_order_acquire);
  const uint64_t tail = page.data_tail;
  if (head == tail || head - tail > ring().size()) return;
  std::optional<RingBytes> last_sample;
  RingBytes rest(ring(), tail, head - tail);
  perf_event_header header;
  while (rest.size() >= sizeof(header)) {
    rest.CopyTo(AsBytes(header));
    if (header.size < sizeof(header) || header.size > rest.size()) break;
    const RingBytes body(ring(), head - rest.size() + sizeof(header),
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
  if (!latest_) return nullptr;
  const int64_t age_ns = NowNs() - latest_->time_ns;
  return age_ns <= std::max(kOldestNs, kOldestPeriods * options_.period_ns)
             ? &*latest_
             : nullptr;
}

PerfSamples* PerfSampler::Find(ThreadId tid) const {
  const auto known = threads_.find(tid);
  return known == threads_.end() || !known->second.samples.ok()
             ? nullptr
             : known->second.samples->get();
}

void PerfSampler::Update(ThreadId tid) {
  if (PerfSamples* const samples = Find(tid)) samples->Update();
}

const PerfSample* PerfSampler::Latest(ThreadId tid) {
  if (const PerfSamples* const samples = Find(tid)) return samples->Latest();
  if (refusal_.ok() && !threads_.contains(tid)) Open(tid, options_.stack_bytes);
  return nullptr;
}

void PerfSampler::Open(ThreadId tid, uint32_t stack_bytes) {
  PerfSamples::Options options = options_;
  options.stack_bytes = stack_bytes;
  if (stack_bytes > options_.stack_bytes) options.read_bytes = stack_bytes;
  auto samples = PerfSamples::Open(tid, options);
  if (absl::IsPermissionDenied(samples.status())) refusal_ = samples.status();
  if (absl::IsNotFound(samples.status())) return;
  threads_[tid] = {.samples = std::move(samples), .stack_bytes = stack_bytes};
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
  if ((*known->second.samples)->ReadMoreStack()) return true;
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

void PerfSampler::KeepOnly(absl::Span<const ThreadId> tids) {
  absl::erase_if(threads_, [&](const auto& entry) {
    return !std::binary_search(tids.begin(), tids.end(), entry.first);
  });
}

}  // namespace hubspy
