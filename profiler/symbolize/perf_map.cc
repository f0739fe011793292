#include "symbolize/perf_map.h"

#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "symbolize/demangle.h"

namespace hubspy {
namespace {

// More than any JIT makes; a bound for what a hostile file can cost.
constexpr size_t kMaxCodes = size_t{1} << 21;
constexpr size_t kMaxNames = size_t{1} << 28;

// The hex number that `text` begins with, and the blanks behind it.
std::optional<uint64_t> TakeHex(absl::string_view* text) {
  const size_t size = text->find(' ');
  uint64_t value = 0;
  if (size == 0 || size == absl::string_view::npos ||
      !absl::ascii_isxdigit(static_cast<unsigned char>((*text)[0])) ||
      !absl::SimpleHexAtoi(text->substr(0, size), &value)) {
    return std::nullopt;
  }
  text->remove_prefix(size);
  while (absl::ConsumePrefix(text, " ")) {
  }
  return value;
}

}  // namespace

void PerfMap::Append(absl::string_view text) {
  size_t newline = text.find('\n');
  if (newline == absl::string_view::npos) {
    unfinished_line_.append(text.data(), text.size());
    return;
  }
  unfinished_line_.append(text.data(), newline);
  AddLine(unfinished_line_);
  text.remove_prefix(newline + 1);
  while ((newline = text.find('\n')) != absl::string_view::npos) {
    AddLine(text.substr(0, newline));
    text.remove_prefix(newline + 1);
  }
  unfinished_line_ = std::string(text);
}

void PerfMap::AddLine(absl::string_view line) {
  const std::optional<uint64_t> begin = TakeHex(&line);
  if (!begin) return;
  const std::optional<uint64_t> size = TakeHex(&line);
  if (!size || *size == 0 ||
      *size > std::numeric_limits<uint64_t>::max() - *begin || line.empty()) {
    return;
  }
  const absl::string_view name = line.substr(0, kMaxDemangledSize);
  // Cutting a hole into an earlier line's code makes two of it.
  if (codes_.size() + 2 > kMaxCodes ||
      names_.size() + name.size() > kMaxNames) {
    return;
  }
  const uint64_t end = *begin + *size;
  Clear(*begin, end);
  codes_[*begin] = {.end = end,
                    .name_begin = static_cast<uint32_t>(names_.size()),
                    .name_size = static_cast<uint32_t>(name.size())};
  names_.append(name.data(), name.size());
}

void PerfMap::Clear(uint64_t begin, uint64_t end) {
  auto it = codes_.upper_bound(begin);
  if (it != codes_.begin() && std::prev(it)->second.end > begin) --it;
  while (it != codes_.end() && it->first < end) {
    const auto [old_begin, old] = *it;
    codes_.erase(it);
    // What is left of it on either side keeps its name.
    if (old_begin < begin) (codes_[old_begin] = old).end = begin;
    if (old.end > end) codes_[end] = old;
    it = codes_.lower_bound(begin);
  }
}

// codes_.end() when no line covers it.
PerfMap::Codes::const_iterator PerfMap::Around(Address address) const {
  const auto behind = codes_.upper_bound(address.value());
  if (behind == codes_.begin()) return codes_.end();
  const auto it = std::prev(behind);
  return address.value() < it->second.end ? it : codes_.end();
}

absl::string_view PerfMap::Find(Address address) const {
  const auto it = Around(address);
  if (it == codes_.end()) return {};
  return absl::string_view(names_).substr(it->second.name_begin,
                                          it->second.name_size);
}

std::optional<AddressRange> PerfMap::FindRange(Address address) const {
  const auto it = Around(address);
  if (it == codes_.end()) return std::nullopt;
  return AddressRange{Address(it->first), Address(it->second.end)};
}

}  // namespace hubspy
