#include "model/dump.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "view/dump.h"

namespace hubspy {
namespace {

class Dumper {
 public:
  Dumper(Attachment& attachment, const DumpOptions& options)
      : attachment_(attachment),
        core_(options.core),
        symbolizer_({.short_names = options.short_names}) {}

  absl::StatusOr<Dump> Take() {
    absl::StatusOr<std::vector<ThreadInfo>> threads =
        attachment_.process().Threads();
    if (!threads.ok()) return threads.status();
    Dump dump{.pid = attachment_.process().pid(),
              .core = core_,
              .command = attachment_.process().CommandLine(),
              .gaps = attachment_.process().Gaps()};
    for (const ThreadInfo& thread : *threads) {
      dump.threads.push_back(TakeThread(thread));
    }
    if (absl::Status status = TakeGreenThreads(dump); !status.ok()) {
      // In a core, what is missing stays missing: the threads are still worth
      // having.
      if (core_.empty()) return status;
      dump.gaps.push_back(absl::StrCat("the green threads cannot be shown: ",
                                       status.message()));
    }
    return dump;
  }

  // The stacks that Take found.
  const Recording& seen() const { return seen_; }

 private:
  absl::Status TakeGreenThreads(Dump& dump) {
    size_t zeroed = 0;
    const auto take = [&](const WatchedGreen& green) {
      Dump::GreenThread& taken =
          dump.green_threads.emplace_back(Dump::GreenThread{green.view, {}});
      taken.view.name = NameGreenThread(green.view.name, green.view.entry,
                                        attachment_.modules(), symbolizer_);
      if (IsZeroed(green)) {
        ++zeroed;
      } else if (green.view.context && green.stack != nullptr) {
        taken.stack = Name(*green.stack);
      }
    };
    if (absl::Status status = attachment_.ForEachGreenThread(take);
        !status.ok()) {
      return status;
    }
    std::sort(dump.green_threads.begin(), dump.green_threads.end(),
              [](const auto& a, const auto& b) {
                return std::tie(a.view.hub_tid, a.view.id) <
                       std::tie(b.view.hub_tid, b.view.id);
              });
    if (zeroed > 0) {
      dump.gaps.push_back(
          absl::StrCat("the stacks of ", zeroed,
                       " green threads are zeros: dumped by gdb, which cannot "
                       "read around guard pages? The kernel can"));
    }
    return absl::OkStatus();
  }

  // No thread is suspended at 0. gdb writes zeros for a mapping of which it
  // cannot read all, such as one with guard pages in it.
  static bool IsZeroed(const WatchedGreen& green) {
    return green.view.context && green.stack != nullptr &&
           !green.stack->frames.empty() &&
           !green.stack->frames.front().address();
  }

  Dump::Thread TakeThread(const ThreadInfo& thread) {
    Dump::Thread result{.tid = thread.tid,
                        .name = thread.name,
                        .state = thread.state,
                        .signal = thread.signal};
    const absl::StatusOr<ThreadCapture> capture =
        attachment_.Capture(thread.tid);
    if (capture.ok()) {
      result.state = capture->snapshot.state;
      result.stack = Name(capture->stack);
    } else {
      result.problem = std::string(capture.status().message());
    }
    return result;
  }

  Dump::NamedStack Name(const Stack& stack) {
    attachment_.LearnJitNames({&stack, 1});
    seen_.Add({.stack = seen_.Intern(stack)}, 1);
    return {.frames = NameStack(stack, attachment_, symbolizer_),
            .end = stack.end};
  }

  Attachment& attachment_;
  const std::string core_;  // its file; empty for a process that runs
  Symbolizer symbolizer_;
  Recording seen_;
};

}  // namespace

absl::StatusOr<int> RunDump(const DumpOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      options.core.empty() ? Attachment::Open(options.pid)
                           : Attachment::OpenCore(options.core);
  if (!attachment.ok()) return attachment.status();
  Dumper dumper(**attachment, options);
  absl::StatusOr<Dump> dump = dumper.Take();
  if (!dump.ok()) return dump.status();
  // Of what a core lacks, the core tells.
  if ((*attachment)->process().Gaps().empty()) {
    WarnOfMissingNames((*attachment)->programs(), dumper.seen(), true);
  }
  std::cout << (options.json ? RenderDumpJson(*dump) : RenderDumpText(*dump))
            << std::flush;
  return 0;
}

}  // namespace hubspy
