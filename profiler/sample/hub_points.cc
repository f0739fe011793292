#include "sample/hub_points.h"

namespace hubspy {

void HubPoints::Add(size_t hub, const Point& point) {
  if (hub >= most_ / 2) return;
  if (hubs_.size() <= hub) hubs_.resize(hub + 1);
  Series& series = hubs_[hub];
  series.latest = point;
  if (!IsDue(series)) return;
  if (kept_ >= most_) {
    Thin();
    if (!IsDue(series)) return;
  }
  series.kept.push_back(point);
  series.latest.reset();
  ++kept_;
}

bool HubPoints::IsDue(const Series& series) const {
  return series.kept.empty() ||
         series.latest->at_ns - series.kept.back().at_ns >= step_ns_;
}

// The first ones stay.
void HubPoints::Thin() {
  step_ns_ *= 2;
  kept_ = 0;
  for (Series& series : hubs_) {
    std::vector<Point> half;
    for (size_t i = 0; i < series.kept.size(); i += 2) {
      half.push_back(series.kept[i]);
    }
    if (!series.kept.empty() && !series.latest && series.kept.size() % 2 == 0) {
      series.latest = series.kept.back();
    }
    series.kept = std::move(half);
    kept_ += series.kept.size();
  }
}

std::vector<HubPoints::Point> HubPoints::Of(size_t hub) const {
  std::vector<Point> points = hubs_[hub].kept;
  if (hubs_[hub].latest) points.push_back(*hubs_[hub].latest);
  return points;
}

}  // namespace hubspy
