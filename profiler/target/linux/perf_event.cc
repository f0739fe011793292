#include "target/linux/perf_event.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/page_size.h"
#include "target/linux/proc_dir.h"

namespace hubspy {
namespace {

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

absl::StatusOr<PerfEvent> PerfEvent::Open(perf_event_attr attr, ThreadId tid,
                                          size_t ring_bytes, RingUse use) {
  attr.size = sizeof(attr);
  int fd = OpenEvent(attr, tid);
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    attr.exclude_kernel = 1;
    fd = OpenEvent(attr, tid);
  }
  if (fd < 0) return ExplainOpenError(tid, errno);
  const ScopedFd event(fd);
  const size_t bytes = PageSize() + ring_bytes;
  // A mapping that cannot say how far it was read is overwritten.
  const int access =
      use == RingUse::kKeepLatest ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const mapping =
      mmap(nullptr, bytes, access, MAP_SHARED, event.get(), 0);
  if (mapping == MAP_FAILED) {
    // EPERM: more than perf_event_mlock_kb and RLIMIT_MEMLOCK allow together.
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for the perf event of thread ", tid, ": ",
                     std::strerror(errno)));
  }
  return PerfEvent({static_cast<std::byte*>(mapping), bytes},
                   attr.exclude_kernel == 0);
}

PerfEvent::~PerfEvent() {
  if (!mapping_.empty()) munmap(mapping_.data(), mapping_.size());
}

perf_event_mmap_page& PerfEvent::page() const {
  return *reinterpret_cast<perf_event_mmap_page*>(mapping_.data());
}

absl::Span<const std::byte> PerfEvent::ring() const {
  return mapping_.subspan(PageSize());
}

// The kernel brings the page up to date, and counts that in its lock, each time
// that it starts the event, which is when the thread comes onto a CPU.
uint32_t PerfEvent::TimesScheduled() const {
  return std::atomic_ref(page().lock).load(std::memory_order_acquire);
}

int64_t PerfEvent::CpuTimeNs() const {
  return static_cast<int64_t>(
      std::atomic_ref(page().time_running).load(std::memory_order_relaxed));
}

}  // namespace hubspy
