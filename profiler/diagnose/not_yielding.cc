// not_yielding: a green thread computes and never gives way.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

// What the time is to be charged to: what libraries did, to who called them.
const SymbolFrame* Responsible(const std::vector<SymbolFrame>& stack) {
  for (const SymbolFrame& frame : stack) {
    if (!facts::IsOfTheSystem(frame)) return &frame;
  }
  return stack.empty() ? nullptr : &stack.front();
}

// Hottest first; too few samples give none.
std::vector<HotLine> HotLines(const HubWatch& watch) {
  int64_t all = 0;
  std::map<std::pair<std::string, int>, std::pair<SymbolFrame, int64_t>> lines;
  for (const RunSample& sample : watch.samples) {
    const SymbolFrame* const frame = Responsible(sample.stack);
    if (frame == nullptr) continue;
    auto& [first_seen, count] = lines[{frame->function, frame->line}];
    if (count == 0) first_seen = *frame;
    count += sample.count;
    all += sample.count;
  }
  std::vector<HotLine> hot;
  if (all < thresholds::kEnoughSamples) return hot;
  for (auto& [key, line] : lines) {
    hot.push_back({.frame = std::move(line.first),
                   .share = facts::Share(line.second, all)});
  }
  std::stable_sort(
      hot.begin(), hot.end(),
      [](const HotLine& a, const HotLine& b) { return a.share > b.share; });
  hot.resize(std::min(hot.size(), thresholds::kHotLines));
  return hot;
}

std::string Place(const SymbolFrame& frame) {
  if (frame.line == 0) return frame.function;
  const std::string file = frame.file.substr(frame.file.rfind('/') + 1);
  return absl::StrCat(file, ":", frame.line, " (", frame.function, ")");
}

std::string HotLinesSentence(const std::vector<HotLine>& lines) {
  if (lines.empty()) return "";
  std::vector<std::string> texts;
  for (const HotLine& line : lines) {
    if (line.share < thresholds::kHotShare && !texts.empty()) break;
    texts.push_back(
        absl::StrFormat("%.0f %% in %s", 100 * line.share, Place(line.frame)));
  }
  return absl::StrCat(" Of the time it was ", words::List(texts), ".");
}

}  // namespace

std::optional<Verdict> NotYieldingRule(const HubWatch& watch) {
  if (!facts::HubIsHeld(watch) || !facts::MostlyRunning(watch)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kNotYielding};
  verdict.culprit = facts::Running(watch);
  verdict.stack = watch.stack;
  verdict.hot_lines = HotLines(watch);
  const SymbolFrame* const innermost = Responsible(watch.stack);
  const std::string function = !verdict.hot_lines.empty()
                                   ? verdict.hot_lines[0].frame.function
                               : innermost != nullptr ? innermost->function
                                                      : "";
  verdict.summary = absl::StrCat(
      facts::Holder(watch), " computes",
      function.empty() ? "" : absl::StrCat(" in ", function),
      " without yielding to the hub, ", facts::HeldSince(watch), ". ",
      facts::WaitBehindIt(watch), HotLinesSentence(verdict.hot_lines));
  verdict.remedy =
      "Call green::Yield() within the computation, or hand it to an OS "
      "thread (green::Offload).";
  return verdict;
}

}  // namespace hubspy
