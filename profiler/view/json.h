// What the JSON outputs share.
#ifndef HUBSPY_VIEW_JSON_H_
#define HUBSPY_VIEW_JSON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/kernel_facts.h"
#include "model/profile.h"
#include "nlohmann/json.hpp"

namespace hubspy {

// Keys in the order in which they were set: as documented.
using Json = nlohmann::ordered_json;

// {"function":S,"file":S,"line":N,"module":S,"address":"0x...","inlined":B},
// and {"function":"[7 frames left out]","left_out":7} for a marker.
Json FramesToJson(const std::vector<SymbolFrame>& frames);

// {"number":N,"what":S,"readable":B,"writable":B,"hung_up":true,"unread":N}
Json FdToJson(const FdFacts& fd);

// Indented, one line break at the end; invalid UTF-8 replaced.
std::string ToText(const Json& json);
// On one line, without a line break; invalid UTF-8 replaced.
std::string ToLine(const Json& json);

// An object on one line, written member by member: where there are so many that
// trees of them would take longer than all else. Keys and texts are JSON
// already; times are in nanoseconds and written in seconds.
class JsonLine {
 public:
  void AddText(absl::string_view key, absl::string_view json);
  void AddNumber(absl::string_view key, uint64_t number);
  void AddSeconds(absl::string_view key, int64_t ns);
  // The object; after that, nothing more can be added.
  std::string Take();

 private:
  std::string text_ = "{";
};

}  // namespace hubspy

#endif  // HUBSPY_VIEW_JSON_H_
