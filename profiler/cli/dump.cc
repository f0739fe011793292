#include "model/dump.h"

#include <iostream>
#include <memory>
#include <utility>

#include "cli/attachment.h"
#include "cli/commands.h"
#include "cli/naming.h"
#include "view/dump.h"

namespace hubspy {
namespace {

class Dumper {
 public:
  Dumper(Attachment& attachment, const DumpOptions& options)
      : attachment_(attachment),
        symbolizer_({.jit_names = &attachment.jit_names(),
                     .short_names = options.short_names}) {}

  absl::StatusOr<Dump> Take() {
    absl::StatusOr<std::vector<ThreadInfo>> threads =
        attachment_.process().Threads();
    if (!threads.ok()) return threads.status();
    Dump dump{.pid = attachment_.process().pid(),
              .command = attachment_.process().CommandLine()};
    for (const ThreadInfo& thread : *threads) {
      dump.threads.push_back(TakeThread(thread));
    }
    absl::StatusOr<std::vector<HubView>> hubs = attachment_.ReadHubs();
    if (!hubs.ok()) return hubs.status();
    for (const HubView& hub : *hubs) {
      absl::StatusOr<std::vector<GreenThreadView>> green_threads =
          attachment_.hub_reader()->ReadGreenThreads(hub);
      if (!green_threads.ok()) return green_threads.status();
      for (GreenThreadView& green : *green_threads) {
        Dump::NamedStack stack = Name(attachment_.UnwindSuspended(hub, green));
        green.name = GreenThreadName(green, attachment_.modules(), symbolizer_);
        dump.green_threads.push_back(
            {.view = std::move(green), .stack = std::move(stack)});
      }
    }
    return dump;
  }

 private:
  Dump::Thread TakeThread(const ThreadInfo& thread) {
    Dump::Thread result{
        .tid = thread.tid, .name = thread.name, .state = thread.state};
    const absl::StatusOr<Attachment::ThreadCapture> capture =
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
    return {.frames = NameStack(stack, attachment_.modules(), symbolizer_),
            .end = stack.end};
  }

  Attachment& attachment_;
  Symbolizer symbolizer_;
};

}  // namespace

absl::StatusOr<int> RunDump(const DumpOptions& options) {
  absl::StatusOr<std::unique_ptr<Attachment>> attachment =
      Attachment::Open(options.pid);
  if (!attachment.ok()) return attachment.status();
  absl::StatusOr<Dump> dump = Dumper(**attachment, options).Take();
  if (!dump.ok()) return dump.status();
  WarnOfJitNames(**attachment);
  std::cout << (options.json ? RenderDumpJson(*dump) : RenderDumpText(*dump))
            << std::flush;
  return 0;
}

}  // namespace hubspy
