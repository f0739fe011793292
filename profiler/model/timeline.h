// When what was seen: lanes of spans, in each of which one thing was seen.
//
//   Timeline times;
//   times.Add(lane, what, {.number = 7, .at_ns = 70'000'000, ...}, 1);
//   for (const Timeline::Span& s : times.Spans(lane)) ...
//
// A span lasts from the look that first saw its thing to the one that first saw
// another. It takes some six bytes, however long it is: a thread that sleeps
// costs nothing, one that is seen elsewhere at each look of 10,000 a second
// three megabytes a minute.
//
// The surprising part: it has a bound. Once that is reached nothing is added
// any more, and full_at_ns() says when that was.
#ifndef HUBSPY_MODEL_TIMELINE_H_
#define HUBSPY_MODEL_TIMELINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hubspy {

class Timeline {
 public:
  static constexpr size_t kMaxBytes = 16 << 20;

  struct Look {
    int64_t number = 0;  // one more than that of the look before
    int64_t at_ns = 0;   // since the recording began; never less than before
    int64_t period_ns = 0;
  };
  struct Span {
    uint32_t what = 0;
    int64_t begin_ns = 0;  // to a microsecond, both
    int64_t end_ns = 0;
    int64_t samples = 0;
    friend bool operator==(const Span&, const Span&) = default;
  };

  explicit Timeline(size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  // Lanes are numbered from 0; one is made when its number is first used.
  void Add(uint32_t lane, uint32_t what, const Look& look, int64_t samples);
  // Makes `ratio` of each lane's samples, at most 1; to a sample.
  void Scale(double ratio);

  size_t lanes() const { return lanes_.size(); }
  // In order; disjoint.
  std::vector<Span> Spans(uint32_t lane) const;
  std::optional<int64_t> full_at_ns() const { return full_at_ns_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Lane {
    std::string closed;      // spans, as variable-length integers
    int64_t closed_end = 0;  // microseconds
    std::optional<Span> open;
    Look last;
  };

  void Close(Lane& lane, int64_t end_ns);
  static std::vector<Span> Decode(const std::string& closed);

  size_t max_bytes_;
  size_t bytes_ = 0;
  std::optional<int64_t> full_at_ns_;
  std::vector<Lane> lanes_;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_TIMELINE_H_
