#include "target/linux/check_target.h"

#include <elf.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/machine.h"
#include "target/linux/proc_files.h"

namespace hubspy {
namespace {

absl::Status NoSuchProcess(int32_t pid) {
  return absl::NotFoundError(
      absl::StrCat("there is no process ", pid, ": look its id up again"));
}

int YamaScope() {
  int scope = 0;  // and so it stays where the kernel has no Yama
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  return scope;
}

absl::Status Refused(int32_t pid, uint32_t target_user_id) {
  return absl::PermissionDeniedError(
      absl::StrCat("not allowed to look at process ", pid, ": ",
                   PermissionRemedy({.yama_scope = YamaScope(),
                                     .our_user_id = geteuid(),
                                     .target_user_id = target_user_id})));
}

// Kernel threads, zombies and threads are no processes to look at.
absl::Status CheckKind(const ProcDir& directory, const ThreadStat& stat,
                       const ThreadStatus& status) {
  const int32_t pid = directory.pid();
  if (status.process_id != pid) {
    return absl::InvalidArgumentError(
        absl::StrCat(pid, " is a thread of process ", status.process_id,
                     ": give that id instead"));
  }
  if (stat.kernel_thread) {
    return absl::InvalidArgumentError(
        absl::StrCat("process ", pid, " (", stat.name,
                     ") is a kernel thread: give the id of a program"));
  }
  // A zombie that still has threads is a program whose main thread has ended.
  if (stat.state == ThreadState::kZombie && stat.threads <= 1) {
    return absl::NotFoundError(
        absl::StrCat("process ", pid, " (", stat.name,
                     ") has exited, and only waits for its parent to collect "
                     "it: there is nothing left to look at"));
  }
  return absl::OkStatus();
}

// Tries both things that a capture needs.
absl::Status CheckAccess(const ProcDir& directory, int32_t tid,
                         uint32_t user_id) {
  const auto syscall =
      directory.ReadFile(absl::StrCat("task/", tid, "/syscall"));
  if (absl::IsPermissionDenied(syscall.status())) {
    return Refused(directory.pid(), user_id);
  }
  if (!syscall.ok()) return syscall.status();

  // Nothing is mapped at 0, so that EFAULT is the good answer.
  char byte;
  const iovec local = {&byte, 1};
  const iovec remote = {nullptr, 1};
  const ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);
  if (n >= 0 || (errno != EPERM && errno != ENOSYS)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "not allowed to read the memory of process ", directory.pid(),
      " (process_vm_readv: ", strerror(errno),
      "): in a container, start it with --cap-add=SYS_PTRACE or another "
      "seccomp profile"));
}

absl::Status CheckArchitecture(const ProcDir& directory, int32_t tid) {
  const auto program = directory.OpenFile(absl::StrCat("task/", tid, "/exe"));
  Elf64_Ehdr header = {};
  // A program that may be run but not read cannot be judged here, and shows
  // its kind at the first stop at the latest.
  if (!program.ok() ||
      pread(program->get(), &header, sizeof(header), 0) != sizeof(header)) {
    return absl::OkStatus();
  }
  if (header.e_ident[EI_CLASS] == ELFCLASS64 &&
      header.e_machine == kElfMachine) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "process ", directory.pid(), " runs a ",
      header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
      "-bit program for ELF machine ", header.e_machine, ": only 64-bit ",
      kMachineName, " programs can be looked at"));
}

}  // namespace

std::string PermissionRemedy(const Privileges& privileges) {
  constexpr int kYamaOff = 3;
  if (privileges.yama_scope >= kYamaOff) {
    return "kernel.yama.ptrace_scope is 3, which forbids it to everyone until "
           "the next boot";
  }
  if (privileges.our_user_id == 0) {
    return "root has no CAP_SYS_PTRACE here; in a container, start it with "
           "--cap-add=SYS_PTRACE";
  }
  if (privileges.our_user_id != privileges.target_user_id) {
    return absl::StrCat("it belongs to user ", privileges.target_user_id,
                        "; use sudo");
  }
  if (privileges.yama_scope > 0) {
    return "use sudo, or allow it with: sudo sysctl "
           "kernel.yama.ptrace_scope=0";
  }
  return "it protects itself (set-user-id, or not dumpable); use sudo";
}

absl::StatusOr<ProcDir> CheckTarget(int32_t pid) {
  if (pid <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(pid, " is not the id of a process"));
  }
  if (pid == getpid()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "process ", pid, " is hubspy itself, which cannot look at itself"));
  }
  absl::StatusOr<ProcDir> directory = ProcDir::Open(pid);
  if (!directory.ok()) return NoSuchProcess(pid);

  // From here on it may exit at any time.
  const auto check = [&]() -> absl::Status {
    const auto stat_text = directory->ReadFile("stat");
    if (!stat_text.ok()) return stat_text.status();
    const auto stat = ParseStat(*stat_text);
    if (!stat.ok()) return stat.status();
    const auto status_text = directory->ReadFile("status");
    if (!status_text.ok()) return status_text.status();
    const auto status = ParseStatus(*status_text);
    if (!status.ok()) return status.status();
    if (absl::Status kind = CheckKind(*directory, *stat, *status); !kind.ok()) {
      return kind;
    }
    const auto tid = directory->LivingThread();
    if (!tid.ok()) return tid.status();
    if (absl::Status access = CheckAccess(*directory, *tid, status->user_id);
        !access.ok()) {
      return access;
    }
    return CheckArchitecture(*directory, *tid);
  };
  if (absl::Status status = check(); !status.ok()) return status;
  return directory;
}

}  // namespace hubspy
