#include "target/darwin/darwin_process.h"

#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "target/darwin/arguments.h"
#include "target/darwin/image_list.h"
#include "target/darwin/open_task.h"
#include "target/darwin/thread_state.h"
#include "target/now.h"
#include "target/printable.h"

namespace hubspy {
namespace {

std::optional<thread_extended_info_data_t> ExtendedInfo(mach_port_t thread) {
  thread_extended_info_data_t info;
  mach_msg_type_number_t count = THREAD_EXTENDED_INFO_COUNT;
  if (thread_info(thread, THREAD_EXTENDED_INFO,
                  reinterpret_cast<thread_info_t>(&info),
                  &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  return info;
}

ThreadState StateOf(const thread_extended_info_data_t& info) {
  switch (info.pth_run_state) {
    case TH_STATE_WAITING:
    case TH_STATE_UNINTERRUPTIBLE:
      return ThreadState::kSleeping;
    case TH_STATE_STOPPED:
    case TH_STATE_HALTED:
      return ThreadState::kStopped;
    default:
      // Ready for a CPU, too: that is not told.
      return ThreadState::kRunning;
  }
}

absl::Status Gone(ThreadId tid) {
  return absl::NotFoundError(absl::StrCat("thread ", tid, " has exited"));
}

// Suspends a thread while it lives.
class Suspension {
 public:
  explicit Suspension(mach_port_t thread)
      : thread_(thread), held_(thread_suspend(thread) == KERN_SUCCESS) {}
  ~Suspension() { Release(); }
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  bool held() const { return held_; }
  void Release() {
    if (std::exchange(held_, false)) thread_resume(thread_);
  }

 private:
  mach_port_t thread_;
  bool held_;
};

MemoryCopy CopyOf(const Memory& memory, Address from, size_t size) {
  MemoryCopy copy{.begin = from, .bytes = std::vector<std::byte>(size)};
  copy.bytes.resize(memory.Read(from, absl::MakeSpan(copy.bytes)));
  return copy;
}

// Where the image's file is, if it has one that we can reach: then its segments
// are that file's, and the image need not be read from memory.
void AddFile(const std::string& path, std::vector<Mapping>& segments) {
  struct stat info;
  if (path.empty() || stat(path.c_str(), &info) != 0) return;
  for (Mapping& segment : segments) {
    segment.device = static_cast<uint64_t>(info.st_dev);
    segment.inode = info.st_ino;
    segment.open_path = path;
    segment.in_memory_image = Address();
  }
}

bool Before(const Mapping& a, const Mapping& b) {
  return a.range.begin < b.range.begin;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Open(
    int32_t pid, const OpenOptions& options) {
  absl::StatusOr<MachPort> task = OpenTask(pid);
  if (!task.ok()) return task.status();
  return std::make_unique<DarwinProcess>(pid, *std::move(task), options);
}

DarwinProcess::DarwinProcess(int32_t pid, MachPort task,
                             const OpenOptions& options)
    : pid_(pid),
      task_(std::move(task)),
      memory_(task_.get()),
      threads_(task_.get()),
      ways_(options.ways) {}

std::string DarwinProcess::CommandLine() const {
  std::array<int, 3> name = {CTL_KERN, KERN_PROCARGS2, pid_};
  size_t size = 0;
  std::string bytes;
  if (sysctl(name.data(), name.size(), nullptr, &size, nullptr, 0) == 0) {
    bytes.resize(size);
    if (sysctl(name.data(), name.size(), bytes.data(), &size, nullptr, 0) !=
        0) {
      size = 0;
    }
    bytes.resize(std::min(size, bytes.size()));
  }
  std::string line = ParseProcessArguments(bytes);
  if (!line.empty()) return line;
  // Of another user's process only root is told them.
  const std::string program = ProgramName(pid_);
  return program.empty() ? "" : absl::StrCat("[", program, "]");
}

absl::StatusOr<Address> DarwinProcess::DyldInfos() const {
  task_dyld_info_data_t info;
  mach_msg_type_number_t count = TASK_DYLD_INFO_COUNT;
  if (task_info(task_.get(), TASK_DYLD_INFO,
                reinterpret_cast<task_info_t>(&info), &count) != KERN_SUCCESS) {
    return absl::NotFoundError("the process has exited");
  }
  return Address(info.all_image_info_addr);
}

absl::StatusOr<std::vector<Mapping>> DarwinProcess::Mappings() const {
  const absl::StatusOr<Address> infos = DyldInfos();
  if (!infos.ok()) return infos.status();
  if (mappings_mark_ != 0 &&
      ReadImageListMark(memory_, *infos) == mappings_mark_) {
    return mappings_;
  }
  const absl::StatusOr<ImageList> list = ReadImageList(memory_, *infos);
  // A program that has not begun has no images yet.
  if (absl::IsUnavailable(list.status())) return mappings_;
  if (!list.ok()) return list.status();
  std::vector<Mapping> mappings;
  for (const ListedImage& image : list->images) {
    std::vector<Mapping> segments = MappingsOf(image, memory_);
    AddFile(image.path, segments);
    mappings.insert(mappings.end(), segments.begin(), segments.end());
  }
  std::sort(mappings.begin(), mappings.end(), Before);
  mappings_ = std::move(mappings);
  mappings_mark_ = list->mark;
  return mappings_;
}

// Each exec gives the process another program, dyld's list of which lies
// elsewhere as its main image does, at an address chosen at random.
uint64_t DarwinProcess::ProgramMark() const {
  const absl::StatusOr<Address> infos = DyldInfos();
  if (!infos.ok()) return 0;
  return absl::HashOf(*infos);
}

absl::StatusOr<std::vector<ThreadId>> DarwinProcess::ThreadIds() const {
  return threads_.Update();
}

absl::StatusOr<ThreadInfo> DarwinProcess::Thread(ThreadId tid) const {
  const absl::StatusOr<mach_port_t> thread = threads_.Find(tid);
  if (!thread.ok()) return thread.status();
  const auto info = ExtendedInfo(*thread);
  if (!info) return Gone(tid);
  const absl::string_view name(info->pth_name,
                               strnlen(info->pth_name, MAXTHREADNAMESIZE));
  return ThreadInfo{.tid = tid,
                    .name = name.empty() ? ProgramName(pid_) : Printable(name),
                    .state = StateOf(*info)};
}

absl::StatusOr<std::optional<Snapshot>> DarwinProcess::Capture(
    const CaptureRequest& request) {
  const absl::StatusOr<mach_port_t> thread = threads_.Find(request.tid);
  if (!thread.ok()) return thread.status();
  // Before it is suspended, which is what it would say then.
  const auto info = ExtendedInfo(*thread);
  if (!info) return Gone(request.tid);
  Snapshot snapshot{.tid = request.tid, .state = StateOf(*info)};
  const bool sleeps = snapshot.state == ThreadState::kSleeping;
  if (!sleeps &&
      (ways_ == CaptureWays::kAsleep || ways_ == CaptureWays::kPerf)) {
    return absl::FailedPreconditionError(
        absl::StrCat("thread ", request.tid,
                     " runs, and on macOS only a short stop shows where"));
  }
  const int64_t began_ns = NowNs();
  Suspension suspension(*thread);
  if (!suspension.held()) return Gone(request.tid);
  std::optional<ThreadState64> state = ReadThreadState(*thread);
  if (!state) return Gone(request.tid);
  const size_t most =
      sleeps ? request.max_stack_bytes
             : std::min(request.max_stack_bytes, request.max_held_bytes);
  snapshot.stack = CopyOf(memory_, state->registers.sp(), most);
  for (const AddressRange& range : request.also) {
    snapshot.extra.push_back(CopyOf(memory_, range.begin, range.size()));
  }
  suspension.Release();
  if (sleeps) {
    snapshot.method = CaptureMethod::kAsleep;
    if (FollowsSystemCall(state->registers.pc(), memory_)) {
      snapshot.system_call = state->call;
    }
  } else {
    snapshot.method = CaptureMethod::kPtrace;
    snapshot.pause_ns = NowNs() - began_ns;
  }
  snapshot.registers = std::move(state->registers);
  return snapshot;
}

bool DarwinProcess::Alive() const { return IsAlive(pid_); }

}  // namespace hubspy
