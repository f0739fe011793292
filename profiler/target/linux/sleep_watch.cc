#include "target/linux/sleep_watch.h"

#include <algorithm>
#include <utility>

namespace hubspy {

bool SleepWatch::StillIn(ThreadId tid, const SleepToken& token) const {
  const auto known = threads_.find(tid);
  return known != threads_.end() && known->second.asleep == token &&
         known->second.event.TimesScheduled() == known->second.mark;
}

SleepWatch::Mark SleepWatch::BeforeLook(ThreadId tid) {
  if (refused_) return std::nullopt;
  auto known = threads_.find(tid);
  if (known == threads_.end()) {
    perf_event_attr counts_nothing = {};
    counts_nothing.type = PERF_TYPE_SOFTWARE;
    counts_nothing.config = PERF_COUNT_SW_DUMMY;
    auto event = PerfEvent::Open(counts_nothing, tid, /*ring_bytes=*/0);
    if (!event.ok()) {
      refused_ = !absl::IsNotFound(event.status());
      return std::nullopt;
    }
    known = threads_.emplace(tid, Thread{.event = *std::move(event)}).first;
  }
  return known->second.event.TimesScheduled();
}

void SleepWatch::Confirm(ThreadId tid, const SleepToken& token, Mark mark) {
  const auto known = threads_.find(tid);
  if (known == threads_.end() || !mark) return;
  known->second.mark = *mark;
  known->second.asleep = token;
}

void SleepWatch::KeepOnly(absl::Span<const ThreadId> tids) {
  absl::erase_if(threads_, [&](const auto& entry) {
    return !std::binary_search(tids.begin(), tids.end(), entry.first);
  });
}

}  // namespace hubspy
