#include "view/stalls.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "model/dump.h"
#include "model/numbers.h"
#include "model/words.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {
namespace {

using Stall = StallReport::Stall;
using Runner = StallReport::Runner;

constexpr size_t kMostRunnersShown = 5;
constexpr int kBarColumns = 40;

std::string ThreeDigits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

std::string NameOf(const Runner& runner) {
  return words::TurnRunner(runner.kind, runner.id, CleanText(runner.name));
}

// Those of one name together: a queue's may all be different ones.
std::string MostOftenSeen(const std::vector<Runner>& runners) {
  struct Group {
    std::string name;
    int64_t times;
  };
  std::vector<Group> groups;
  int64_t all = 0;
  for (const Runner& runner : runners) {
    all += runner.times;
    const std::string name =
        runner.kind == StallCause::kGreenThread && !runner.name.empty()
            ? CleanText(runner.name)
            : NameOf(runner);
    const auto known =
        std::find_if(groups.begin(), groups.end(),
                     [&](const Group& g) { return g.name == name; });
    if (known == groups.end()) {
      groups.push_back({name, runner.times});
    } else {
      known->times += runner.times;
    }
  }
  std::stable_sort(
      groups.begin(), groups.end(),
      [](const Group& a, const Group& b) { return a.times > b.times; });
  if (groups.size() > kMostRunnersShown) groups.resize(kMostRunnersShown);
  if (groups.empty()) return "";
  return absl::StrCat(
      "; of ", words::Count(static_cast<uint64_t>(all), "reading"), " ",
      absl::StrJoin(groups, ", ", [](std::string* text, const Group& group) {
        absl::StrAppend(text, group.times, " found ", group.name);
      }));
}

std::string Cause(const Stall& stall) {
  switch (stall.cause) {
    case StallCause::kGreenThread:
      return absl::StrCat(NameOf(stall.runners.front()),
                          stall.under_way ? " does" : " did", " not give way");
    case StallCause::kQueue:
      return absl::StrCat("a queue that was too long, ",
                          WithCommas(static_cast<int64_t>(stall.switches)),
                          " switches, up to ",
                          words::Count(stall.most_ready, "green thread"),
                          " ready", MostOftenSeen(stall.runners));
    case StallCause::kCallbacks:
    case StallCause::kOwnCode:
    case StallCause::kHub:
      return NameOf(stall.runners.front());
    case StallCause::kUnknown:
      break;
  }
  return "not known who, it was over too soon";
}

std::string Lasted(const Stall& stall) {
  std::string text =
      absl::StrCat(stall.under_way ? "goes on after " : "lasted ",
                   FormatLength(stall.length_ns));
  const std::string most =
      FormatLength(stall.length_ns + stall.perhaps_longer_ns);
  if (most != FormatLength(stall.length_ns)) {
    absl::StrAppend(&text, " to ", most);
  }
  return text;
}

// Equal stacks in a row are shown once.
void AppendLooks(const StallReport& report, const Stall& stall,
                 std::string& text) {
  const auto& looks = stall.looks;
  for (size_t begin = 0; begin < looks.size();) {
    std::vector<std::string> times;
    size_t end = begin;
    for (; end < looks.size() && looks[end].stack == looks[begin].stack &&
           looks[end].state == looks[begin].state;
         ++end) {
      times.push_back(FormatLength(looks[end].after_ns));
    }
    absl::StrAppend(&text, "  after ", absl::StrJoin(times, ", "), ", ",
                    ThreadStateName(looks[begin].state), ":\n");
    const NamedStack& stack = report.stacks[looks[begin].stack];
    for (const SymbolFrame& frame : stack.frames) {
      absl::StrAppend(&text, "    ", MarkedFrameLabel(frame), "\n");
    }
    if (stack.end != StackEnd::kComplete) {
      absl::StrAppend(&text, "    ... cut short: ", StackEndName(stack.end),
                      "\n");
    }
    begin = end;
  }
  if (looks.empty()) {
    absl::StrAppend(&text, "  no stack: ", CleanText(stall.problem), "\n");
  }
}

void AppendStall(const StallReport& report, const Stall& stall,
                 std::string& text) {
  const int64_t since_ns = stall.begin_real_ns - report.begin_real_ns;
  const absl::Time begin =
      absl::FromUnixNanos(report.begin_unix_ns) + absl::Nanoseconds(since_ns);
  absl::StrAppend(
      &text, "\n", absl::FormatTime("%H:%M:%E3S", begin, absl::LocalTimeZone()),
      ", ",
      stall.began_before
          ? absl::StrCat(FormatLength(-std::min<int64_t>(0, since_ns)),
                         " before hubspy came")
          : absl::StrFormat("%.3f s in", static_cast<double>(since_ns) / 1e9),
      ", hub of thread ", stall.hub_tid);
  if (stall.pid != report.pid) {
    absl::StrAppend(&text, " of process ", stall.pid);
  }
  absl::StrAppend(&text, ": ", Lasted(stall), "\n  ", Cause(stall), "\n");
  AppendLooks(report, stall, text);
}

void AppendLengths(const StallTotals& totals, std::string& text) {
  const int64_t most =
      *std::max_element(totals.lengths.begin(), totals.lengths.end());
  absl::StrAppend(&text, "\nLengths:\n");
  double from_ns = static_cast<double>(totals.limit_ns);
  for (const int64_t count : totals.lengths) {
    const auto format = [](double ns) {
      return FormatLength(static_cast<int64_t>(std::min(ns, 9e18)));
    };
    const auto bar =
        static_cast<size_t>((count * kBarColumns + most - 1) / most);
    absl::StrAppendFormat(&text, "  %10s to %-10s %8s%s\n", format(from_ns),
                          format(2 * from_ns), WithCommas(count),
                          bar == 0 ? "" : "  " + std::string(bar, '#'));
    from_ns *= 2;
  }
}

}  // namespace

std::string FormatLength(int64_t ns) {
  const double s = static_cast<double>(ns) / 1e9;
  if (s < 0.9995e-3) return absl::StrCat(ThreeDigits(s * 1e6), " us");
  if (s < 0.9995) return absl::StrCat(ThreeDigits(s * 1e3), " ms");
  if (s < 120) return absl::StrCat(ThreeDigits(s), " s");
  return words::Duration(static_cast<double>(ns));
}

std::string StallsLine(const StallTotals& totals) {
  std::string line = absl::StrCat(
      totals.count == 0
          ? "No stalls"
          : words::Count(static_cast<uint64_t>(totals.count), "stall"),
      " of ", FormatLength(totals.limit_ns), " or more in ",
      FormatLength(totals.watched_ns));
  if (totals.count > 0) {
    absl::StrAppend(&line, ": ", FormatLength(totals.time_ns), " in all");
    if (totals.hub_ns > 0) {
      absl::StrAppendFormat(&line, " (%.1f%% of the time)",
                            100 * static_cast<double>(totals.time_ns) /
                                static_cast<double>(totals.hub_ns));
    }
    absl::StrAppend(&line, ", the longest ", FormatLength(totals.longest_ns),
                    "; ",
                    words::Count(static_cast<uint64_t>(totals.looks), "stack"));
  }
  if (totals.blind_ns > 0) {
    absl::StrAppend(&line, "; hubspy did not get to look for ",
                    FormatLength(totals.blind_ns), ", which may hide some");
  }
  return line;
}

std::string RenderStalls(const StallReport& report) {
  std::string text =
      absl::StrCat("Process ", report.pid, ": ", CleanText(report.command),
                   "\n", StallsLine(report.totals), "\n");
  for (const Stall& stall : report.stalls) AppendStall(report, stall, text);
  const auto left_out =
      report.totals.count - static_cast<int64_t>(report.stalls.size());
  if (left_out > 0) {
    absl::StrAppend(
        &text, "\nand ",
        words::Count(static_cast<uint64_t>(left_out), "shorter one"), "\n");
  }
  if (report.totals.count > 0) AppendLengths(report.totals, text);
  return text;
}

}  // namespace hubspy
