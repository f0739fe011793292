#include "target/kernel_view.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "target/linux/fd_look.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"
#include "target/linux/system_call_facts.h"

namespace hubspy {
namespace {

class LinuxKernelView final : public KernelView {
 public:
  explicit LinuxKernelView(ProcDir directory)
      : directory_(std::move(directory)) {}

  std::optional<uint64_t> SignalsHandled() const override {
    const absl::StatusOr<std::string> text = directory_.ReadFile("status");
    if (!text.ok()) return std::nullopt;
    const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
    if (!status.ok()) return std::nullopt;
    return status->signals_handled;
  }

  std::optional<ThreadSchedule> Schedule(ThreadId tid) const override {
    const absl::StatusOr<std::string> text =
        directory_.ReadFile(absl::StrCat("task/", tid, "/schedstat"));
    if (!text.ok()) return std::nullopt;
    return ParseSchedstat(*text);
  }

  FdFacts LookAtFd(int32_t fd) const override {
    return LookAtFdOf(directory_, fd);
  }

  CallFacts Explain(const SystemCall& call,
                    const Memory& memory) const override {
    return ExplainSystemCall(
        call, memory, [this](int32_t fd) { return LookAtFd(fd); },
        [this](int32_t tid) { return FindThread(tid); });
  }

 private:
  // By its id in the innermost pid namespace that it is in.
  std::optional<ThreadId> FindThread(int32_t innermost_id) const {
    const absl::StatusOr<std::vector<int32_t>> tids = directory_.ThreadIds();
    if (!tids.ok()) return std::nullopt;
    for (const int32_t tid : *tids) {
      const absl::StatusOr<std::string> text =
          directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
      if (!text.ok()) continue;
      const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
      if (status.ok() && status->innermost_id == innermost_id) return tid;
    }
    return std::nullopt;
  }

  ProcDir directory_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KernelView>> KernelView::Open(int32_t pid) {
  absl::StatusOr<ProcDir> directory = ProcDir::Open(pid);
  if (!directory.ok()) return directory.status();
  return std::make_unique<LinuxKernelView>(*std::move(directory));
}

}  // namespace hubspy
