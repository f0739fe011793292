// Lanes and hubs as they lie in a file: column by column, each number as its
// distance to the one before it. So most are small, and most columns dull.
#ifndef HUBSPY_STORE_COLUMNS_H_
#define HUBSPY_STORE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/profile.h"

namespace hubspy::store {

// No time in a file, and no length, is above that many nanoseconds (73 years):
// two can be added up.
inline constexpr int64_t kMostNs = int64_t{1} << 61;
// Of samples: more than a million threads have in a day at 10 kHz.
inline constexpr int64_t kMostCount = int64_t{1} << 50;

struct LaneColumns {
  using Value = Profile::Lane;
  LaneColumns() = default;
  explicit LaneColumns(const Profile::Lane& lane);
  // nullopt: columns of different lengths, numbers out of bounds.
  std::optional<Profile::Lane> Read() const;
  size_t memory() const {  // that this takes
    return sizeof(Value) + sample.size() * sizeof(Value::Span);
  }

  ThreadId tid = 0;
  uint64_t green = 0;
  uint64_t unit_ns = 0;
  std::vector<uint64_t> sample;
  std::vector<uint64_t> gap;
  std::vector<uint64_t> length;
  std::vector<uint64_t> count;
};

struct HubColumns {
  using Value = Profile::HubSeries;
  HubColumns() = default;
  explicit HubColumns(const Profile::HubSeries& hub);
  std::optional<Profile::HubSeries> Read() const;
  size_t memory() const {
    return sizeof(Value) + at_ns.size() * sizeof(Value::Point);
  }

  uint32_t process = 0;
  ThreadId tid = 0;
  std::vector<uint64_t> at_ns;
  std::vector<uint64_t> iterations;
  std::vector<uint64_t> timers_fired;
  std::vector<uint64_t> switches;
  std::vector<uint64_t> ready;
  std::vector<uint64_t> timers;
};

}  // namespace hubspy::store

#endif  // HUBSPY_STORE_COLUMNS_H_
