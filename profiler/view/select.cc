#include "view/select.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "model/merged.h"
#include "model/numbers.h"
#include "model/words.h"
#include "view/fold.h"
#include "view/text.h"

namespace hubspy {
namespace {

using GreenKey = std::pair<ThreadId, uint64_t>;

bool AnyMatches(const std::vector<NamePattern>& patterns, uint64_t id,
                absl::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const NamePattern& p) { return p.Matches(id, name); });
}

// `part` of `whole` makes that much of `count`; not more than of the whole,
// though a file may say that the part is larger.
int64_t Share(int64_t count, int64_t part, int64_t whole) {
  if (whole <= 0 || part >= whole) return count;
  return std::llround(static_cast<double>(count) * static_cast<double>(part) /
                      static_cast<double>(whole));
}

std::string Time(int64_t ns) {
  return absl::FormatDuration(absl::Nanoseconds(ns));
}

class Selector {
 public:
  Selector(const Profile& from, const Selection& selection)
      : selection_(selection), to_(from) {}

  Selected Run() {
    const int64_t before = Samples();
    if (selection_.by_time()) CutTime();
    if (!selection_.threads.empty()) CutThreads();
    if (!selection_.greens.empty()) CutGreens();
    if (!selection_.states.empty()) CutStates();
    if (selection_.focus) Focus(*selection_.focus);
    if (selection_.hide) Hide(*selection_.hide);
    to_ = Merged(to_);
    CutWhatHasNoSample();
    CountQuality(before);
    to_.part = Part();
    return {std::move(to_), note_};
  }

 private:
  int64_t Samples() const {
    int64_t samples = 0;
    for (const Profile::Sample& sample : to_.samples) samples += sample.count;
    return samples;
  }

  // Keeps the samples of which that is so.
  template <typename Predicate>
  void Keep(Predicate predicate) {
    for (Profile::Sample& sample : to_.samples) {
      if (!predicate(sample)) sample.count = 0;
    }
  }

  void CutTime() {
    const int64_t since = std::max<int64_t>(selection_.since_ns, 0);
    const int64_t until = std::max(selection_.until_ns, since);
    const int64_t length =
        std::max<int64_t>(std::min(until, to_.duration_ns) - since, 0);
    const int64_t ticks = TicksIn(since, until, length);
    Quality& quality = to_.quality;
    quality.looks = Share(quality.looks, ticks, quality.ticks);
    quality.late = Share(quality.late, ticks, quality.ticks);
    quality.ticks = ticks;
    CutSpans(since, until);
    for (Profile::HubSeries& hub : to_.hubs) CutPoints(hub, since, until);
    std::erase_if(to_.long_turns, [&](const Profile::LongTurn& turn) {
      return turn.end_ns <= since || turn.begin_ns >= until;
    });
    for (Profile::LongTurn& turn : to_.long_turns) {
      turn.begin_ns -= since;
      turn.end_ns -= since;
    }
    if (to_.times_end_ns && *to_.times_end_ns >= until) to_.times_end_ns = {};
    if (to_.times_end_ns) {
      to_.times_end_ns = std::max<int64_t>(*to_.times_end_ns - since, 0);
    }
    to_.duration_ns = length;
    if (to_.made.begin_unix_ns != 0) to_.made.begin_unix_ns += since;
  }

  // Looks come at irregular times: how many there were is known from a thread
  // that was in each of them, and otherwise guessed from the rate.
  int64_t TicksIn(int64_t since, int64_t until, int64_t length) const {
    int64_t seen_ns = 0;
    int64_t seen = 0;
    for (const Profile::Lane& lane : to_.lanes) {
      if (lane.green != 0) continue;
      int64_t ns = 0;
      int64_t count = 0;
      for (const Profile::Lane::Span& span : lane.spans) {
        ns += std::max<int64_t>(
            std::min(span.end_ns, until) - std::max(span.begin_ns, since), 0);
        count += CountIn(span, since, until);
      }
      if (ns > seen_ns) {
        seen_ns = ns;
        seen = count;
      }
    }
    return seen + Share(to_.quality.ticks,
                        std::max<int64_t>(length - seen_ns, 0),
                        to_.duration_ns);
  }

  static int64_t CountIn(const Profile::Lane::Span& span, int64_t since,
                         int64_t until) {
    return CountBefore(span, until) - CountBefore(span, since);
  }
  static int64_t CountBefore(const Profile::Lane::Span& span, int64_t at_ns) {
    if (at_ns <= span.begin_ns) return 0;
    if (at_ns >= span.end_ns) return span.count;
    return Share(span.count, at_ns - span.begin_ns,
                 span.end_ns - span.begin_ns);
  }

  void CutSpans(int64_t since, int64_t until) {
    std::vector<int64_t> timed(to_.samples.size());
    std::vector<int64_t> chosen(to_.samples.size());
    for (Profile::Lane& lane : to_.lanes) {
      for (Profile::Lane::Span& span : lane.spans) {
        timed[span.sample] += span.count;
        span.count = CountIn(span, since, until);
        chosen[span.sample] += span.count;
        span.begin_ns = std::max(span.begin_ns, since) - since;
        span.end_ns = std::min(span.end_ns, until) - since;
      }
      std::erase_if(lane.spans, [](const Profile::Lane::Span& span) {
        return span.count <= 0;
      });
    }
    int64_t untimed = 0;
    for (size_t i = 0; i < to_.samples.size(); ++i) {
      int64_t& count = to_.samples[i].count;
      untimed += std::max<int64_t>(count - timed[i], 0);
      count = std::min(count, chosen[i]);
    }
    if (untimed > 0) NoteUntimed(untimed);
  }

  void NoteUntimed(int64_t untimed) {
    note_ = absl::StrCat(WithCommas(untimed),
                         untimed == 1 ? " sample without a time is left out"
                                      : " samples without a time are left out");
    if (to_.times_end_ns) {
      absl::StrAppend(&note_, ": there was room for the times of ",
                      Time(*to_.times_end_ns));
    }
  }

  static void CutPoints(Profile::HubSeries& hub, int64_t since, int64_t until) {
    std::erase_if(hub.points, [&](const Profile::HubSeries::Point& point) {
      return point.at_ns < since || point.at_ns >= until;
    });
    for (Profile::HubSeries::Point& point : hub.points) point.at_ns -= since;
  }

  void CutThreads() {
    absl::flat_hash_set<ThreadId> chosen;
    for (const Profile::Thread& thread : to_.threads) {
      if (AnyMatches(selection_.threads, static_cast<uint64_t>(thread.tid),
                     thread.name)) {
        chosen.insert(thread.tid);
      }
    }
    Keep([&](const auto& sample) { return chosen.contains(sample.tid); });
    std::erase_if(to_.hubs,
                  [&](const auto& hub) { return !chosen.contains(hub.tid); });
    std::erase_if(to_.long_turns,
                  [&](const auto& turn) { return !chosen.contains(turn.tid); });
  }

  void CutGreens() {
    absl::flat_hash_set<GreenKey> chosen;
    for (const Profile::GreenThread& green : to_.green_threads) {
      if (AnyMatches(selection_.greens, green.id, green.name)) {
        chosen.insert({green.tid, green.id});
      }
    }
    Keep([&](const Profile::Sample& sample) {
      return sample.green && chosen.contains({sample.tid, sample.green->id});
    });
  }

  void CutStates() {
    Keep([&](const Profile::Sample& sample) {
      for (const std::string& state : StatesOf(sample)) {
        if (std::count(selection_.states.begin(), selection_.states.end(),
                       state) > 0) {
          return true;
        }
      }
      return false;
    });
  }

  std::vector<bool> FramesThatMatch(const Pattern& pattern) const {
    std::vector<bool> matches;
    matches.reserve(to_.frames.size());
    for (const SymbolFrame& f : to_.frames) {
      matches.push_back(pattern.FoundIn(f));
    }
    return matches;
  }

  void Focus(const Pattern& pattern) {
    const std::vector<bool> matches = FramesThatMatch(pattern);
    Keep([&](const Profile::Sample& sample) {
      return std::any_of(sample.frames.begin(), sample.frames.end(),
                         [&](uint32_t frame) { return matches[frame]; });
    });
  }

  // A sample of which nothing is left still counts, as such.
  void Hide(const Pattern& pattern) {
    const std::vector<bool> matches = FramesThatMatch(pattern);
    const auto marker = static_cast<uint32_t>(to_.frames.size());
    to_.frames.push_back({.function = "[hidden]", .marker = true});
    for (Profile::Sample& sample : to_.samples) {
      if (sample.frames.empty()) continue;
      std::erase_if(sample.frames,
                    [&](uint32_t frame) { return matches[frame]; });
      if (sample.frames.empty()) sample.frames = {marker};
    }
  }

  void CutWhatHasNoSample() {
    absl::flat_hash_set<ThreadId> threads;
    absl::flat_hash_set<GreenKey> greens;
    for (const Profile::Sample& sample : to_.samples) {
      threads.insert(sample.tid);
      if (sample.green) greens.insert({sample.tid, sample.green->id});
    }
    std::erase_if(to_.threads,
                  [&](const auto& t) { return !threads.contains(t.tid); });
    std::erase_if(to_.green_threads, [&](const auto& green) {
      return !greens.contains({green.tid, green.id});
    });
    std::erase_if(to_.lanes, [](const auto& l) { return l.spans.empty(); });
    absl::flat_hash_set<absl::string_view> modules;
    for (const SymbolFrame& frame : to_.frames) modules.insert(frame.module);
    std::erase_if(to_.images, [&](const auto& image) {
      return !modules.contains(image.path);
    });
  }

  void CountQuality(int64_t before) {
    Quality& quality = to_.quality;
    quality.samples = Samples();
    quality.left_out = 0;
    quality.partial = PartialCounts();
    for (const Profile::Sample& sample : to_.samples) {
      quality.partial.Add(sample.end, sample.count);
      const bool cut = std::any_of(
          sample.frames.begin(), sample.frames.end(),
          [&](uint32_t frame) { return to_.frames[frame] == LeftOutMarker(); });
      if (cut) quality.left_out += sample.count;
    }
    for (int64_t* const count :
         {&quality.failed, &quality.by_perf, &quality.lost, &quality.stops}) {
      *count = Share(*count, quality.samples, before);
    }
    if (to_.green_threads.empty() && !selection_.greens.empty()) {
      quality.green_threads = 0;
    }
  }

  // "since 10s, thread hub; 37 samples without a time are left out".
  std::string Part() const {
    std::vector<std::string> parts;
    if (!to_.part.empty()) parts.push_back(to_.part);
    const auto add = [&parts](absl::string_view what, absl::string_view text) {
      parts.push_back(absl::StrCat(what, " ", text));
    };
    const auto add_names = [&](absl::string_view what, const auto& patterns) {
      if (patterns.empty()) return;
      add(what, absl::StrJoin(patterns, " or ",
                              [](std::string* out, const NamePattern& p) {
                                out->append(p.text());
                              }));
    };
    if (selection_.since_ns > 0) add("since", Time(selection_.since_ns));
    if (selection_.until_ns < INT64_MAX) {
      add("until", Time(selection_.until_ns));
    }
    add_names("thread", selection_.threads);
    add_names("green thread", selection_.greens);
    if (!selection_.states.empty()) {
      add("state", absl::StrJoin(selection_.states, " or "));
    }
    if (selection_.focus) add("stacks with", selection_.focus->text());
    if (selection_.hide) add("without frames of", selection_.hide->text());
    std::string text = absl::StrJoin(parts, ", ");
    if (!note_.empty()) absl::StrAppend(&text, "; ", note_);
    return text;
  }

  const Selection& selection_;
  Profile to_;
  std::string note_;
};

// `what` is none of `names`: the line that says which there are.
absl::Status NoneSuch(absl::string_view what, absl::string_view asked,
                      const std::set<std::string>& names) {
  constexpr size_t kMost = 10;
  std::vector<std::string> some;
  for (const std::string& name : names) {
    if (some.size() == kMost) break;
    if (!name.empty()) some.push_back(CleanText(name));
  }
  if (some.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no ", what, " ", CleanText(asked), ": the recording has none"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "no ", what, " ", CleanText(asked), ": there are ",
      absl::StrJoin(some, ", "), names.size() > kMost ? " and more" : ""));
}

template <typename Named>
absl::Status CheckNames(absl::string_view what, const Named& all,
                        const std::vector<NamePattern>& patterns) {
  for (const NamePattern& pattern : patterns) {
    std::set<std::string> names;
    bool found = false;
    for (const auto& [id, name] : all) {
      found |= pattern.Matches(id, name);
      names.insert(name);
    }
    if (!found) return NoneSuch(what, pattern.text(), names);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> StatesOf(const Profile::Sample& sample) {
  const std::string all = words::State(sample);
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(all, absl::MaxSplits(": ", 1));
  if (parts.second.empty()) return {all};
  return {all, parts.first, parts.second};
}

Selected Select(const Profile& profile, const Selection& selection) {
  if (selection.all()) return {profile, ""};
  return Selector(profile, selection).Run();
}

absl::Status CheckSelection(const Profile& profile,
                            const Selection& selection) {
  if (selection.by_time() && profile.lanes.empty()) {
    return absl::InvalidArgumentError(
        "the recording has no times: leave out --since and --until");
  }
  std::vector<std::pair<uint64_t, std::string>> threads;
  for (const Profile::Thread& thread : profile.threads) {
    threads.emplace_back(thread.tid, thread.name);
  }
  std::vector<std::pair<uint64_t, std::string>> greens;
  for (const Profile::GreenThread& green : profile.green_threads) {
    greens.emplace_back(green.id, green.name);
  }
  std::set<std::string> states;
  for (const Profile::Sample& sample : profile.samples) {
    for (std::string& state : StatesOf(sample)) states.insert(std::move(state));
  }
  if (absl::Status status = CheckNames("thread", threads, selection.threads);
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          CheckNames("green thread", greens, selection.greens);
      !status.ok()) {
    return status;
  }
  for (const std::string& state : selection.states) {
    if (!states.contains(state)) {
      return NoneSuch("sample is in state", state, states);
    }
  }
  return absl::OkStatus();
}

}  // namespace hubspy
