#include <algorithm>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gzip/gzip.h"
#include "protozero/pbf_writer.hpp"
#include "store/fields.h"
#include "store/store.h"

namespace hubspy {
namespace store {
namespace {

// Each distinct text once; 0 is the empty one.
class Strings {
 public:
  Strings() { Index(""); }
  uint64_t Index(absl::string_view text) {
    const auto [it, is_new] = indices_.try_emplace(text, indices_.size());
    if (is_new) texts_.push_back(text);
    return it->second;
  }
  const std::vector<absl::string_view>& texts() const { return texts_; }

 private:
  absl::flat_hash_map<absl::string_view, uint64_t> indices_;
  std::vector<absl::string_view> texts_;
};

// Of one message. What is 0 is not written.
class FieldWriter {
 public:
  FieldWriter(protozero::pbf_writer& to, Strings& strings)
      : to_(to), strings_(strings) {}

  template <std::integral T>
  void Number(uint32_t tag, const T& value) {
    if (value == 0) return;
    if constexpr (std::signed_integral<T>) {
      to_.add_int64(tag, value);
    } else {
      to_.add_uint64(tag, value);
    }
  }
  void Count(uint32_t tag, const int64_t& count) { Number(tag, count); }
  void Length(uint32_t tag, const int64_t& ns) { Number(tag, ns); }
  void Time(uint32_t tag, const int64_t& ns) { Number(tag, ns); }
  void OptionalLength(uint32_t tag, const std::optional<int64_t>& ns) {
    if (ns) to_.add_int64(tag, *ns);
  }
  void At(uint32_t tag, const Address& address) {
    Number(tag, address.value());
  }
  void Flag(uint32_t tag, const bool& flag) {
    if (flag) to_.add_bool(tag, true);
  }
  void Real(uint32_t tag, const double& value) {
    if (value != 0) to_.add_double(tag, value);
  }
  void Text(uint32_t tag, const std::string& text) {
    Number(tag, strings_.Index(text));
  }
  template <typename T, size_t N>
  void Enum(uint32_t tag, const T& value, const T (&numbers)[N]) {
    Number(tag, static_cast<uint64_t>(std::find(numbers, numbers + N, value) -
                                      numbers));
  }
  void Counts(uint32_t tag, const std::vector<int64_t>& counts) {
    to_.add_packed_int64(tag, counts.begin(), counts.end());
  }
  template <std::unsigned_integral T>
  void Numbers(uint32_t tag, const std::vector<T>& numbers) {
    to_.add_packed_uint64(tag, numbers.begin(), numbers.end());
  }
  void Partial(uint32_t tag, const PartialCounts& partial) {
    if (partial.Total() == 0) return;
    std::vector<int64_t> counts;
    for (const StackEnd end : kStackEnds) counts.push_back(partial.Of(end));
    Counts(tag, counts);
  }
  template <typename T>
  void Message(uint32_t tag, const T& message) {
    // By itself first: a writer in another leaves out what is empty, and then
    // the next one would have its index.
    std::string bytes;
    protozero::pbf_writer to(bytes);
    FieldWriter writer(to, strings_);
    Describe(writer, message);
    to_.add_message(tag, bytes);
  }
  template <typename T>
  void Optional(uint32_t tag, const std::optional<T>& message) {
    if (message) Message(tag, *message);
  }
  template <typename T>
  void Each(uint32_t tag, const std::vector<T>& messages) {
    for (const T& message : messages) Message(tag, message);
  }
  template <typename Columns, typename T>
  void EachAs(uint32_t tag, const std::vector<T>& values) {
    for (const T& value : values) Message(tag, Columns(value));
  }

 private:
  protozero::pbf_writer& to_;
  Strings& strings_;
};

}  // namespace
}  // namespace store

std::string StoreProfile(const Profile& profile) {
  store::Strings strings;
  std::string body;
  {
    protozero::pbf_writer to(body);
    store::FieldWriter writer(to, strings);
    store::Describe(writer, profile);
  }
  std::string file;
  protozero::pbf_writer to(file);
  to.add_uint32(store::tag::kVersion, store::kVersion);
  for (const absl::string_view text : strings.texts()) {
    to.add_bytes(store::tag::kStrings, text.data(), text.size());
  }
  file += body;
  return Gzip(file);
}

}  // namespace hubspy
