#include "target/kernel_view.h"

#include <libproc.h>
#include <mach/mach_time.h>
#include <sys/proc_info.h>
#include <sys/resource.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "target/darwin/open_task.h"
#include "target/process_ids.h"
#include "target/system_call_name.h"

namespace hubspy {
namespace {

// macOS tells less than Linux: how long a thread waited for a CPU, what its
// open files would do, and which CPU it was on, it keeps for itself; and there
// are no control groups.
class DarwinKernelView final : public KernelView {
 public:
  explicit DarwinKernelView(int32_t pid) : pid_(pid) {}

  std::optional<uint64_t> SignalsHandled() const override {
    return std::nullopt;
  }

  std::optional<ThreadSchedule> Schedule(ThreadId) const override {
    return std::nullopt;
  }

  CgroupFacts Cgroups(ThreadId) const override { return {}; }

  // A debugger is the parent of what it traces (ptrace(2), PT_ATTACHEXC).
  Tracer TracerOf(ThreadId) const override {
    proc_bsdshortinfo info = {};
    const int size =
        proc_pidinfo(pid_, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info);
    if (size != sizeof info || (info.pbsi_flags & PROC_FLAG_TRACED) == 0) {
      return {};
    }
    const auto parent = static_cast<int32_t>(info.pbsi_ppid);
    return {.pid = parent, .name = ProgramName(parent)};
  }

  // Of those processes that we may look at.
  CpuTimes CpuTimesNow(ThreadId) const override {
    mach_timebase_info_data_t timebase = {};
    mach_timebase_info(&timebase);
    CpuTimes times;
    for (const int32_t pid : ProcessIds()) {
      rusage_info_v2 usage = {};
      if (proc_pid_rusage(pid, RUSAGE_INFO_V2,
                          reinterpret_cast<rusage_info_t*>(&usage)) != 0) {
        continue;
      }
      // In ticks of mach_absolute_time (xnu, bsd/kern/kern_resource.c).
      const unsigned __int128 ticks =
          static_cast<unsigned __int128>(usage.ri_user_time) +
          usage.ri_system_time;
      times.processes[pid] = {.name = ProgramName(pid),
                              .used_ns = static_cast<int64_t>(
                                  ticks * timebase.numer / timebase.denom)};
    }
    return times;
  }

  FdFacts LookAtFd(int32_t fd) const override { return {.fd = fd}; }

  std::optional<std::vector<int32_t>> PolledFds(int32_t) const override {
    return std::nullopt;
  }

  CallFacts Explain(ThreadId, const SystemCall& call,
                    const Memory&) const override {
    const std::string name = SystemCallName(call.number);
    return {.name = name, .text = name};
  }

 private:
  int32_t pid_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KernelView>> KernelView::Open(int32_t pid) {
  if (!IsAlive(pid)) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  return std::make_unique<DarwinKernelView>(pid);
}

}  // namespace hubspy
