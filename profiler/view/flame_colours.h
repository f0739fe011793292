// What the colours of flame graphs mean: the same in every picture.
//
//   Colour(HueOf(label.kind), text, Shade::kFull)   // "rgb(240,170,52)"
//
// A hue answers a question (what belongs to the hub, where is it waiting);
// within it the function decides, so that the same one looks the same
// everywhere.
#ifndef HUBSPY_VIEW_FLAME_COLOURS_H_
#define HUBSPY_VIEW_FLAME_COLOURS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "view/fold.h"

namespace hubspy {

enum class Hue {
  kCode,
  kHub,
  kWaiting,  // a frame that ends a stack which waits
  kState,
  kUnknown,
  kMissing,
  kThread,
  kRoot
};

constexpr size_t kHues = static_cast<size_t>(Hue::kRoot) + 1;

struct HueStyle {
  absl::string_view meaning;  // in legends
  std::array<int, 3> base;    // red, green, blue
  std::array<int, 3> spread;  // added in parts, by the name's hash
};

// Inlined frames have the hue of the others, paler.
enum class Shade { kFull, kPale };

const HueStyle& StyleOf(Hue hue);
Hue HueOf(LabelKind kind);
// How much of the spread a name has: of red in the lowest byte, then of green
// and blue. By the function, not by the line: its lines look alike.
uint32_t TintOf(absl::string_view name);
// "rgb(240,170,52)"
std::string Colour(Hue hue, absl::string_view name, Shade shade);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FLAME_COLOURS_H_
