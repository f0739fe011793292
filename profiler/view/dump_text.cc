#include "absl/strings/str_cat.h"
#include "view/dump.h"
#include "view/fold.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {
namespace {

void AppendStack(const Dump::NamedStack& stack, std::string& text) {
  for (const SymbolFrame& frame : stack.frames) {
    absl::StrAppend(&text, "    ", MarkedFrameLabel(frame), "\n");
  }
  if (stack.end != StackEnd::kComplete) {
    absl::StrAppend(&text, "    ... cut short: ", StackEndName(stack.end),
                    "\n");
  }
}

std::string Waiting(const GreenThreadView& green) {
  if (green.state != GreenState::kWaiting) {
    return std::string(GreenStateName(green.state));
  }
  std::string text = "waiting";
  if (green.waiting_for != WaitReason::kNone) {
    absl::StrAppend(&text, " for ", WaitReasonName(green.waiting_for));
  }
  if (green.fd) absl::StrAppend(&text, " ", *green.fd);
  return text;
}

std::string Taken(const std::optional<SignalTaken>& signal) {
  if (!signal) return "";
  std::string text = absl::StrCat(", took ", signal->name);
  if (signal->fault_address) {
    absl::StrAppend(&text, " at 0x", absl::Hex(signal->fault_address->value()));
  }
  return text;
}

}  // namespace

std::string RenderDumpText(const Dump& dump) {
  std::string text =
      absl::StrCat("Process ", dump.pid, ": ", CleanText(dump.command), "\n");
  if (!dump.core.empty()) {
    absl::StrAppend(&text, "From core ", CleanText(dump.core), "\n");
  }
  for (const std::string& gap : dump.gaps) {
    absl::StrAppend(&text, "Note: ", CleanText(gap), "\n");
  }
  for (const Dump::Thread& thread : dump.threads) {
    absl::StrAppend(&text, "\nThread ", thread.tid, " (",
                    ThreadStateName(thread.state), Taken(thread.signal), ")");
    if (!thread.name.empty()) {
      absl::StrAppend(&text, ": \"", CleanText(thread.name), "\"");
    }
    absl::StrAppend(&text, "\n");
    if (!thread.problem.empty()) {
      absl::StrAppend(&text, "    ", CleanText(thread.problem), "\n");
    }
    AppendStack(thread.stack, text);
  }
  for (const Dump::GreenThread& green : dump.green_threads) {
    absl::StrAppend(&text, "\nGreen thread ", green.view.id, " (",
                    Waiting(green.view), ")");
    if (!green.view.name.empty()) {
      absl::StrAppend(&text, ": \"", CleanText(green.view.name), "\"");
    }
    absl::StrAppend(&text, " of hub ", green.view.hub_tid, "\n");
    AppendStack(green.stack, text);
  }
  if (const PartialCounts partial = CountPartial(dump); partial.Total() > 0) {
    absl::StrAppend(&text, "\n", partial.Total(), " of ",
                    dump.threads.size() + dump.green_threads.size(),
                    " stacks cut short: ", PartialReasons(partial), "\n");
  }
  return text;
}

}  // namespace hubspy
