// The texts that CMake embeds (embed.cmake), so that an SVG needs no other
// file.
#ifndef HUBSPY_VIEW_EMBEDDED_H_
#define HUBSPY_VIEW_EMBEDDED_H_

#include "absl/strings/string_view.h"

namespace hubspy {

extern const absl::string_view kFlamegraphScript;  // flamegraph.js
extern const absl::string_view kFlamegraphStyle;   // flamegraph.css

}  // namespace hubspy

#endif  // HUBSPY_VIEW_EMBEDDED_H_
