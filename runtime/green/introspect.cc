#include "green/introspect.h"

#include <cstddef>
#include <mutex>

#include "green/control_block.h"
#include "green/thread_id.h"

namespace green::internal {
namespace {

constinit std::mutex registry_mutex;

// A forked child has only the thread that forked, which must not find the
// registry locked by one that is not there.
void KeepRegistryUsableAfterFork() {
  [[maybe_unused]] static const bool once = [] {
    AroundFork([] { registry_mutex.lock(); }, [] { registry_mutex.unlock(); },
               [] { registry_mutex.unlock(); });
    return true;
  }();
}

std::atomic_ref<uint64_t> FirstHub() {
  return std::atomic_ref<uint64_t>(IntrospectionBlock().first_hub);
}

HubRecord* RecordAt(uint64_t address) {
  return reinterpret_cast<HubRecord*>(address);
}

}  // namespace

HubRecord& AcquireHubRecord() {
  KeepRegistryUsableAfterFork();
  const std::lock_guard lock(registry_mutex);
  const uint64_t first = FirstHub().load(std::memory_order_relaxed);
  for (HubRecord* record = RecordAt(first); record != nullptr;
       record = RecordAt(record->next.Get())) {
    // A process id marks it as taken until the thread id is written.
    if (record->process_id.Get() == 0) {
      record->process_id.Set(CurrentProcessId());
      return *record;
    }
  }
  auto* record = new HubRecord();
  record->process_id.Set(CurrentProcessId());
  record->next.Set(first);
  FirstHub().store(reinterpret_cast<uint64_t>(record),
                   std::memory_order_release);
  return *record;
}

void ReleaseHubRecord(HubRecord& record) {
  const std::lock_guard lock(registry_mutex);
  record.thread_id.Set(0);
  record.process_id.Set(0);
}

}  // namespace green::internal
