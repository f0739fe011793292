#include "symbolize/renamed.h"

#include "model/merged.h"
#include "symbolize/short_name.h"

namespace hubspy {
namespace {

int LineOf(const SymbolFrame& frame, NamingOptions::Lines lines) {
  switch (lines) {
    case NamingOptions::Lines::kLine:
      return frame.line;
    case NamingOptions::Lines::kFunction:
      return frame.function_line;
    case NamingOptions::Lines::kNoLine:
      return 0;
  }
  return frame.line;
}

}  // namespace

Profile Renamed(Profile profile, const NamingOptions& options) {
  if (options.all()) return profile;
  for (SymbolFrame& frame : profile.frames) {
    frame.line = LineOf(frame, options.lines);
    // What a JIT made is in no module.
    if (options.short_names && !frame.module.empty()) {
      frame.function = ShortName(frame.function);
    }
  }
  return Merged(profile);
}

}  // namespace hubspy
