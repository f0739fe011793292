// What the JSON outputs share.
#ifndef HUBSPY_VIEW_JSON_H_
#define HUBSPY_VIEW_JSON_H_

#include <string>
#include <vector>

#include "model/profile.h"
#include "nlohmann/json.hpp"

namespace hubspy {

// Keys in the order in which they were set: as documented.
using Json = nlohmann::ordered_json;

// {"function":S,"file":S,"line":N,"module":S,"address":"0x...","inlined":B},
// and {"function":"[7 frames left out]","left_out":7} for a marker.
Json FramesToJson(const std::vector<SymbolFrame>& frames);

// Indented, one line break at the end; invalid UTF-8 replaced.
std::string ToText(const Json& json);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_JSON_H_
