#include "model/dump.h"

#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/dump_greens.h"
#include "cli/missing_names.h"
#include "cli/naming.h"
#include "cli/provenance.h"
#include "target/kernel_view.h"
#include "view/dump.h"

namespace hubspy {
namespace {

class Dumper {
 public:
  // `kernel`: null for a core.
  Dumper(Attachment& attachment, const KernelView* kernel,
         const DumpOptions& options)
      : attachment_(attachment),
        kernel_(kernel),
        options_(options),
        symbolizer_({.short_names = options.short_names}) {}

  absl::StatusOr<Dump> Take() {
    Dump dump{.made = ProvenanceOf(options_.command_line),
              .pid = attachment_.process().pid(),
              .core = options_.core,
              .command = attachment_.process().CommandLine(),
              .gaps = attachment_.process().Gaps()};
    // First: they may be watched for a while.
    if (absl::Status status = TakeGreenThreads(dump); !status.ok()) {
      // In a core, what is missing stays missing: the threads are still worth
      // having.
      if (options_.core.empty()) return status;
      dump.gaps.push_back(absl::StrCat("the green threads cannot be shown: ",
                                       status.message()));
    }
    const absl::StatusOr<std::vector<ThreadInfo>> threads =
        attachment_.process().Threads();
    if (!threads.ok()) return threads.status();
    for (const ThreadInfo& thread : *threads) {
      dump.threads.push_back(TakeThread(thread));
    }
    return dump;
  }

  // The stacks that Take found.
  const Recording& seen() const { return seen_; }

 private:
  absl::Status TakeGreenThreads(Dump& dump) {
    GreenDumper greens(attachment_, kernel_, symbolizer_, seen_);
    if (options_.duration) {
      if (absl::Status status =
              greens.Watch(absl::ToInt64Nanoseconds(*options_.duration));
          !status.ok()) {
        return status;
      }
    }
    return greens.Describe(dump);
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
      if (capture->snapshot.system_call && kernel_ != nullptr) {
        result.call =
            kernel_->Explain(thread.tid, *capture->snapshot.system_call,
                             attachment_.process().memory());
      }
    } else {
      result.problem = std::string(capture.status().message());
    }
    return result;
  }

  NamedStack Name(const Stack& stack) {
    attachment_.LearnJitNames({&stack, 1});
    seen_.Add({.stack = seen_.Intern(stack)}, 1);
    return {.frames = NameStack(stack, attachment_, symbolizer_),
            .end = stack.end};
  }

  Attachment& attachment_;
  const KernelView* kernel_;
  const DumpOptions& options_;
  Symbolizer symbolizer_;
  Recording seen_;
};

}  // namespace

absl::StatusOr<int> RunDump(const DumpOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      options.core.empty() ? Attachment::Open(options.pid)
                           : Attachment::OpenCore(options.core);
  if (!attachment.ok()) return attachment.status();
  std::unique_ptr<KernelView> kernel;
  if (options.core.empty()) {
    absl::StatusOr<std::unique_ptr<KernelView>> view =
        KernelView::Open(options.pid);
    if (!view.ok()) return view.status();
    kernel = *std::move(view);
  }
  Dumper dumper(**attachment, kernel.get(), options);
  absl::StatusOr<Dump> dump = dumper.Take();
  if (!dump.ok()) return dump.status();
  // Of what a core lacks, the core tells.
  if ((*attachment)->process().Gaps().empty()) {
    WarnOfMissingNames((*attachment)->programs(), dumper.seen(), true);
  }
  const DumpView view{.all = options.all, .distinct = options.distinct};
  std::cout << (options.json ? RenderDumpJson(*dump, view)
                             : RenderDumpText(*dump, view))
            << std::flush;
  return 0;
}

}  // namespace hubspy
