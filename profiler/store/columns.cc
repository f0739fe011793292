#include "store/columns.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>

namespace hubspy::store {
namespace {

constexpr uint64_t kMicrosecondNs = 1000;

// What all times of it are multiples of.
uint64_t UnitOf(const Profile::Lane& lane) {
  const bool whole =
      std::all_of(lane.spans.begin(), lane.spans.end(), [](const auto& span) {
        return span.begin_ns % kMicrosecondNs == 0 &&
               span.end_ns % kMicrosecondNs == 0;
      });
  return whole ? kMicrosecondNs : 1;
}

bool SameSize(std::initializer_list<const std::vector<uint64_t>*> columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const auto* column) {
    return column->size() == (*columns.begin())->size();
  });
}

// `from` and so many units; nullopt: above kMostNs.
std::optional<int64_t> After(int64_t from, uint64_t units, uint64_t unit_ns) {
  if (units > static_cast<uint64_t>(kMostNs - from) / unit_ns) {
    return std::nullopt;
  }
  return from + static_cast<int64_t>(units * unit_ns);
}

}  // namespace

LaneColumns::LaneColumns(const Profile::Lane& lane)
    : tid(lane.tid), green(lane.green), unit_ns(UnitOf(lane)) {
  int64_t now_ns = 0;
  for (const Profile::Lane::Span& span : lane.spans) {
    sample.push_back(span.sample);
    gap.push_back(static_cast<uint64_t>(span.begin_ns - now_ns) / unit_ns);
    length.push_back(static_cast<uint64_t>(span.end_ns - span.begin_ns) /
                     unit_ns);
    count.push_back(static_cast<uint64_t>(span.count));
    now_ns = span.end_ns;
  }
}

std::optional<Profile::Lane> LaneColumns::Read() const {
  if (!SameSize({&sample, &gap, &length, &count})) return std::nullopt;
  if (unit_ns == 0) return std::nullopt;
  Profile::Lane lane{.tid = tid, .green = green};
  lane.spans.reserve(sample.size());
  int64_t now_ns = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    const std::optional<int64_t> begin = After(now_ns, gap[i], unit_ns);
    if (!begin) return std::nullopt;
    const std::optional<int64_t> end = After(*begin, length[i], unit_ns);
    if (!end || sample[i] > UINT32_MAX || count[i] > uint64_t{kMostCount}) {
      return std::nullopt;
    }
    lane.spans.push_back({static_cast<uint32_t>(sample[i]), *begin, *end,
                          static_cast<int64_t>(count[i])});
    now_ns = *end;
  }
  return lane;
}

HubColumns::HubColumns(const Profile::HubSeries& hub)
    : process(hub.process), tid(hub.tid) {
  Profile::HubSeries::Point last;
  for (const Profile::HubSeries::Point& point : hub.points) {
    at_ns.push_back(static_cast<uint64_t>(point.at_ns - last.at_ns));
    iterations.push_back(point.iterations - last.iterations);
    timers_fired.push_back(point.timers_fired - last.timers_fired);
    switches.push_back(point.switches - last.switches);
    ready.push_back(point.ready);
    timers.push_back(point.timers);
    last = point;
  }
}

std::optional<Profile::HubSeries> HubColumns::Read() const {
  if (!SameSize(
          {&at_ns, &iterations, &timers_fired, &switches, &ready, &timers})) {
    return std::nullopt;
  }
  Profile::HubSeries hub{.process = process, .tid = tid};
  hub.points.reserve(at_ns.size());
  Profile::HubSeries::Point point;
  for (size_t i = 0; i < at_ns.size(); ++i) {
    const std::optional<int64_t> at = After(point.at_ns, at_ns[i], 1);
    if (!at) return std::nullopt;
    point = {.at_ns = *at,
             .iterations = point.iterations + iterations[i],
             .timers_fired = point.timers_fired + timers_fired[i],
             .switches = point.switches + switches[i],
             .ready = ready[i],
             .timers = timers[i]};
    hub.points.push_back(point);
  }
  return hub;
}

}  // namespace hubspy::store
