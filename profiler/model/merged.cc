#include "model/merged.h"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace hubspy {
namespace {

class Merger {
 public:
  explicit Merger(const Profile& profile)
      : from_(profile),
        to_(profile),
        frame_ids_(profile.frames.size()),
        sample_ids_(profile.samples.size()) {}

  Profile Run() {
    to_.frames.clear();
    to_.samples.clear();
    AddFrames();
    AddSamples();
    for (Profile::Lane& lane : to_.lanes) MergeSpans(lane);
    return std::move(to_);
  }

 private:
  using FrameKey = std::tuple<absl::string_view, absl::string_view, int, int,
                              absl::string_view, bool, bool, int64_t>;
  using SampleKey =
      std::tuple<uint32_t, ThreadId, bool, ThreadState, absl::string_view, bool,
                 GreenActivity, StackEnd, std::vector<uint32_t>>;

  void AddFrames() {
    std::vector<bool> used(from_.frames.size());
    for (const Profile::Sample& sample : from_.samples) {
      if (sample.count <= 0) continue;
      for (const uint32_t frame : sample.frames) used[frame] = true;
    }
    absl::flat_hash_map<FrameKey, uint32_t> known;
    for (uint32_t i = 0; i < from_.frames.size(); ++i) {
      if (!used[i]) continue;
      const SymbolFrame& f = from_.frames[i];
      const auto [it, is_new] =
          known.try_emplace({f.function, f.file, f.line, f.function_line,
                             f.module, f.inlined, f.marker, f.left_out},
                            static_cast<uint32_t>(to_.frames.size()));
      if (is_new) to_.frames.push_back(f);
      frame_ids_[i] = it->second;
    }
  }

  void AddSamples() {
    absl::flat_hash_map<SampleKey, uint32_t> known;
    for (uint32_t i = 0; i < from_.samples.size(); ++i) {
      const Profile::Sample& from = from_.samples[i];
      if (from.count <= 0) continue;
      std::vector<uint32_t> frames;
      frames.reserve(from.frames.size());
      for (const uint32_t f : from.frames) frames.push_back(frame_ids_[f]);
      const auto [it, is_new] = known.try_emplace(
          {from.process, from.tid, from.idle, from.state, from.system_call,
           from.green.has_value(), from.green.value_or(GreenActivity()),
           from.end, frames},
          static_cast<uint32_t>(to_.samples.size()));
      sample_ids_[i] = it->second;
      if (is_new) {
        to_.samples.push_back(from);
        to_.samples.back().frames = std::move(frames);
      } else {
        to_.samples[it->second].count += from.count;
      }
    }
  }

  void MergeSpans(Profile::Lane& lane) const {
    std::vector<Profile::Lane::Span> merged;
    for (Profile::Lane::Span span : lane.spans) {
      if (!sample_ids_[span.sample]) continue;
      span.sample = *sample_ids_[span.sample];
      if (!merged.empty() && merged.back().sample == span.sample &&
          merged.back().end_ns == span.begin_ns) {
        merged.back().end_ns = span.end_ns;
        merged.back().count += span.count;
      } else {
        merged.push_back(span);
      }
    }
    lane.spans = std::move(merged);
  }

  const Profile& from_;
  Profile to_;
  std::vector<uint32_t> frame_ids_;
  std::vector<std::optional<uint32_t>> sample_ids_;  // absent: left out
};

}  // namespace

Profile Merged(const Profile& profile) { return Merger(profile).Run(); }

}  // namespace hubspy
