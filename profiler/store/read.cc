#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gzip/gzip.h"
#include "protozero/exception.hpp"
#include "protozero/pbf_reader.hpp"
#include "store/fields.h"
#include "store/store.h"

namespace hubspy {
namespace store {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("is damaged: ", what));
}

// What all messages of a file are read with. The first error counts; after it
// nothing more is read.
class Source {
 public:
  explicit Source(size_t memory) : memory_(memory) {}

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  void Fail(absl::Status status) {
    if (ok()) status_ = std::move(status);
  }
  // Before so much is made.
  bool Take(size_t bytes) {
    if (bytes > memory_) {
      Fail(absl::ResourceExhaustedError(
          "takes more memory than a recording does"));
    }
    memory_ -= std::min(bytes, memory_);
    return ok();
  }
  void AddString(absl::string_view text) {
    if (Take(sizeof(text))) strings_.push_back(text);
  }
  std::string String(uint64_t index) {
    if (index >= strings_.size()) {
      Fail(Damaged("a name is missing"));
      return "";
    }
    return std::string(Take(strings_[index].size()) ? strings_[index] : "");
  }

 private:
  size_t memory_;
  absl::Status status_;
  std::vector<absl::string_view> strings_;
};

// Takes the field that comes next, if it is the one that is described.
class FieldReader {
 public:
  FieldReader(pbf_reader& from, Source& source)
      : from_(from), source_(source) {}

  template <std::integral T>
  void Number(uint32_t tag, T& value) {
    if (IsNext(tag, pbf_wire_type::varint)) value = InBounds<T>();
  }
  void Count(uint32_t tag, int64_t& count) {
    if (IsNext(tag, pbf_wire_type::varint)) count = Bounded(0, kMostCount);
  }
  void Length(uint32_t tag, int64_t& ns) {
    if (IsNext(tag, pbf_wire_type::varint)) ns = Bounded(0, kMostNs);
  }
  void Time(uint32_t tag, int64_t& ns) {
    if (IsNext(tag, pbf_wire_type::varint)) ns = Bounded(-kMostNs, kMostNs);
  }
  void OptionalLength(uint32_t tag, std::optional<int64_t>& ns) {
    if (IsNext(tag, pbf_wire_type::varint)) ns = Bounded(0, kMostNs);
  }
  void At(uint32_t tag, Address& address) {
    if (IsNext(tag, pbf_wire_type::varint)) {
      address = Address(from_.get_uint64());
    }
  }
  void Flag(uint32_t tag, bool& flag) {
    if (IsNext(tag, pbf_wire_type::varint)) flag = from_.get_uint64() != 0;
  }
  void Real(uint32_t tag, double& value) {
    if (!IsNext(tag, pbf_wire_type::fixed64)) return;
    value = from_.get_double();
    if (!(value >= 0 && value <= 1e9)) {
      source_.Fail(Damaged("a rate is out of bounds"));
    }
  }
  void Text(uint32_t tag, std::string& text) {
    if (IsNext(tag, pbf_wire_type::varint)) {
      text = source_.String(from_.get_uint64());
    }
  }
  template <typename T, size_t N>
  void Enum(uint32_t tag, T& value, const T (&numbers)[N]) {
    if (!IsNext(tag, pbf_wire_type::varint)) return;
    const uint64_t number = from_.get_uint64();
    if (number < N) {
      value = numbers[number];
    } else {
      source_.Fail(absl::InvalidArgumentError(
          "was written by a newer hubspy: it has a state that this one does "
          "not know"));
    }
  }
  void Counts(uint32_t tag, std::vector<int64_t>& counts) {
    if (!IsNext(tag, pbf_wire_type::length_delimited)) return;
    for (const int64_t count : from_.get_packed_int64()) {
      if (!source_.Take(sizeof(count))) return;
      if (count < 0 || count > kMostCount) OutOfBounds();
      counts.push_back(count);
    }
  }
  template <std::unsigned_integral T>
  void Numbers(uint32_t tag, std::vector<T>& numbers) {
    if (!IsNext(tag, pbf_wire_type::length_delimited)) return;
    for (const uint64_t number : from_.get_packed_uint64()) {
      if (!source_.Take(sizeof(T))) return;
      if (number > std::numeric_limits<T>::max()) OutOfBounds();
      numbers.push_back(static_cast<T>(number));
    }
  }
  void Partial(uint32_t tag, PartialCounts& partial) {
    std::vector<int64_t> counts;
    Counts(tag, counts);
    for (size_t i = 0; i < counts.size() && i < std::size(kStackEnds); ++i) {
      partial.Add(kStackEnds[i], counts[i]);
    }
  }
  template <typename T>
  void Message(uint32_t tag, T& message) {
    if (IsNext(tag, pbf_wire_type::length_delimited)) {
      ReadMessage(from_.get_message(), source_, message);
    }
  }
  template <typename T>
  void Optional(uint32_t tag, std::optional<T>& message) {
    if (IsNext(tag, pbf_wire_type::length_delimited)) {
      ReadMessage(from_.get_message(), source_, message.emplace());
    }
  }
  template <typename T>
  void Each(uint32_t tag, std::vector<T>& messages) {
    if (IsNext(tag, pbf_wire_type::length_delimited) &&
        source_.Take(sizeof(T))) {
      ReadMessage(from_.get_message(), source_, messages.emplace_back());
    }
  }
  template <typename Columns, typename T>
  void EachAs(uint32_t tag, std::vector<T>& values) {
    if (!IsNext(tag, pbf_wire_type::length_delimited)) return;
    Columns columns;
    ReadMessage(from_.get_message(), source_, columns);
    if (!source_.ok() || !source_.Take(columns.memory())) return;
    std::optional<T> value = columns.Read();
    if (!value) return OutOfBounds();
    values.push_back(*std::move(value));
  }

  // All fields of a message. Those that were not described are skipped.
  template <typename T>
  static void ReadMessage(pbf_reader from, Source& source, T& message) {
    FieldReader reader(from, source);
    while (source.ok() && from.next()) {
      reader.taken_ = false;
      Describe(reader, message);
      if (!reader.taken_) from.skip();
    }
  }

 private:
  bool IsNext(uint32_t tag, pbf_wire_type type) {
    if (taken_ || from_.tag_and_type() != protozero::tag_and_type(tag, type)) {
      return false;
    }
    taken_ = true;
    return true;
  }
  void OutOfBounds() { source_.Fail(Damaged("a number is out of bounds")); }
  int64_t Bounded(int64_t least, int64_t most) {
    const int64_t value = from_.get_int64();
    if (value >= least && value <= most) return value;
    OutOfBounds();
    return 0;
  }
  template <std::integral T>
  T InBounds() {
    if constexpr (std::signed_integral<T>) {
      return static_cast<T>(Bounded(std::numeric_limits<T>::min(),
                                    std::numeric_limits<T>::max()));
    } else {
      const uint64_t value = from_.get_uint64();
      if (value <= std::numeric_limits<T>::max()) return static_cast<T>(value);
      OutOfBounds();
      return 0;
    }
  }

  pbf_reader& from_;
  Source& source_;
  bool taken_ = false;
};

// The version, and the strings that all other fields speak of.
void ReadHead(pbf_reader from, Source& source) {
  uint32_t version = 0;
  while (source.ok() && from.next()) {
    switch (from.tag_and_type()) {
      case protozero::tag_and_type(tag::kVersion, pbf_wire_type::varint):
        version = from.get_uint32();
        if (version > kVersion) {
          source.Fail(absl::InvalidArgumentError(absl::StrCat(
              "was written by a newer hubspy, in version ", version,
              " of the format; this one reads up to ", kVersion)));
        }
        break;
      case protozero::tag_and_type(tag::kStrings,
                                   pbf_wire_type::length_delimited): {
        const protozero::data_view text = from.get_view();
        source.AddString({text.data(), text.size()});
        break;
      }
      default:
        from.skip();
    }
  }
  if (version == 0) {
    source.Fail(absl::InvalidArgumentError("is no recording of hubspy's"));
  }
}

// That whatever is looked up in it is there, and that sums can be made.
absl::Status Check(const Profile& profile) {
  const auto is_process = [&](uint32_t process) {
    return process == 0 || process < profile.processes.size();
  };
  if (!(profile.rate_hz > 0)) return Damaged("it has no rate");
  int64_t total = 0;
  for (const Profile::Sample& sample : profile.samples) {
    const bool frames_known = std::all_of(
        sample.frames.begin(), sample.frames.end(),
        [&](uint32_t frame) { return frame < profile.frames.size(); });
    if (!frames_known || !is_process(sample.process)) {
      return Damaged("a sample has frames, or a process, that are missing");
    }
    const double ns = static_cast<double>(sample.count) * 1e9 / profile.rate_hz;
    total += sample.count;
    if (total > kMostCount || ns > static_cast<double>(kMostNs)) {
      return Damaged("it has more samples than there was time for");
    }
  }
  int64_t timed = 0;
  for (const Profile::Lane& lane : profile.lanes) {
    for (const Profile::Lane::Span& span : lane.spans) {
      timed += span.count;
      if (timed > kMostCount) return Damaged("it has more times than samples");
      if (span.sample >= profile.samples.size()) {
        return Damaged("a time is of a sample that is missing");
      }
    }
  }
  for (const Profile::HubSeries& hub : profile.hubs) {
    if (!is_process(hub.process)) return Damaged("a hub has no process");
  }
  for (const Profile::LongTurn& turn : profile.long_turns) {
    if (!is_process(turn.process)) return Damaged("a turn has no process");
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace store

absl::StatusOr<Profile> LoadProfile(absl::string_view file,
                                    size_t most_memory) {
  const absl::StatusOr<std::string> bytes = Gunzip(file, most_memory);
  if (absl::IsInvalidArgument(bytes.status())) {
    return absl::InvalidArgumentError("is no recording of hubspy's");
  }
  if (absl::IsDataLoss(bytes.status())) {
    return absl::DataLossError("is damaged, or not all there");
  }
  store::Source source(most_memory);
  if (!bytes.ok() || !source.Take(bytes->size())) {
    return absl::ResourceExhaustedError(
        "takes more memory than a recording does");
  }
  Profile profile;
  profile.rate_hz = 0;
  // Protozero's way to say that bytes are ill-formed.
  try {
    const protozero::pbf_reader message(bytes->data(), bytes->size());
    store::ReadHead(message, source);
    store::FieldReader::ReadMessage(message, source, profile);
  } catch (const protozero::exception&) {
    return store::Damaged("it is no protocol buffer");
  }
  if (!source.ok()) return source.status();
  if (absl::Status status = store::Check(profile); !status.ok()) return status;
  return profile;
}

}  // namespace hubspy
