// How often a duration was how long: counts in buckets that grow with what they
// hold, so that a few hundred of them span nanoseconds to an hour.
//
//   Histogram lateness;
//   lateness.Record(1'500);
//   lateness.Percentile(0.99);  // 1'535: at most an eighth above the truth
//
// The surprising part: a percentile is a bound. It is the highest value of the
// bucket that the exact one lies in, or the highest value recorded when that is
// less. What is longer than an hour counts in the last bucket.
#ifndef GREEN_HISTOGRAM_H_
#define GREEN_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace green {

class Histogram {
 public:
  // Each power of two is split in this many buckets, all of one width.
  static constexpr size_t kSplit = 8;
  static constexpr size_t kBuckets = 40 * kSplit;

  // Below 0 counts as 0.
  void Record(int64_t value_ns) {
    value_ns = std::max<int64_t>(value_ns, 0);
    ++counts_[BucketOf(value_ns)];
    ++count_;
    max_ns_ = std::max(max_ns_, value_ns);
  }

  uint64_t count() const { return count_; }
  int64_t max_ns() const { return max_ns_; }  // exact; 0 when empty

  // Of [BucketBegin(i), BucketBegin(i + 1)); the last one has no end.
  uint64_t CountIn(size_t bucket) const { return counts_[bucket]; }

  static constexpr int64_t BucketBegin(size_t bucket) {
    if (bucket < 2 * kSplit) return static_cast<int64_t>(bucket);
    const size_t shift = bucket / kSplit - 1;
    return static_cast<int64_t>((kSplit + bucket % kSplit) << shift);
  }

  static constexpr size_t BucketOf(int64_t value_ns) {
    const auto value = static_cast<uint64_t>(value_ns);
    if (value < 2 * kSplit) return static_cast<size_t>(value);
    constexpr int kSplitBits = std::bit_width(kSplit) - 1;
    const int shift = std::bit_width(value) - 1 - kSplitBits;
    const size_t bucket = static_cast<size_t>(shift) * kSplit +
                          static_cast<size_t>(value >> shift);
    return std::min(bucket, kBuckets - 1);
  }

  // What `share` (0 to 1) of the recorded values do not exceed; 0 when empty.
  int64_t Percentile(double share) const {
    const double wanted = std::clamp(share, 0.0, 1.0);
    const auto rank = std::max<uint64_t>(
        1,
        static_cast<uint64_t>(std::ceil(wanted * static_cast<double>(count_))));
    uint64_t seen = 0;
    for (size_t i = 0; i + 1 < kBuckets; ++i) {
      seen += counts_[i];
      if (seen >= rank) return std::min(BucketBegin(i + 1) - 1, max_ns_);
    }
    return max_ns_;
  }

 private:
  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace green

#endif  // GREEN_HISTOGRAM_H_
