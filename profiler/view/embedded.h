// The texts that CMake embeds (embed.cmake), so that an SVG or an HTML file
// needs no other file. Each has its SHA-256 in base 64 as well.
#ifndef HUBSPY_VIEW_EMBEDDED_H_
#define HUBSPY_VIEW_EMBEDDED_H_

#include "absl/strings/string_view.h"

namespace hubspy {

extern const absl::string_view kFlamegraphScript, kFlamegraphScriptHash;
extern const absl::string_view kFlamegraphStyle, kFlamegraphStyleHash;
extern const absl::string_view kHtmlBody, kHtmlBodyHash;
extern const absl::string_view kHtmlScript, kHtmlScriptHash;
extern const absl::string_view kHtmlStyle, kHtmlStyleHash;

}  // namespace hubspy

#endif  // HUBSPY_VIEW_EMBEDDED_H_
