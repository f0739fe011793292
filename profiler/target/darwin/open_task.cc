#include "target/darwin/open_task.h"

#include <libproc.h>
#include <mach/machine.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/machine.h"
#include "target/darwin/refusal.h"
#include "target/printable.h"

// In libSystem, but in no public header: as bsd/sys/codesign.h of xnu and
// osfmk/mach/mach_traps.h have them.
extern "C" {
int csops(pid_t pid, unsigned int operation, void* address, size_t size);
kern_return_t task_read_for_pid(mach_port_name_t self, int pid,
                                mach_port_name_t* task);
}

namespace hubspy {
namespace {

constexpr unsigned int kSigningStatus = 0;  // CS_OPS_STATUS

std::optional<kinfo_proc> ProcessInfo(int32_t pid) {
  std::array<int, 4> name = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
  kinfo_proc info = {};
  size_t size = sizeof info;
  // Of a process that is not there, nothing is written.
  if (sysctl(name.data(), name.size(), &info, &size, nullptr, 0) != 0 ||
      size < sizeof info) {
    return std::nullopt;
  }
  return info;
}

// The CPU whose code it runs: another one's is translated (Rosetta), and its
// frames are no frames of ours.
std::optional<cpu_type_t> CpuOf(int32_t pid) {
  std::array<int, CTL_MAXNAME> name;
  size_t length = name.size();
  if (sysctlnametomib("sysctl.proc_cputype", name.data(), &length) != 0 ||
      length >= name.size()) {
    return std::nullopt;
  }
  name[length] = pid;
  cpu_type_t cpu = 0;
  size_t size = sizeof cpu;
  if (sysctl(name.data(), static_cast<u_int>(length + 1), &cpu, &size, nullptr,
             0) != 0) {
    return std::nullopt;
  }
  return cpu;
}

absl::Status Refused(int32_t pid) {
  uint32_t signing = 0;
  if (csops(pid, kSigningStatus, &signing, sizeof signing) != 0) signing = 0;
  return absl::PermissionDeniedError(ExplainRefusal({.pid = pid,
                                                     .name = ProgramName(pid),
                                                     .our_user_id = geteuid(),
                                                     .code_signing = signing}));
}

}  // namespace

std::string ProgramName(int32_t pid) {
  std::array<char, PROC_PIDPATHINFO_MAXSIZE> path;
  const int size = proc_pidpath(pid, path.data(), path.size());
  if (size <= 0) return "";
  const absl::string_view text(path.data(), static_cast<size_t>(size));
  return Printable(text.substr(text.rfind('/') + 1));
}

bool IsAlive(int32_t pid) {
  const std::optional<kinfo_proc> info = ProcessInfo(pid);
  return info && info->kp_proc.p_stat != SZOMB;
}

absl::StatusOr<MachPort> OpenTask(int32_t pid) {
  if (pid < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(pid, " is not the id of a process"));
  }
  if (pid == 0) {
    return absl::InvalidArgumentError(
        "process 0 is the kernel: give the id of a program");
  }
  if (pid == getpid()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "process ", pid, " is hubspy itself, which cannot look at itself"));
  }
  const std::optional<kinfo_proc> info = ProcessInfo(pid);
  if (!info) {
    return absl::NotFoundError(
        absl::StrCat("there is no process ", pid, ": look its id up again"));
  }
  if (info->kp_proc.p_stat == SZOMB) {
    return absl::NotFoundError(
        absl::StrCat("process ", pid,
                     " has exited, and only waits for its parent to collect "
                     "it: there is nothing left to look at"));
  }
  const std::optional<cpu_type_t> cpu = CpuOf(pid);
  if (cpu && *cpu != static_cast<cpu_type_t>(kMachoCpu)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "process ", pid, " (", ProgramName(pid),
        ") runs the code of another CPU, translated by Rosetta: use a hubspy "
        "that was built for that CPU, as the program was"));
  }
  mach_port_t task = MACH_PORT_NULL;
  if (task_for_pid(mach_task_self(), pid, &task) == KERN_SUCCESS) {
    return MachPort(task);
  }
  if (task_read_for_pid(mach_task_self(), pid, &task) == KERN_SUCCESS) {
    return MachPort(task);
  }
  if (!IsAlive(pid)) {
    return absl::NotFoundError(absl::StrCat("process ", pid, " has exited"));
  }
  return Refused(pid);
}

}  // namespace hubspy
