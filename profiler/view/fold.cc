#include "view/fold.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/words.h"
#include "view/frame_label.h"
#include "view/stalls.h"
#include "view/text.h"

namespace hubspy {
namespace {

LabelKind KindOf(const SymbolFrame& frame) {
  if (frame.marker) return LabelKind::kMissing;
  if (!HasName(frame)) return LabelKind::kUnknown;
  if (absl::StartsWith(frame.function, "green::Hub")) return LabelKind::kHub;
  return LabelKind::kCode;
}

bool Waits(const Profile::Sample& sample) {
  return sample.idle ||
         (sample.green && sample.green->state == GreenState::kWaiting);
}

// Those that a thread and a green thread gave themselves; empty for none.
absl::string_view CommandOf(const Profile& profile, ThreadId tid) {
  for (const Profile::Thread& thread : profile.threads) {
    if (thread.tid == tid) return thread.name;
  }
  return "";
}

absl::string_view GreenNameOf(const Profile& profile, ThreadId tid,
                              uint64_t id) {
  const auto named = std::lower_bound(
      profile.green_threads.begin(), profile.green_threads.end(),
      std::pair(tid, id),
      [](const Profile::GreenThread& green, const auto& wanted) {
        return std::pair(green.tid, green.id) < wanted;
      });
  const bool found = named != profile.green_threads.end() &&
                     named->tid == tid && named->id == id;
  return found ? absl::string_view(named->name) : absl::string_view();
}

// "thread (7): name", "thread: name"; without what is not there.
std::string Named(absl::string_view what, absl::string_view name) {
  return name.empty() ? std::string(what)
                      : absl::StrCat(what, ": ", CleanText(name));
}

class Folder {
 public:
  Folder(const Profile& profile, const FoldOptions& options)
      : profile_(profile), options_(options) {}

  FoldedProfile Run() {
    std::vector<uint32_t> frame_labels;
    frame_labels.reserve(profile_.frames.size());
    for (uint32_t f = 0; f < profile_.frames.size(); ++f) {
      const SymbolFrame& frame = profile_.frames[f];
      frame_labels.push_back(Intern({.text = FrameLabel(frame),
                                     .kind = KindOf(frame),
                                     .frame = f,
                                     .has_line = frame.line > 0,
                                     .inlined = frame.inlined}));
    }
    for (uint32_t s = 0; s < profile_.samples.size(); ++s) {
      const Profile::Sample& sample = profile_.samples[s];
      if (sample.idle && !options_.include_idle) continue;
      FoldedStack stack{
          .sample = s, .waits = Waits(sample), .count = sample.count};
      if (options_.others && profile_.processes.size() > 1) {
        stack.labels.push_back(ProcessLabel(sample.process));
      }
      if (options_.threads) {
        stack.labels.push_back(sample.green && sample.green->id != 0
                                   ? GreenThreadLabel(sample)
                                   : ThreadLabel(sample.tid));
      }
      if (options_.by_state || (options_.others && sample.green)) {
        stack.labels.push_back(StateLabel(sample));
      }
      if (sample.frames.empty()) {
        stack.labels.push_back(Missing("no stack", sample.end));
      } else if (sample.end != StackEnd::kComplete) {
        stack.labels.push_back(Missing("cut", sample.end));
      }
      for (auto f = sample.frames.rbegin(); f != sample.frames.rend(); ++f) {
        stack.labels.push_back(frame_labels[*f]);
      }
      folded_.stacks.push_back(std::move(stack));
    }
    return std::move(folded_);
  }

 private:
  uint32_t Intern(Label label) {
    const auto next = static_cast<uint32_t>(folded_.labels.size());
    auto [it, inserted] = ids_.try_emplace({label.text, label.inlined}, next);
    if (inserted) folded_.labels.push_back(std::move(label));
    return it->second;
  }

  uint32_t ThreadLabel(ThreadId tid) {
    return Intern({options_.thread_ids
                       ? ThreadName(profile_, tid)
                       : Named("thread", CommandOf(profile_, tid)),
                   LabelKind::kThread});
  }

  uint32_t GreenThreadLabel(const Profile::Sample& sample) {
    const uint64_t id = sample.green->id;
    return Intern(
        {options_.thread_ids
             ? GreenThreadName(profile_, sample.tid, id)
             : Named("green thread", GreenNameOf(profile_, sample.tid, id)),
         LabelKind::kThread});
  }

  uint32_t StateLabel(const Profile::Sample& sample) {
    return Intern({absl::StrCat("[", CleanText(words::State(sample)), "]"),
                   LabelKind::kState});
  }

  uint32_t ProcessLabel(uint32_t index) {
    const Profile::Process& process = profile_.processes[index];
    return Intern({ProcessName(process), LabelKind::kThread});
  }

  uint32_t Missing(absl::string_view what, StackEnd end) {
    return Intern({absl::StrCat("[", what, ": ", StackEndName(end), "]"),
                   LabelKind::kMissing});
  }

  const Profile& profile_;
  const FoldOptions& options_;
  FoldedProfile folded_;
  absl::flat_hash_map<std::pair<std::string, bool>, uint32_t> ids_;
};

std::string Plural(int64_t n, absl::string_view what) {
  return absl::StrCat(n, " ", what, n == 1 ? "" : "s");
}

// "4.0%"; what is there is not "0.0%".
std::string Percent(int64_t part, int64_t whole) {
  const double percent = whole > 0 ? 100.0 * part / whole : 100;
  return percent < 0.1 ? "<0.1%" : absl::StrFormat("%.1f%%", percent);
}

}  // namespace

std::string ProcessName(const Profile::Process& process) {
  return absl::StrCat("process (", process.pid,
                      "): ", CleanText(process.command));
}

std::string ThreadName(const Profile& profile, ThreadId tid) {
  return Named(absl::StrCat("thread (", tid, ")"), CommandOf(profile, tid));
}

std::string GreenThreadName(const Profile& profile, ThreadId tid, uint64_t id) {
  return Named(absl::StrCat("green thread (", id, ")"),
               GreenNameOf(profile, tid, id));
}

std::string MarkedText(const Label& label) {
  return absl::StrCat(label.text, label.inlined ? kInlinedMark : "");
}

std::string PartialReasons(const PartialCounts& partial) {
  std::vector<std::pair<int64_t, absl::string_view>> reasons;
  for (const StackEnd end : kPartialEnds) {
    if (partial.Of(end) > 0) {
      reasons.emplace_back(partial.Of(end), StackEndName(end));
    }
  }
  std::stable_sort(
      reasons.begin(), reasons.end(),
      [](const auto& a, const auto& b) { return a.first > b.first; });
  return absl::StrJoin(reasons, ", ", absl::PairFormatter(" "));
}

FoldedProfile Fold(const Profile& profile, const FoldOptions& options) {
  return Folder(profile, options).Run();
}

std::string SamplesLine(const Profile& profile) {
  if (profile.stalls) return StallsLine(*profile.stalls);
  const Quality& q = profile.quality;
  std::string line = absl::StrFormat(
      "%s of %s%s in %s (%g Hz, %.2f s)", Plural(q.samples, "sample"),
      Plural(static_cast<int64_t>(profile.threads.size()), "thread"),
      q.green_threads == 0
          ? ""
          : " and up to " + Plural(q.green_threads, "green thread"),
      Plural(q.ticks, "look"), profile.rate_hz, profile.duration_ns / 1e9);

  std::vector<std::string> remarks;
  const auto add = [&](int64_t count, absl::string_view what, int64_t of,
                       absl::string_view why = "") {
    if (count == 0) return;
    remarks.push_back(absl::StrCat(count, " ", what, " (", Percent(count, of),
                                   why.empty() ? "" : ": ", why, ")"));
  };
  add(q.late, "late", q.ticks);
  // A thread that could not be read gave no sample.
  add(q.failed, "failed", q.samples + q.failed, CleanText(q.last_failure));
  add(q.partial.Total(), "partial", q.samples, PartialReasons(q.partial));
  add(q.left_out, "too deep to keep all frames", q.samples);
  if (q.lost > 0) {
    remarks.push_back(absl::StrCat(q.lost, " that the kernel lost"));
  }
  if (q.by_perf > 0) remarks.push_back(absl::StrCat(q.by_perf, " by perf"));
  if (q.stops > 0) {
    remarks.push_back(absl::StrFormat("%s, the longest %.0f us",
                                      Plural(q.stops, "stop"),
                                      q.worst_pause_ns / 1e3));
  }
  if (!remarks.empty())
    absl::StrAppend(&line, "; ", absl::StrJoin(remarks, ", "));
  return line;
}

}  // namespace hubspy
