#include "view/flame_colours.h"

#include "absl/strings/str_format.h"

namespace hubspy {
namespace {

// FNV-1a with a final mix: the same name has the same colour in every graph.
uint64_t HashName(absl::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : name) hash = (hash ^ c) * 0x100000001b3;
  return hash ^ (hash >> 29);
}

}  // namespace

// Warm for code, as everybody's flame graphs; other hues only where they
// answer a question: where is it waiting, what belongs to the hub.
const HueStyle& StyleOf(Hue hue) {
  static constexpr std::array<HueStyle, kHues> kStyles = {{
      {"running", {232, 96, 36}, {20, 124, 40}},
      {"hub", {104, 176, 92}, {36, 30, 30}},
      {"waiting", {104, 168, 216}, {24, 28, 24}},
      {"what green threads do", {92, 184, 176}, {24, 20, 24}},
      {"name not known", {186, 180, 172}, {16, 16, 16}},
      {"frames missing", {240, 196, 84}, {8, 12, 12}},
      {"thread", {204, 186, 222}, {16, 16, 12}},
      {"all", {222, 208, 184}, {0, 0, 0}},
  }};
  return kStyles[static_cast<size_t>(hue)];
}

Hue HueOf(LabelKind kind) {
  switch (kind) {
    case LabelKind::kCode:
      return Hue::kCode;
    case LabelKind::kHub:
      return Hue::kHub;
    case LabelKind::kUnknown:
      return Hue::kUnknown;
    case LabelKind::kMissing:
      return Hue::kMissing;
    case LabelKind::kThread:
      return Hue::kThread;
    case LabelKind::kState:
      return Hue::kState;
  }
  return Hue::kUnknown;
}

uint32_t TintOf(absl::string_view name) {
  return static_cast<uint32_t>(HashName(name.substr(0, name.rfind(" ("))) &
                               0xffffff);
}

std::string Colour(Hue hue, absl::string_view name, Shade shade) {
  const uint32_t tint = TintOf(name);
  const HueStyle& style = StyleOf(hue);
  // Brightness varies with one part of the hash and the tint with another, so
  // that neighbours differ.
  const auto part = [&](int channel) {
    const int share = static_cast<int>(tint >> (8 * channel) & 0xff);
    const int full = style.base[channel] + share * style.spread[channel] / 256;
    return shade == Shade::kFull ? full : (full + 255) / 2;
  };
  return absl::StrFormat("rgb(%d,%d,%d)", part(0), part(1), part(2));
}

}  // namespace hubspy
