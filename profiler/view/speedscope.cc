#include "view/speedscope.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "view/facts.h"
#include "view/fold.h"
#include "view/lanes.h"
#include "view/text.h"

namespace hubspy {
namespace {

std::string Number(double value) { return absl::StrFormat("%.12g", value); }

class SpeedscopeWriter {
 public:
  SpeedscopeWriter(const Profile& profile, const SpeedscopeOptions& options)
      : profile_(profile),
        folded_(Fold(profile, {.include_idle = options.include_idle,
                               .by_state = options.by_state})),
        lanes_(LanesOf(profile, folded_)) {}

  std::string Run() {
    Open();
    Frames();
    absl::StrAppend(&out_, "\"profiles\":[");
    for (size_t i = 0; i < lanes_.size(); ++i) {
      if (i > 0) absl::StrAppend(&out_, ",");
      WriteLane(lanes_[i]);
    }
    absl::StrAppend(&out_, "\n]}\n");
    return std::move(out_);
  }

 private:
  void Open() {
    absl::StrAppend(
        &out_,
        "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
        "\n\"exporter\":",
        JsonText(FactsInShort(profile_)), ",\n\"name\":", JsonText(Name()),
        ",\n\"activeProfileIndex\":", MostSamples(),
        ",\n\"hubspy\":", FactsAsJson(profile_, UntimedNote(profile_, lanes_)),
        ",\n");
  }

  std::string Name() const {
    return absl::StrCat(profile_.command, " (", profile_.pid, "), ",
                        profile_.made.host);
  }

  // What it shows first.
  size_t MostSamples() const {
    size_t best = 0;
    int64_t most = 0;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      int64_t samples = 0;
      for (const LaneSpan& span : lanes_[i].spans) samples += span.count;
      if (samples > most) best = i;
      most = std::max(most, samples);
    }
    return best;
  }

  void Frames() {
    absl::StrAppend(&out_, "\"shared\":{\"frames\":[");
    for (size_t i = 0; i < folded_.labels.size(); ++i) {
      const Label& label = folded_.labels[i];
      absl::StrAppend(&out_, i > 0 ? ",\n" : "\n",
                      "{\"name\":", JsonText(MarkedText(label)));
      if (label.frame) {
        const SymbolFrame& frame = profile_.frames[*label.frame];
        if (!frame.file.empty()) {
          absl::StrAppend(&out_, ",\"file\":", JsonText(frame.file));
        }
        if (frame.line > 0) absl::StrAppend(&out_, ",\"line\":", frame.line);
      }
      absl::StrAppend(&out_, "}");
    }
    absl::StrAppend(&out_, "\n]},\n");
  }

  void WriteLane(const Lane& lane) {
    std::vector<std::string> samples, weights;
    double now_s = 0;
    const auto add = [&](std::string labels, double seconds) {
      samples.push_back(absl::StrCat("[", labels, "]"));
      weights.push_back(Number(seconds));
      now_s += seconds;
    };
    for (const LaneSpan& span : lane.spans) {
      const double gap_s = static_cast<double>(span.begin_ns) / 1e9 - now_s;
      // Looks are at random instants of their periods: less is no gap.
      if (gap_s > 1 / profile_.rate_hz) add("", gap_s);
      add(absl::StrJoin(folded_.stacks[span.stack].labels, ","),
          static_cast<double>(span.count) / profile_.rate_hz);
    }
    absl::StrAppend(
        &out_, "\n{\"type\":\"sampled\",\"name\":", JsonText(LaneName(lane)),
        ",\"unit\":\"seconds\",\"startValue\":0,\"endValue\":", Number(now_s),
        ",\n\"samples\":[", absl::StrJoin(samples, ","), "],\n\"weights\":[",
        absl::StrJoin(weights, ","), "]}");
  }

  std::string LaneName(const Lane& lane) const {
    if (profile_.processes.size() < 2) return lane.name;
    const Profile::Process process = ProcessOf(profile_, lane);
    return absl::StrCat("process (", process.pid, "): ", process.command, ", ",
                        lane.name);
  }

  const Profile& profile_;
  const FoldedProfile folded_;
  const std::vector<Lane> lanes_;
  std::string out_;
};

}  // namespace

std::string RenderSpeedscope(const Profile& profile,
                             const SpeedscopeOptions& options) {
  return SpeedscopeWriter(profile, options).Run();
}

}  // namespace hubspy
