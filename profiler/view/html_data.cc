#include "view/html_data.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "model/words.h"
#include "view/facts.h"
#include "view/flame_colours.h"
#include "view/fold.h"
#include "view/lanes.h"
#include "view/prefix_tree.h"
#include "view/text.h"

namespace hubspy {
namespace {

// What a lane's colours tell apart.
enum class Activity { kRunning, kReady, kWaiting, kStopped };

constexpr uint64_t kIdle = 1, kWaits = 2, kGreen = 4;  // flags of samples

// See HtmlData.
class Column {
 public:
  void Add(uint64_t value) {
    static constexpr absl::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; value >= 32; value >>= 5) digits_ += kDigits[32 + value % 32];
    digits_ += kDigits[value];
  }
  // 0 where `to` is less.
  void AddDifference(uint64_t from, uint64_t to) {
    Add(to > from ? to - from : 0);
  }
  std::string Json() const { return absl::StrCat("\"", digits_, "\""); }

 private:
  std::string digits_;
};

// Distinct texts, numbered in the order in which they came.
class Texts {
 public:
  size_t IdOf(absl::string_view text) {
    const auto [it, inserted] = ids_.try_emplace(text, json_.size());
    if (inserted) json_.push_back(JsonText(text));
    return it->second;
  }
  std::string Json() const {
    return absl::StrCat("[", absl::StrJoin(json_, ",\n"), "]");
  }

 private:
  absl::flat_hash_map<std::string, size_t> ids_;
  std::vector<std::string> json_;
};

uint64_t Microseconds(int64_t ns) {
  return static_cast<uint64_t>(std::max<int64_t>(ns, 0) / 1000);
}

Activity ActivityOf(const Profile::Sample& sample) {
  if (sample.green) {
    switch (sample.green->state) {
      case GreenState::kReady:
        return Activity::kReady;
      case GreenState::kRunning:
        break;  // as its thread
      case GreenState::kWaiting:
        return Activity::kWaiting;
      case GreenState::kFinished:
        return Activity::kStopped;
    }
  }
  switch (sample.state) {
    case ThreadState::kRunning:
      return Activity::kRunning;
    case ThreadState::kRunnable:
      return Activity::kReady;
    case ThreadState::kSleeping:
      return Activity::kWaiting;
    case ThreadState::kStopped:
    case ThreadState::kZombie:
      return Activity::kStopped;
  }
  return Activity::kStopped;
}

class HtmlDataWriter {
 public:
  HtmlDataWriter(const Profile& profile, const HtmlOptions& options)
      : profile_(profile),
        options_(options),
        folded_(Fold(profile, {.include_idle = true, .others = false})),
        lanes_(LanesOf(profile, folded_)) {}

  std::string Run() {
    Open();
    Hues();
    // In this order: each of these may need another label.
    for (const Label& label : folded_.labels) AddLabel(label);
    const std::string samples = Samples();
    const std::string lanes = Lanes();
    const std::string processes = Processes();
    absl::StrAppend(&out_, ",\n\"files\":", files_.Json(),
                    ",\n\"modules\":", modules_.Json(), ",\n\"labels\":[",
                    absl::StrJoin(labels_, ",\n"), "]", samples, lanes,
                    processes);
    Hubs();
    return absl::StrReplaceAll(absl::StrCat(out_, "}\n"), {{"<", "\\u003c"}});
  }

 private:
  void Open() {
    const auto facts = absl::StrJoin(
        Facts(profile_), ",\n", [](std::string* out, const auto& fact) {
          absl::StrAppend(out, "[", JsonText(fact.first), ",",
                          JsonText(fact.second), "]");
        });
    absl::StrAppend(
        &out_, "{\"title\":", JsonText(options_.title), ",\n\"facts\":[", facts,
        "],\n\"short\":", JsonText(FactsInShort(profile_)),
        ",\n\"line\":", JsonText(SamplesLine(profile_)),
        ",\n\"rate_hz\":", absl::StrFormat("%.12g", profile_.rate_hz),
        ",\"duration_us\":", Microseconds(profile_.duration_ns),
        ",\"idle\":", options_.include_idle ? "true" : "false",
        ",\"threads\":", options_.threads ? "true" : "false",
        ",\"by_state\":", options_.by_state ? "true" : "false");
    absl::StrAppend(&out_, ",\"times_end_us\":",
                    profile_.times_end_ns
                        ? absl::StrCat(Microseconds(*profile_.times_end_ns))
                        : "null");
  }

  void Hues() {
    std::vector<std::string> hues;
    for (size_t hue = 0; hue < kHues; ++hue) {
      const HueStyle& style = StyleOf(static_cast<Hue>(hue));
      hues.push_back(absl::StrCat("[", JsonText(style.meaning), ",[",
                                  absl::StrJoin(style.base, ","), "],[",
                                  absl::StrJoin(style.spread, ","), "]]"));
    }
    absl::StrAppend(&out_, ",\n\"hues\":[", absl::StrJoin(hues, ",\n"), "]");
  }

  size_t AddLabel(const Label& label) {
    const SymbolFrame* const frame =
        label.frame ? &profile_.frames[*label.frame] : nullptr;
    const std::string text = MarkedText(label);
    labels_.push_back(absl::StrCat(
        "[", JsonText(text), ",", static_cast<int>(HueOf(label.kind)), ",",
        TintOf(text), ",", label.inlined ? 1 : 0, ",",
        files_.IdOf(frame ? frame->file : ""), ",",
        modules_.IdOf(frame ? frame->module : ""), "]"));
    return labels_.size() - 1;
  }

  std::string Samples() {
    std::vector<size_t> lane_of(folded_.stacks.size());
    for (size_t i = 0; i < lanes_.size(); ++i) {
      for (const LaneSpan& span : lanes_[i].spans) lane_of[span.stack] = i;
    }
    PrefixTree tree;
    Column samples;
    for (size_t i = 0; i < folded_.stacks.size(); ++i) {
      const FoldedStack& stack = folded_.stacks[i];
      const Profile::Sample& sample = profile_.samples[stack.sample];
      uint32_t node = PrefixTree::kNone;
      for (const uint32_t label : stack.labels) {
        node = tree.Intern(node, label);
      }
      samples.Add(node);
      samples.Add(lane_of[i]);
      samples.Add(StateIdOf(sample));
      samples.Add((sample.idle ? kIdle : uint64_t{0}) |
                  (stack.waits ? kWaits : uint64_t{0}) |
                  (sample.green ? kGreen : uint64_t{0}));
      samples.Add(static_cast<uint64_t>(std::max<int64_t>(stack.count, 0)));
    }
    Column nodes;
    for (uint32_t i = 0; i < tree.nodes().size(); ++i) {
      const PrefixTree::Node& node = tree.nodes()[i];
      nodes.Add(node.prefix == PrefixTree::kNone ? 0 : i - node.prefix);
      nodes.Add(node.what);
    }
    return absl::StrCat(",\n\"nodes\":", nodes.Json(), ",\n\"states\":[",
                        absl::StrJoin(states_, ","),
                        "],\n\"samples\":", samples.Json());
  }

  size_t StateIdOf(const Profile::Sample& sample) {
    const std::string text = CleanText(words::State(sample));
    const auto [it, inserted] = state_ids_.try_emplace(text, states_.size());
    if (inserted) {
      const size_t label =
          AddLabel({absl::StrCat("[", text, "]"), LabelKind::kState});
      states_.push_back(absl::StrCat(
          "[", label, ",", static_cast<int>(ActivityOf(sample)), "]"));
    }
    return it->second;
  }

  std::string Lanes() {
    std::vector<std::string> lanes;
    for (const Lane& lane : lanes_) {
      // Those without a time are its last spans.
      int64_t timed = -lane.untimed;
      for (const LaneSpan& span : lane.spans) timed += span.count;
      Column spans;
      uint64_t now_us = 0;
      for (const LaneSpan& span : lane.spans) {
        if (timed <= 0) break;
        timed -= span.count;
        const uint64_t begin_us = std::max(Microseconds(span.begin_ns), now_us);
        const uint64_t end_us =
            std::max(Microseconds(span.end_ns), begin_us + 1);
        spans.AddDifference(now_us, begin_us);
        spans.AddDifference(begin_us, end_us);
        spans.Add(span.stack);
        spans.Add(static_cast<uint64_t>(span.count));
        now_us = end_us;
      }
      const size_t label = AddLabel({lane.name, LabelKind::kThread});
      lanes.push_back(absl::StrCat("[", label, ",", lane.process, ",", lane.tid,
                                   ",", lane.green, ",", spans.Json(), "]"));
    }
    return absl::StrCat(",\n\"lanes\":[", absl::StrJoin(lanes, ",\n"), "]");
  }

  std::string Processes() {
    std::vector<size_t> labels;
    for (const Profile::Process& process : profile_.processes) {
      labels.push_back(AddLabel({ProcessName(process), LabelKind::kThread}));
    }
    return absl::StrCat(",\n\"processes\":[", absl::StrJoin(labels, ","), "]");
  }

  void Hubs() {
    std::vector<std::string> hubs;
    for (const Profile::HubSeries& hub : profile_.hubs) {
      if (hub.points.empty()) continue;
      Column points;
      Profile::HubSeries::Point before = hub.points.front();
      before.at_ns = 0;
      for (const Profile::HubSeries::Point& point : hub.points) {
        points.AddDifference(Microseconds(before.at_ns),
                             Microseconds(point.at_ns));
        points.AddDifference(before.iterations, point.iterations);
        points.AddDifference(before.timers_fired, point.timers_fired);
        points.AddDifference(before.switches, point.switches);
        points.Add(point.ready);
        points.Add(point.timers);
        before = point;
      }
      hubs.push_back(absl::StrCat("[", hub.process, ",", hub.tid, ",",
                                  points.Json(), "]"));
    }
    std::vector<std::string> turns;
    for (const Profile::LongTurn& turn : profile_.long_turns) {
      turns.push_back(absl::StrCat(
          "[", turn.process, ",", turn.tid, ",", Microseconds(turn.begin_ns),
          ",", Microseconds(turn.end_ns), ",", JsonText(turn.who), "]"));
    }
    absl::StrAppend(
        &out_, ",\n\"hubs\":[", absl::StrJoin(hubs, ",\n"),
        "],\n\"turn_limit_us\":", Microseconds(profile_.long_turn_limit_ns),
        ",\n\"turns\":[", absl::StrJoin(turns, ",\n"), "]");
  }

  const Profile& profile_;
  const HtmlOptions& options_;
  const FoldedProfile folded_;
  const std::vector<Lane> lanes_;
  Texts files_, modules_;
  std::vector<std::string> labels_;
  absl::flat_hash_map<std::string, size_t> state_ids_;
  std::vector<std::string> states_;
  std::string out_;
};

}  // namespace

std::string HtmlData(const Profile& profile, const HtmlOptions& options) {
  return HtmlDataWriter(profile, options).Run();
}

}  // namespace hubspy
