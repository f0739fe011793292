#include "target/linux/switch_log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>

#include "absl/types/span.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

// perf_event_open(2): a header, and behind it, by sample_id_all, the time and
// the CPU.
struct SwitchRecord {
  perf_event_header header;
  uint64_t time_ns;
  uint32_t cpu;
  uint32_t reserved;
};
static_assert(sizeof(SwitchRecord) == 24);

// The kernel writes down who left a CPU and who came in one go: microseconds,
// some tens where machines share their processors, and 250 where one is
// emulated. Whoever else had come in between would have stayed for longer: the
// shortest slice of a scheduler's is 0.7 ms (sysctl_sched_base_slice).
constexpr int64_t kOneSwitchNs = 500'000;

// A thousandth of its time is a thousand a second.
constexpr double kMostComingsPerSecond = 2000;
constexpr int64_t kCountForNs = 10'000'000;

}  // namespace

absl::StatusOr<SwitchLog> SwitchLog::Open(ThreadId tid) {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.context_switch = 1;
  attr.sample_id_all = 1;
  attr.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  auto event = PerfEvent::Open(attr, tid, PageSize(), RingUse::kKeepLatest);
  if (!event.ok()) return event.status();
  return SwitchLog(*std::move(event));
}

uint64_t SwitchLog::written() const {
  return std::atomic_ref(event_.page().data_head)
      .load(std::memory_order_acquire);
}

bool SwitchLog::CostsTooMuch(int64_t now_ns) {
  const int64_t passed_ns = now_ns - counted_ns_;
  if (counted_ns_ != 0 && passed_ns < kCountForNs) return false;
  const uint64_t now = written();
  // One record for each time that it leaves, and one that it comes.
  const double comings =
      static_cast<double>(now - counted_) / (2 * sizeof(SwitchRecord));
  const bool is_first = counted_ns_ == 0;
  counted_ns_ = now_ns;
  counted_ = now;
  return !is_first &&
         comings * 1e9 / static_cast<double>(passed_ns) > kMostComingsPerSecond;
}

std::optional<SwitchLog::Switch> SwitchLog::Latest() const {
  const uint64_t head = written();
  SwitchRecord record = {};
  if (head < sizeof(record)) return std::nullopt;
  // Word by word, each read before what was written is asked again. Records
  // and the ring are of whole words.
  std::array<uint64_t, sizeof(record) / sizeof(uint64_t)> words;
  for (size_t i = 0; i < words.size(); ++i) {
    const uint64_t at = head - sizeof(record) + i * sizeof(uint64_t);
    words[i] =
        __atomic_load_n(reinterpret_cast<const uint64_t*>(
                            event_.ring().data() + at % event_.ring().size()),
                        __ATOMIC_ACQUIRE);
  }
  std::memcpy(&record, words.data(), sizeof(record));
  const bool overwritten =
      written() - head > event_.ring().size() - 2 * sizeof(record);
  if (overwritten || record.header.type != PERF_RECORD_SWITCH ||
      record.header.size != sizeof(record)) {
    return std::nullopt;
  }
  const uint32_t flags = record.header.misc;
  return Switch{.onto_cpu = (flags & PERF_RECORD_MISC_SWITCH_OUT) == 0,
                .ready = (flags & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0,
                .at_ns = static_cast<int64_t>(record.time_ns),
                .cpu = record.cpu};
}

bool SwitchLog::WaitsForCpu(uint64_t written_before) const {
  const std::optional<Switch> latest = Latest();
  if (!latest || latest->onto_cpu) return false;
  // One that was blocked as it left has been woken since, unless it has left
  // only now.
  if (!latest->ready && written() != written_before) return false;
  return !IsOurDoing(*latest);
}

// Of the calling thread.
const absl::StatusOr<SwitchLog>& SwitchLog::Ours() {
  struct Log {
    ThreadId tid;
    absl::StatusOr<SwitchLog> log;
  };
  static thread_local std::unique_ptr<Log> ours;
  const auto tid = static_cast<ThreadId>(syscall(SYS_gettid));
  // What a fork left us has no memory behind it, which is not to be given back.
  if (ours != nullptr && ours->tid != tid) ours.release();
  if (ours == nullptr) ours.reset(new Log{tid, Open(tid)});
  return ours->log;
}

bool SwitchLog::IsOurDoing(const Switch& left) {
  const absl::StatusOr<SwitchLog>& ours = Ours();
  if (!ours.ok()) return false;
  const std::optional<Switch> came = ours->Latest();
  return came && came->onto_cpu && came->cpu == left.cpu &&
         came->at_ns >= left.at_ns && came->at_ns - left.at_ns < kOneSwitchNs;
}

}  // namespace hubspy
