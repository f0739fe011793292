#include "view/chrometrace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/facts.h"
#include "view/fold.h"
#include "view/lanes.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Green threads have no number of the system's: theirs begin above the highest
// that Linux gives a thread (PID_MAX_LIMIT, 4,194,304).
constexpr int64_t kFirstGreenTid = 10'000'000;

struct Slice {
  uint32_t label = 0;
  size_t depth = 0;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  int64_t samples = 0;
  int64_t own = 0;
};

// Calls that go on from one span to the next are one slice. Callers come before
// what they called.
std::vector<Slice> SlicesOf(const Lane& lane, const FoldedProfile& folded) {
  std::vector<Slice> slices;
  std::vector<Slice> open;
  int64_t now_ns = 0;
  const auto close_to = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back()) {
      open.back().end_ns = now_ns;
      slices.push_back(open.back());
    }
  };
  for (const LaneSpan& span : lane.spans) {
    const std::vector<uint32_t>& labels = folded.stacks[span.stack].labels;
    size_t same = 0;
    if (span.begin_ns == now_ns) {
      while (same < open.size() && same < labels.size() &&
             open[same].label == labels[same]) {
        ++same;
      }
    }
    close_to(same);
    for (size_t depth = same; depth < labels.size(); ++depth) {
      open.push_back(
          {.label = labels[depth], .depth = depth, .begin_ns = span.begin_ns});
    }
    for (Slice& slice : open) slice.samples += span.count;
    open.back().own += span.count;
    now_ns = span.end_ns;
  }
  close_to(0);
  std::sort(slices.begin(), slices.end(), [](const Slice& a, const Slice& b) {
    return std::tie(a.begin_ns, a.depth) < std::tie(b.begin_ns, b.depth);
  });
  return slices;
}

absl::string_view CategoryName(LabelKind kind) {
  switch (kind) {
    case LabelKind::kCode:
      return "code";
    case LabelKind::kHub:
      return "hub";
    case LabelKind::kUnknown:
      return "unknown";
    case LabelKind::kMissing:
      return "missing";
    case LabelKind::kThread:
      return "thread";
    case LabelKind::kState:
      return "state";
  }
  return "";
}

class ChromeTraceWriter {
 public:
  ChromeTraceWriter(const Profile& profile, const ChromeTraceOptions& options)
      : profile_(profile),
        folded_(Fold(profile, {.include_idle = options.include_idle,
                               .by_state = options.by_state})),
        lanes_(LanesOf(profile, folded_)) {
    for (const Label& label : folded_.labels) heads_.push_back(HeadOf(label));
  }

  std::string Run() {
    absl::StrAppend(&out_, "{\"displayTimeUnit\":\"ms\",\n\"otherData\":",
                    FactsAsJson(profile_, UntimedNote(profile_, lanes_)),
                    ",\n\"traceEvents\":[");
    int64_t green_tid = kFirstGreenTid;
    int32_t named_pid = -1;
    for (const Lane& lane : lanes_) {
      const Profile::Process process = ProcessOf(profile_, lane);
      if (process.pid != named_pid) {
        Name("process_name", process.pid, process.pid, process.command);
        named_pid = process.pid;
      }
      const int64_t tid = lane.green == 0 ? lane.tid : green_tid++;
      Name("thread_name", process.pid, tid, lane.name);
      for (const Slice& slice : SlicesOf(lane, folded_)) {
        Event(slice, process.pid, tid);
      }
    }
    for (const Profile::HubSeries& hub : profile_.hubs) Counters(hub);
    for (const Profile::LongTurn& turn : profile_.long_turns) Add(turn);
    absl::StrAppend(&out_, "\n]}\n");
    return std::move(out_);
  }

 private:
  // The part of an event that is the same for all of one label.
  std::string HeadOf(const Label& label) const {
    std::string head = absl::StrCat(
        "{\"ph\":\"X\",\"cat\":\"", CategoryName(label.kind),
        "\",\"name\":", JsonText(MarkedText(label)), ",\"args\":{");
    if (!label.frame) return head;
    const SymbolFrame& frame = profile_.frames[*label.frame];
    if (!frame.file.empty()) {
      absl::StrAppend(&head, "\"file\":", JsonText(frame.file), ",");
    }
    if (!frame.module.empty()) {
      absl::StrAppend(&head, "\"module\":", JsonText(frame.module), ",");
    }
    return head;
  }

  void Begin() {
    absl::StrAppend(&out_, first_ ? "\n" : ",\n");
    first_ = false;
  }

  void Name(absl::string_view what, int64_t pid, int64_t tid,
            absl::string_view name) {
    Begin();
    absl::StrAppend(&out_, "{\"ph\":\"M\",\"name\":\"", what,
                    "\",\"pid\":", pid, ",\"tid\":", tid,
                    ",\"args\":{\"name\":", JsonText(name), "}}");
  }

  void Event(const Slice& slice, int64_t pid, int64_t tid) {
    Begin();
    absl::StrAppend(&out_, heads_[slice.label], "\"samples\":", slice.samples,
                    ",\"own\":", slice.own, "},\"pid\":", pid,
                    ",\"tid\":", tid);
    absl::StrAppendFormat(
        &out_, ",\"ts\":%.3f,\"dur\":%.3f}",
        static_cast<double>(slice.begin_ns) / 1e3,
        static_cast<double>(slice.end_ns - slice.begin_ns) / 1e3);
  }

  int32_t PidOf(uint32_t process) const {
    return process < profile_.processes.size() ? profile_.processes[process].pid
                                               : profile_.pid;
  }

  // Rates are those until the next point.
  void Counters(const Profile::HubSeries& hub) {
    for (size_t i = 0; i < hub.points.size(); ++i) {
      const Profile::HubSeries::Point& point = hub.points[i];
      Counter(hub, "green threads and timers", point.at_ns,
              absl::StrCat("\"ready\":", point.ready,
                           ",\"timers\":", point.timers));
      if (i + 1 == hub.points.size()) break;
      const Profile::HubSeries::Point& next = hub.points[i + 1];
      const auto per_second = [&](uint64_t now, uint64_t then) {
        const double ns = static_cast<double>(next.at_ns - point.at_ns);
        const double count = static_cast<double>(then > now ? then - now : 0);
        return absl::StrFormat("%.6g", ns > 0 ? count * 1e9 / ns : 0);
      };
      Counter(
          hub, "a second", point.at_ns,
          absl::StrCat(
              "\"iterations\":", per_second(point.iterations, next.iterations),
              ",\"timers fired\":",
              per_second(point.timers_fired, next.timers_fired),
              ",\"switches\":", per_second(point.switches, next.switches)));
    }
  }

  void Counter(const Profile::HubSeries& hub, absl::string_view of,
               int64_t at_ns, absl::string_view values) {
    Begin();
    absl::StrAppend(&out_, "{\"ph\":\"C\",\"name\":\"hub ", hub.tid, ": ", of,
                    "\",\"pid\":", PidOf(hub.process), ",\"tid\":", hub.tid);
    absl::StrAppendFormat(&out_, ",\"ts\":%.3f,\"args\":{%s}}",
                          static_cast<double>(at_ns) / 1e3, values);
  }

  // Apart from the slices of samples, with which it does not nest.
  void Add(const Profile::LongTurn& turn) {
    const std::string name = JsonText(absl::StrCat("long turn: ", WhoIn(turn)));
    ++long_turns_;
    for (const bool begins : {true, false}) {
      Begin();
      absl::StrAppend(&out_, "{\"ph\":\"", begins ? "b" : "e",
                      "\",\"cat\":\"long turn\",\"name\":", name,
                      ",\"id\":", long_turns_, ",\"pid\":", PidOf(turn.process),
                      ",\"tid\":", turn.tid);
      absl::StrAppendFormat(&out_, ",\"ts\":%.3f}",
                            static_cast<double>(std::max<int64_t>(
                                begins ? turn.begin_ns : turn.end_ns, 0)) /
                                1e3);
    }
  }

  const Profile& profile_;
  const FoldedProfile folded_;
  const std::vector<Lane> lanes_;
  std::vector<std::string> heads_;  // of each label
  std::string out_;
  bool first_ = true;
  int64_t long_turns_ = 0;
};

}  // namespace

std::string RenderChromeTrace(const Profile& profile,
                              const ChromeTraceOptions& options) {
  return ChromeTraceWriter(profile, options).Run();
}

}  // namespace hubspy
