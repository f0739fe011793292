#include "target/darwin/thread_ports.h"

#include <mach/mach_vm.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// Ids are of 64 bits, and count from the machine's start: 32 of them tell a
// process's threads apart.
std::optional<ThreadId> IdOf(mach_port_t thread) {
  thread_identifier_info_data_t info;
  mach_msg_type_number_t count = THREAD_IDENTIFIER_INFO_COUNT;
  if (thread_info(thread, THREAD_IDENTIFIER_INFO,
                  reinterpret_cast<thread_info_t>(&info),
                  &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  return static_cast<ThreadId>(info.thread_id);
}

}  // namespace

absl::StatusOr<std::vector<ThreadId>> ThreadPorts::Update() {
  thread_act_array_t threads = nullptr;
  mach_msg_type_number_t count = 0;
  if (task_threads(task_, &threads, &count) != KERN_SUCCESS) {
    return absl::NotFoundError("the process has exited");
  }
  ports_.clear();
  std::vector<ThreadId> ids;
  for (mach_msg_type_number_t i = 0; i < count; ++i) {
    MachPort port(threads[i]);
    const std::optional<ThreadId> id = IdOf(port.get());
    if (!id || !ports_.emplace(*id, std::move(port)).second) continue;
    ids.push_back(*id);
  }
  mach_vm_deallocate(mach_task_self(),
                     reinterpret_cast<mach_vm_address_t>(threads),
                     count * sizeof *threads);
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<mach_port_t> ThreadPorts::Find(ThreadId tid) {
  auto found = ports_.find(tid);
  if (found == ports_.end()) {
    if (const auto ids = Update(); !ids.ok()) return ids.status();
    found = ports_.find(tid);
  }
  if (found == ports_.end()) {
    return absl::NotFoundError(absl::StrCat("thread ", tid, " has exited"));
  }
  return found->second.get();
}

}  // namespace hubspy
