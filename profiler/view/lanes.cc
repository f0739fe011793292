#include "view/lanes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/numbers.h"
#include "view/text.h"

namespace hubspy {
namespace {

constexpr int64_t kLeastNs = 1000;  // that the formats tell apart
// 146 years. Those of many green threads, one behind the other, may be more.
constexpr int64_t kMostNs = int64_t{1} << 62;

class Sorter {
 public:
  Sorter(const Profile& profile, const FoldedProfile& folded)
      : profile_(profile),
        folded_(folded),
        stack_of_(profile.samples.size()),
        left_(folded.stacks.size()) {
    for (uint32_t i = 0; i < folded.stacks.size(); ++i) {
      stack_of_[folded.stacks[i].sample] = i;
      left_[i] = folded.stacks[i].count;
    }
  }

  std::vector<Lane> Run() {
    for (const Profile::Lane& lane : profile_.lanes) {
      for (const Profile::Lane::Span& span : lane.spans) AddTimed(lane, span);
    }
    for (uint32_t i = 0; i < left_.size(); ++i) {
      if (left_[i] > 0) AddUntimed(i);
    }
    std::vector<Lane> lanes;
    for (auto& [key, lane] : lanes_) lanes.push_back(std::move(lane));
    return lanes;
  }

 private:
  // When it was counted, samples were scaled to another rate together, when it
  // was seen, thread by thread: what is counted is right.
  void AddTimed(const Profile::Lane& seen, const Profile::Lane::Span& span) {
    const std::optional<uint32_t> stack = stack_of_[span.sample];
    if (!stack) return;
    const int64_t count = std::min(span.count, left_[*stack]);
    if (count <= 0) return;
    left_[*stack] -= count;
    Lane& lane =
        LaneOf(profile_.samples[span.sample].process, seen.tid, seen.green);
    const int64_t begin_ns =
        lane.spans.empty() ? span.begin_ns
                           : std::max(span.begin_ns, lane.spans.back().end_ns);
    lane.spans.push_back(
        {*stack, begin_ns, std::max(span.end_ns, begin_ns + kLeastNs), count});
  }

  void AddUntimed(uint32_t stack) {
    const Profile::Sample& sample =
        profile_.samples[folded_.stacks[stack].sample];
    Lane& lane =
        LaneOf(sample.process, sample.tid, sample.green ? sample.green->id : 0);
    const int64_t begin_ns =
        lane.spans.empty()
            ? 0
            : std::max(profile_.duration_ns, lane.spans.back().end_ns);
    const double length_ns =
        static_cast<double>(left_[stack]) * 1e9 / profile_.rate_hz;
    const double room_ns = static_cast<double>(kMostNs - begin_ns);
    lane.spans.push_back(
        {stack, begin_ns,
         begin_ns + std::max<int64_t>(
                        std::llround(std::min(length_ns, room_ns)), kLeastNs),
         left_[stack]});
    lane.untimed += left_[stack];
  }

  Lane& LaneOf(uint32_t process, ThreadId tid, uint64_t green) {
    const auto [it, inserted] = lanes_.try_emplace({process, tid, green});
    if (inserted) {
      it->second.process = process;
      it->second.tid = tid;
      it->second.green = green;
      it->second.name = green == 0 ? ThreadName(profile_, tid)
                                   : GreenThreadName(profile_, tid, green);
    }
    return it->second;
  }

  const Profile& profile_;
  const FoldedProfile& folded_;
  std::vector<std::optional<uint32_t>> stack_of_;  // of each sample
  std::vector<int64_t> left_;                      // of each stack
  std::map<std::tuple<uint32_t, ThreadId, uint64_t>, Lane> lanes_;
};

}  // namespace

std::vector<Lane> LanesOf(const Profile& profile, const FoldedProfile& folded) {
  return Sorter(profile, folded).Run();
}

std::string UntimedNote(const Profile& profile,
                        const std::vector<Lane>& lanes) {
  int64_t untimed = 0;
  for (const Lane& lane : lanes) untimed += lane.untimed;
  if (untimed == 0) return "";
  return absl::StrCat(
      WithCommas(untimed), untimed == 1 ? " sample" : " samples",
      " without a time: behind the others of the thread",
      profile.times_end_ns
          ? absl::StrFormat("; there was room for the times of %.2f s",
                            static_cast<double>(*profile.times_end_ns) / 1e9)
          : "");
}

std::string WhoIn(const Profile::LongTurn& turn) {
  return turn.who.empty() ? "not known who" : CleanText(turn.who);
}

Profile::Process ProcessOf(const Profile& profile, const Lane& lane) {
  if (lane.process < profile.processes.size()) {
    return profile.processes[lane.process];
  }
  return {profile.pid, profile.command};
}

}  // namespace hubspy
