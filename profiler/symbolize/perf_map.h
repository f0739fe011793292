// What a JIT compiler calls the code that it made: perf's map format, one line
// "START SIZE NAME" (both in hex) for each piece of code.
//
//   PerfMap map("perf-7.map");
//   map.Append("3f00 20 JS:*Tick /app/tick.js:4:14\n");
//   map.Find(Address(0x3f10))        // "JS:*Tick /app/tick.js:4:14"
//
// The surprising part: a JIT uses addresses again and takes no line back, so a
// later line replaces whatever earlier ones say of its addresses. And nothing
// in it is to be trusted: lines that make no sense are left out, names are
// passed on as they are (view/text.h cleans them), cut at kMaxDemangledSize.
#ifndef HUBSPY_SYMBOLIZE_PERF_MAP_H_
#define HUBSPY_SYMBOLIZE_PERF_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "model/address.h"

namespace hubspy {

class PerfMap {
 public:
  PerfMap() = default;  // of a process without one
  // `file`: what to show as the module of its names.
  explicit PerfMap(std::string file) : file_(std::move(file)) {}

  // The next bytes of the file. A line counts once its newline is there.
  void Append(absl::string_view text);

  // Empty when no line covers `address`; valid until the next Append.
  absl::string_view Find(Address address) const;
  // The code around `address` that has that name.
  std::optional<AddressRange> FindRange(Address address) const;

  const std::string& file() const { return file_; }

 private:
  struct Code {
    uint64_t end = 0;
    uint32_t name_begin = 0;  // in names_
    uint32_t name_size = 0;
  };

  using Codes = absl::btree_map<uint64_t, Code>;  // by where they begin

  Codes::const_iterator Around(Address address) const;
  void AddLine(absl::string_view line);
  void Clear(uint64_t begin, uint64_t end);

  std::string file_;
  std::string unfinished_line_;
  std::string names_;
  Codes codes_;  // disjoint
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_PERF_MAP_H_
