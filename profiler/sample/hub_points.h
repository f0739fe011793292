// What hubs did over time, in bounded memory: points of each hub's series.
//
//   HubPoints points;
//   points.Add(hub, {.at_ns = ..., .iterations = ...});
//   for (const Point& p : points.Of(hub)) ...
//
// At first a point is kept for each kFirstStepNs; whenever there is no room for
// another one, every second of each hub's is dropped, and twice the step is
// kept from then on. A hub's first point and its latest one are always there.
#ifndef HUBSPY_SAMPLE_HUB_POINTS_H_
#define HUBSPY_SAMPLE_HUB_POINTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/profile.h"

namespace hubspy {

class HubPoints {
 public:
  using Point = Profile::HubSeries::Point;
  static constexpr int64_t kFirstStepNs = 10'000'000;
  static constexpr size_t kMostPoints = 100'000;  // of all hubs; 5 MB

  explicit HubPoints(size_t most_points = kMostPoints) : most_(most_points) {}

  // Hubs are numbered from 0; `point` is not earlier than the one before. One
  // that is new is left out where there are half as many as points may be.
  void Add(size_t hub, const Point& point);
  // In order.
  std::vector<Point> Of(size_t hub) const;
  size_t hubs() const { return hubs_.size(); }
  // Of all hubs, the latest ones not counted.
  size_t kept() const { return kept_; }

 private:
  struct Series {
    std::vector<Point> kept;
    std::optional<Point> latest;  // where that is none of them
  };

  bool IsDue(const Series& series) const;
  void Thin();

  size_t most_;
  size_t kept_ = 0;
  int64_t step_ns_ = kFirstStepNs;
  std::vector<Series> hubs_;
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_HUB_POINTS_H_
