#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/dump.h"
#include "view/diagnosis.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {

namespace {

std::string GreenThreadLabel(const GreenThreadView& green) {
  if (green.id == 0) return "the thread's own code";
  return absl::StrCat(
      "green thread ", green.id,
      green.name.empty() ? "" : absl::StrCat(" (", CleanText(green.name), ")"));
}

// Of the runtime's own work: how it switches, and how a green thread begins.
bool IsMachinery(const SymbolFrame& frame) {
  return absl::StartsWith(frame.function, "green::internal::") ||
         absl::StartsWith(frame.function, "green::Hub::") ||
         absl::StartsWith(frame.function, "green_") ||
         absl::StartsWith(frame.function, "__libc_start_") ||
         frame.function == "_start";
}

// What the user wrote and called. All of it, where that is nothing.
void AppendStack(const std::vector<SymbolFrame>& stack, std::string& text) {
  const bool all = std::all_of(stack.begin(), stack.end(), IsMachinery);
  for (const SymbolFrame& frame : stack) {
    if (!all && IsMachinery(frame)) continue;
    absl::StrAppend(&text, "      ", MarkedFrameLabel(frame), "\n");
  }
}

// In lines that fit a terminal of 80 columns, each indented by two.
std::string Wrapped(absl::string_view text) {
  constexpr size_t kColumns = 78;
  std::string lines;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    const size_t width = DisplayWidth(word);
    if (column > 0 && column + 1 + width <= kColumns) {
      lines += ' ';
      ++column;
    } else {
      lines += column == 0 ? "  " : "\n  ";
      column = 2;
    }
    lines.append(word.data(), word.size());
    column += width;
  }
  return lines + "\n";
}

// "  Thread 7 (worker) sleeps in read(fd 3: pipe, 1 bytes), for main
// (app.cc:3)".
std::string ThreadLine(const ThreadWait& thread) {
  const auto is_own = [](const SymbolFrame& frame) {
    return frame.line > 0 && !absl::StrContains(frame.module, "/libc.so");
  };
  auto frame = std::find_if(thread.stack.begin(), thread.stack.end(), is_own);
  if (frame == thread.stack.end()) frame = thread.stack.begin();
  return Wrapped(CleanText(absl::StrCat(
      "Thread ", thread.tid, " (", thread.name, ") ",
      thread.state == ThreadState::kRunning ? "runs" : "is ",
      thread.state == ThreadState::kRunning ? ""
                                            : ThreadStateName(thread.state),
      thread.call && !thread.call->text.empty()
          ? absl::StrCat(" in ", thread.call->text)
          : "",
      frame == thread.stack.end()
          ? ""
          : absl::StrCat(", in ", MarkedFrameLabel(*frame)))));
}

// Where the thread's own code waits, by running the loop.
std::vector<SymbolFrame> BelowHubRun(const std::vector<SymbolFrame>& stack) {
  const auto run =
      std::find_if(stack.begin(), stack.end(), [](const SymbolFrame& frame) {
        return frame.function == "green::Hub::Run";
      });
  return {run, stack.end()};
}

void AppendDeadlock(const DeadlockEvidence& deadlock, std::string& text) {
  for (const auto* const links : {&deadlock.cycle, &deadlock.waiting}) {
    for (const WaitLink& link : *links) {
      if (link.stack.empty()) continue;
      absl::StrAppend(&text, "    ", GreenThreadLabel(link.waiter), ":\n");
      AppendStack(link.waiter.id == 0 ? BelowHubRun(link.stack) : link.stack,
                  text);
    }
  }
}

}  // namespace

std::string RenderDiagnosisText(const Diagnosis& diagnosis) {
  std::string text;
  for (const std::string& gap : diagnosis.gaps) {
    absl::StrAppend(&text, "Note: ", CleanText(gap), "\n");
  }
  if (diagnosis.hubs.empty()) {
    const std::string which =
        diagnosis.core.empty()
            ? absl::StrCat("-p ", diagnosis.pid)
            : absl::StrCat("--core ", CleanText(diagnosis.core));
    absl::StrAppend(&text, "Process ", diagnosis.pid,
                    " has no green hub; `hubspy dump ", which,
                    "` shows its threads' whole stacks.\n");
    for (const ThreadWait& thread : diagnosis.threads) {
      absl::StrAppend(&text, ThreadLine(thread));
    }
  }
  for (const Verdict& verdict : diagnosis.hubs) {
    absl::StrAppend(&text, "Hub of thread ", verdict.tid, ": ",
                    VerdictName(verdict.kind), "\n",
                    Wrapped(CleanText(verdict.summary)));
    if (!verdict.loop.empty()) {
      absl::StrAppend(&text, Wrapped(CleanText(verdict.loop)));
    }
    AppendStack(verdict.stack, text);
    for (const ThreadWait& thread : verdict.holders) {
      absl::StrAppend(&text, "    thread ", thread.tid, " (",
                      CleanText(thread.name), "):\n");
      AppendStack(thread.stack, text);
    }
    if (verdict.deadlock) AppendDeadlock(*verdict.deadlock, text);
    if (!verdict.remedy.empty()) {
      absl::StrAppend(&text, Wrapped(absl::StrCat("What to do: ",
                                                  CleanText(verdict.remedy))));
    }
  }
  return text;
}

}  // namespace hubspy
