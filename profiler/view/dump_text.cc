#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/numbers.h"
#include "model/words.h"
#include "view/dump.h"
#include "view/dump_groups.h"
#include "view/facts.h"
#include "view/fold.h"
#include "view/frame_label.h"
#include "view/green_words.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Of a group, so many are named.
constexpr size_t kIds = 8;
constexpr size_t kNames = 3;

void AppendStack(const NamedStack& stack, std::string& text) {
  for (const SymbolFrame& frame : stack.frames) {
    absl::StrAppend(&text, "    ", MarkedFrameLabel(frame), "\n");
  }
  if (stack.end != StackEnd::kComplete) {
    absl::StrAppend(&text, "    ... cut short: ", StackEndName(stack.end),
                    "\n");
  }
}

std::string Taken(const std::optional<SignalTaken>& signal) {
  if (!signal) return "";
  std::string text = absl::StrCat(", took ", signal->name);
  if (signal->fault_address) {
    absl::StrAppend(&text, " at 0x", absl::Hex(signal->fault_address->value()));
  }
  return text;
}

// "3, 4, 5 and 992 more"; empty for a group of one.
template <typename Group, typename IdOf>
std::string IdsLine(absl::string_view what, const Group& group, IdOf id_of) {
  if (group.size() == 1) return "";
  std::vector<std::string> ids;
  for (size_t i = 0; i < std::min(kIds, group.size()); ++i) {
    ids.push_back(absl::StrCat(id_of(*group[i])));
  }
  const size_t more = group.size() - ids.size();
  return absl::StrCat(
      "  ", what, " ",
      more == 0 ? words::List(ids)
                : absl::StrCat(absl::StrJoin(ids, ", "), " and ",
                               WithCommas(static_cast<int64_t>(more)), " more"),
      "\n");
}

// ": \"a\", \"b\" and 7 other names"; empty where there is none.
template <typename Group, typename NameOf>
std::string Names(const Group& group, NameOf name_of) {
  std::vector<absl::string_view> names;
  for (const auto* member : group) names.push_back(name_of(*member));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (!names.empty() && names.front().empty()) names.erase(names.begin());
  if (names.empty()) return "";
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(kNames, names.size()); ++i) {
    shown.push_back(absl::StrCat("\"", CleanText(names[i]), "\""));
  }
  if (names.size() > kNames) {
    shown.push_back(words::Count(names.size() - kNames, "other name"));
  }
  return absl::StrCat(": ", words::List(shown));
}

void AppendThreads(const ThreadGroup& group, std::string& text) {
  const Dump::Thread& first = *group.front();
  const bool is_one = group.size() == 1;
  if (is_one) {
    absl::StrAppend(&text, "\nThread ", first.tid, " (");
  } else {
    absl::StrAppend(&text, "\n", WithCommas(static_cast<int64_t>(group.size())),
                    " threads (");
  }
  absl::StrAppend(&text, ThreadStateName(first.state));
  if (first.call) {
    absl::StrAppend(
        &text, " in ",
        CleanText(is_one && !first.call->text.empty() ? first.call->text
                                                      : first.call->name));
  }
  absl::StrAppend(
      &text, Taken(first.signal), ")",
      Names(group,
            [](const Dump::Thread& t) { return absl::string_view(t.name); }),
      "\n", IdsLine("ids", group, [](const Dump::Thread& t) { return t.tid; }));
  if (!first.problem.empty()) {
    absl::StrAppend(&text, "    ", CleanText(first.problem), "\n");
  }
  AppendStack(first.stack, text);
}

// " of hub 7", " of 4 hubs".
std::string HubsOf(const GreenGroup& group) {
  std::vector<ThreadId> tids;
  for (const Dump::GreenThread* green : group) {
    if (tids.empty() || tids.back() != green->view.hub_tid) {
      tids.push_back(green->view.hub_tid);  // they are sorted by hub
    }
  }
  return tids.size() == 1 ? absl::StrCat(" of hub ", tids.front())
                          : absl::StrCat(" of ", tids.size(), " hubs");
}

void AppendGreens(const GreenGroup& group, const GreenWords& say,
                  const Dump& dump, std::string& text) {
  const Dump::GreenThread& first = *group.front();
  if (group.size() == 1) {
    absl::StrAppend(&text, "\nGreen thread ", first.view.id);
  } else {
    absl::StrAppend(&text, "\n", WithCommas(static_cast<int64_t>(group.size())),
                    " green threads");
  }
  absl::StrAppend(&text, " (", say.State(group), ")",
                  Names(group,
                        [](const Dump::GreenThread& g) {
                          return absl::string_view(g.view.name);
                        }),
                  HubsOf(group), "\n",
                  IdsLine("ids", group, [](const Dump::GreenThread& g) {
                    return g.view.id;
                  }));
  for (const std::string& line : {say.Objects(group), say.Times(group)}) {
    if (!line.empty()) absl::StrAppend(&text, "  ", line, "\n");
  }
  if (!first.problem.empty()) {
    absl::StrAppend(&text, "    ", CleanText(first.problem), "\n");
  } else if (first.stack) {
    AppendStack(dump.stacks[*first.stack], text);
  } else if (first.view.state == GreenState::kRunning) {
    absl::StrAppend(&text, "    it ran: see thread ", first.view.hub_tid, "\n");
  }
  if (const std::string spawned = say.Spawned(group); !spawned.empty()) {
    absl::StrAppend(&text, "  ", spawned, "\n");
  }
}

// "100,002 green threads: 1 running, 999 ready, 99,002 waiting"; empty for
// none.
std::string Totals(const Dump& dump) {
  if (dump.green_threads.empty()) return "";
  constexpr GreenState kStates[] = {GreenState::kRunning, GreenState::kReady,
                                    GreenState::kWaiting,
                                    GreenState::kFinished};
  std::vector<std::string> parts;
  for (const GreenState state : kStates) {
    const auto count = std::count_if(
        dump.green_threads.begin(), dump.green_threads.end(),
        [&](const Dump::GreenThread& g) { return g.view.state == state; });
    if (count > 0) {
      parts.push_back(
          absl::StrCat(WithCommas(count), " ", GreenStateName(state)));
    }
  }
  const auto all = static_cast<int64_t>(dump.green_threads.size());
  return absl::StrCat(WithCommas(all),
                      all == 1 ? " green thread: " : " green threads: ",
                      absl::StrJoin(parts, ", "), "\n");
}

std::string Head(const Dump& dump) {
  std::string text =
      absl::StrCat("Process ", dump.pid, ": ", CleanText(dump.command), "\n");
  const Provenance& made = dump.made;
  if (!made.version.empty()) {
    absl::StrAppend(&text, "hubspy ", made.version, " on ",
                    CleanText(made.host), ", ", UtcTime(made.begin_unix_ns),
                    ": ", CleanText(made.command_line), "\n");
  }
  if (!dump.core.empty()) {
    absl::StrAppend(&text, "From core ", CleanText(dump.core), "\n");
  }
  for (const std::string& gap : dump.gaps) {
    absl::StrAppend(&text, "Note: ", CleanText(gap), "\n");
  }
  for (const Dump::Hub& hub : dump.hubs) {
    if (hub.clock_rate == 1) continue;
    absl::StrAppend(&text, "Note: the clock of hub ", hub.tid,
                    " goes wrong (hubspy diagnose tells how); times below are "
                    "real ones",
                    hub.clock_rate > 0 ? "" : ", and cannot be told of it",
                    "\n");
  }
  return absl::StrCat(text, Totals(dump));
}

}  // namespace

std::string RenderDumpText(const Dump& dump, const DumpView& view) {
  std::string text = Head(dump);
  for (const ThreadGroup& group :
       view.all ? EachThread(dump) : GroupThreads(dump)) {
    AppendThreads(group, text);
  }
  const GreenWords say(dump);
  for (const GreenGroup& group :
       view.all ? EachGreenThread(dump) : GroupGreenThreads(dump)) {
    AppendGreens(group, say, dump, text);
  }
  if (const PartialCounts partial = CountPartial(dump); partial.Total() > 0) {
    absl::StrAppend(&text, "\n", partial.Total(), " of ",
                    dump.threads.size() + dump.green_threads.size(),
                    " stacks cut short: ", PartialReasons(partial), "\n");
  }
  return text;
}

}  // namespace hubspy
