#include "model/timeline.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hubspy {
namespace {

constexpr int64_t kMicrosecondNs = 1000;

// As LEB128 (DWARF 5, section 7.6).
void Append(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    bytes += static_cast<char>(value | 0x80);
  }
  bytes += static_cast<char>(value);
}

uint64_t Take(const std::string& bytes, size_t& at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

}  // namespace

void Timeline::Add(uint32_t lane_number, uint32_t what, const Look& look,
                   int64_t samples) {
  if (full_at_ns_) return;
  while (lanes_.size() <= lane_number) {
    lanes_.emplace_back();
    bytes_ += sizeof(Lane);
  }
  Lane& lane = lanes_[lane_number];
  const bool goes_on = lane.open && lane.last.number + 1 >= look.number;
  if (lane.open && (!goes_on || lane.open->what != what)) {
    Close(lane, goes_on ? look.at_ns
                        : std::min(lane.last.at_ns + lane.last.period_ns,
                                   look.at_ns));
  }
  if (!lane.open) lane.open = Span{.what = what, .begin_ns = look.at_ns};
  lane.open->samples += samples;
  lane.last = look;
  if (bytes_ >= max_bytes_) full_at_ns_ = look.at_ns;
}

void Timeline::Close(Lane& lane, int64_t end_ns) {
  const int64_t begin =
      std::max(lane.open->begin_ns / kMicrosecondNs, lane.closed_end);
  const int64_t end = std::max(end_ns / kMicrosecondNs, begin);
  const size_t before = lane.closed.size();
  Append(lane.closed, lane.open->what);
  Append(lane.closed, static_cast<uint64_t>(begin - lane.closed_end));
  Append(lane.closed, static_cast<uint64_t>(end - begin));
  Append(lane.closed, static_cast<uint64_t>(lane.open->samples));
  bytes_ += lane.closed.size() - before;
  lane.closed_end = end;
  lane.open.reset();
}

std::vector<Timeline::Span> Timeline::Decode(const std::string& closed) {
  std::vector<Span> spans;
  int64_t now = 0;
  for (size_t at = 0; at < closed.size();) {
    Span span{.what = static_cast<uint32_t>(Take(closed, at))};
    now += static_cast<int64_t>(Take(closed, at));
    span.begin_ns = now * kMicrosecondNs;
    now += static_cast<int64_t>(Take(closed, at));
    span.end_ns = now * kMicrosecondNs;
    span.samples = static_cast<int64_t>(Take(closed, at));
    spans.push_back(span);
  }
  return spans;
}

std::vector<Timeline::Span> Timeline::Spans(uint32_t lane_number) const {
  Lane lane = lanes_[lane_number];
  std::vector<Span> spans = Decode(lane.closed);
  if (lane.open) {
    Span last = *lane.open;
    last.begin_ns = std::max(last.begin_ns / kMicrosecondNs, lane.closed_end) *
                    kMicrosecondNs;
    last.end_ns = std::max((lane.last.at_ns + lane.last.period_ns) /
                               kMicrosecondNs * kMicrosecondNs,
                           last.begin_ns);
    spans.push_back(last);
  }
  return spans;
}

void Timeline::Scale(double ratio) {
  bytes_ = lanes_.size() * sizeof(Lane);
  for (Lane& lane : lanes_) {
    const std::vector<Span> spans = Decode(lane.closed);
    const std::optional<Span> open = std::exchange(lane.open, std::nullopt);
    lane.closed.clear();
    lane.closed_end = 0;
    // What one span lacks to a whole sample the next one is given.
    int64_t before = 0;
    int64_t scaled = 0;
    const auto share = [&](int64_t samples) {
      before += samples;
      const int64_t sum = std::llround(static_cast<double>(before) * ratio);
      return sum - std::exchange(scaled, sum);
    };
    for (Span span : spans) {
      span.samples = share(span.samples);
      if (span.samples == 0) continue;
      lane.open = span;
      Close(lane, span.end_ns);
    }
    lane.open = open;
    if (lane.open) lane.open->samples = share(lane.open->samples);
  }
}

}  // namespace hubspy
