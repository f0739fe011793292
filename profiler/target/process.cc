#include "target/process.h"

#include <utility>

namespace hubspy {

absl::StatusOr<std::vector<ThreadInfo>> Process::Threads() const {
  const absl::StatusOr<std::vector<ThreadId>> tids = ThreadIds();
  if (!tids.ok()) return tids.status();
  std::vector<ThreadInfo> threads;
  threads.reserve(tids->size());
  for (const ThreadId tid : *tids) {
    absl::StatusOr<ThreadInfo> thread = Thread(tid);
    if (absl::IsNotFound(thread.status())) continue;  // it went meanwhile
    if (!thread.ok()) return thread.status();
    threads.push_back(*std::move(thread));
  }
  return threads;
}

}  // namespace hubspy
