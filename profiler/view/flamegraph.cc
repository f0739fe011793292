#include "view/flamegraph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "model/numbers.h"
#include "view/diff_tree.h"
#include "view/embedded.h"
#include "view/facts.h"
#include "view/flame_colours.h"
#include "view/flame_tree.h"
#include "view/fold.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Pixels, as drawn before the script fits the drawing to the window.
constexpr double kWidth = 1200;
constexpr double kMargin = 0.01;  // of the width, left and right
constexpr double kFramesWidth = kWidth * (1 - 2 * kMargin);
constexpr int kRow = 17;           // from one frame to the next
constexpr int kFrameHeight = 16;   // of its rectangle
constexpr int kTop = 68;           // title, subtitle and legend
constexpr int kBottom = 34;        // details
constexpr double kColumn = 7.23;   // a character in a 12 px fixed-width font
constexpr double kPadding = 3;     // between a frame's edge and its name
constexpr double kMinWidth = 0.1;  // frames narrower than this are not drawn

// At most four decimals and no trailing zeros: thousands of these are written.
std::string Number(double value) {
  std::string text = absl::StrFormat("%.4f", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Red for more, blue for less, of its own time: `change` is at most `most`.
std::string ChangeColour(double change, double most) {
  // By the root, so that small changes are seen beside large ones.
  const double strength = most > 0 ? std::sqrt(std::abs(change) / most) : 0;
  const int full = 236;
  const int faded = full - static_cast<int>(190 * strength);
  const int bright = full + static_cast<int>(19 * strength);
  return change > 0 ? absl::StrFormat("rgb(%d,%d,%d)", bright, faded, faded)
                    : absl::StrFormat("rgb(%d,%d,%d)", faded, faded, bright);
}

class Painter {
 public:
  Painter(const Profile& profile, const FlamegraphOptions& options)
      : profile_(profile),
        options_(options),
        folded_(Fold(profile, {.include_idle = options.include_idle,
                               .threads = options.threads,
                               .thread_ids = options.before == nullptr,
                               .by_state = options.by_state})),
        nodes_(BuildFlameTree(folded_)) {
    if (options.before != nullptr) {
      changes_ = ChangesSince(
          Fold(*options.before, {.include_idle = options.include_idle,
                                 .threads = options.threads,
                                 .thread_ids = false}),
          folded_, nodes_);
    }
    uint32_t depth = 0;
    for (const FlameNode& node : nodes_) {
      if (!Drawn(node)) {
        ++not_drawn_;
        continue;
      }
      depth = std::max(depth, node.depth);
      hue_used_[static_cast<size_t>(HueOf(node))] = true;
      pale_used_ |= ShadeOf(node) == Shade::kPale;
    }
    height_ = kTop + static_cast<int>(depth + 1) * kRow + kBottom;
  }

  std::string Paint() {
    Open();
    Heading();
    Frames();
    absl::StrAppend(&svg_, "<script><![CDATA[\n", kFlamegraphScript,
                    "]]></script>\n</svg>\n");
    return std::move(svg_);
  }

 private:
  int64_t total() const { return nodes_[0].count; }

  double Percent(int64_t samples) const {
    return total() > 0 ? 100.0 * samples / total() : 100;
  }

  bool Drawn(const FlameNode& node) const {
    return node.depth == 0 ||
           Percent(node.count) / 100 * kFramesWidth >= kMinWidth;
  }

  Hue HueOf(const FlameNode& node) const {
    if (node.depth == 0) return Hue::kRoot;
    if (node.leaf && node.waits_own == node.count) return Hue::kWaiting;
    return hubspy::HueOf(folded_.labels[node.label].kind);
  }

  Shade ShadeOf(const FlameNode& node) const {
    return node.depth > 0 && folded_.labels[node.label].inlined ? Shade::kPale
                                                                : Shade::kFull;
  }

  void Open() {
    absl::StrAppendFormat(
        &svg_,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
        "height=\"%d\" viewBox=\"0 0 %.0f %d\">\n"
        "<title>%s</title>\n"
        "%s"
        "<style><![CDATA[\n",
        kWidth, height_, kWidth, height_, XmlText(options_.title), Metadata());
    absl::StrAppend(&svg_, kFlamegraphStyle, "]]></style>\n");
    absl::StrAppend(&svg_,
                    "<linearGradient id=\"paper\" y2=\"100%\" x2=\"0\">"
                    "<stop offset=\"0\" stop-color=\"#fdf8ec\"/>"
                    "<stop offset=\"1\" stop-color=\"#f6ead0\"/>"
                    "</linearGradient>\n"
                    "<rect width=\"100%\" height=\"100%\" "
                    "fill=\"url(#paper)\"/>\n");
  }

  // A list of terms, as XHTML has it: read by programs, and by who looks.
  std::string Metadata() const {
    std::string list =
        "<metadata>\n<dl xmlns=\"http://www.w3.org/1999/xhtml\">\n";
    for (const auto& [name, value] : Facts(profile_)) {
      absl::StrAppend(&list, "<dt>", XmlText(name), "</dt><dd>", XmlText(value),
                      "</dd>\n");
    }
    return absl::StrCat(list, "</dl>\n</metadata>\n");
  }

  void Heading() {
    absl::StrAppendFormat(
        &svg_,
        "<text id=\"title\" x=\"50%%\" y=\"26\" text-anchor=\"middle\">%s"
        "</text>\n"
        "<text id=\"subtitle\" x=\"50%%\" y=\"45\" text-anchor=\"middle\">%s"
        "</text>\n"
        "<text id=\"invert\" class=\"button off\" role=\"button\" "
        "tabindex=\"0\" x=\"1%%\" y=\"26\">Invert</text>\n"
        "<text id=\"reset\" class=\"button off\" role=\"button\" "
        "tabindex=\"0\" x=\"1%%\" dx=\"84\" y=\"26\">Reset Zoom</text>\n"
        "<text id=\"search\" class=\"button off\" role=\"button\" "
        "tabindex=\"0\" x=\"99%%\" y=\"26\" text-anchor=\"end\">Search</text>\n"
        "<foreignObject id=\"searchbox\" class=\"off\" x=\"79%%\" y=\"9\" "
        "width=\"20%%\" height=\"24\"/>\n"
        "<text id=\"details\" x=\"1%%\" y=\"%d\">%s</text>\n"
        "<text id=\"matched\" x=\"99%%\" y=\"%d\" text-anchor=\"end\"> "
        "</text>\n",
        XmlText(options_.title), XmlText(Subtitle()), height_ - 12,
        XmlText(FactsInShort(profile_)), height_ - 12);
    Legend();
  }

  std::string Subtitle() const {
    std::string text = SamplesLine(profile_);
    if (changes_) {
      text = absl::StrFormat(
          "after: %s; before: %.2f%% was in stacks that "
          "are gone",
          text, changes_->gone_percent);
    }
    if (not_drawn_ > 0) {
      absl::StrAppend(&text, "; ", not_drawn_,
                      not_drawn_ == 1 ? " frame" : " frames",
                      " too narrow to draw");
    }
    return text;
  }

  // What the hues mean, of those that occur. One hue explains itself.
  void Legend() {
    double x = kWidth * kMargin;
    if (changes_) {
      const double most = changes_->most;
      constexpr double kForDigits = 12;  // which are wider than letters
      x = kForDigits + LegendEntry(x,
                                   absl::StrFormat("more, up to %+.2f%%", most),
                                   ChangeColour(most, most));
      x = LegendEntry(x, "as before", ChangeColour(0, most));
      LegendEntry(x, absl::StrFormat("less, down to %+.2f%%", -most),
                  ChangeColour(-most, most));
      return;
    }
    for (const Hue hue : {Hue::kCode, Hue::kHub, Hue::kWaiting, Hue::kState,
                          Hue::kUnknown, Hue::kMissing}) {
      if (!hue_used_[static_cast<size_t>(hue)]) continue;
      const absl::string_view meaning = StyleOf(hue).meaning;
      x = LegendEntry(x, meaning, Colour(hue, meaning, Shade::kFull));
    }
    if (pale_used_) {
      LegendEntry(
          x, "inlined",
          Colour(Hue::kCode, StyleOf(Hue::kCode).meaning, Shade::kPale));
    }
  }

  // Returns where the next one begins.
  double LegendEntry(double x, absl::string_view meaning,
                     absl::string_view colour) {
    absl::StrAppendFormat(
        &svg_,
        "<rect x=\"%s\" y=\"52\" width=\"10\" height=\"10\" rx=\"2\" "
        "fill=\"%s\"/>"
        "<text class=\"legend\" x=\"%s\" y=\"61\">%s</text>\n",
        Number(x), colour, Number(x + 15), meaning);
    return x + 36 + 5.8 * static_cast<double>(meaning.size());
  }

  void Frames() {
    absl::StrAppendFormat(
        &svg_,
        "<svg id=\"frames\" x=\"%s%%\" width=\"%s%%\" height=\"%d\" "
        "data-total=\"%d\">\n",
        Number(100 * kMargin), Number(100 * (1 - 2 * kMargin)), height_,
        total());
    for (const FlameNode& node : nodes_) {
      if (Drawn(node)) Frame(node);
    }
    absl::StrAppend(&svg_, "</svg>\n");
  }

  void Frame(const FlameNode& node) {
    const std::string name =
        node.depth == 0 ? "all" : MarkedText(folded_.labels[node.label]);
    const std::string left = Number(total() > 0 ? Percent(node.x) : 0);
    const double width = Percent(node.count);
    const int y = height_ - kBottom - static_cast<int>(node.depth + 1) * kRow;
    absl::StrAppendFormat(
        &svg_,
        "<g data-x=\"%d\" data-w=\"%d\" data-y=\"%d\">"
        "<title>%s (%s %s, %.2f%%%s)</title>"
        "<rect x=\"%s%%\" y=\"%d\" width=\"%s%%\" height=\"%d\" rx=\"1\" "
        "fill=\"%s\"/>"
        "<text x=\"%s%%\" dx=\"%g\" y=\"%d\">%s</text></g>\n",
        node.x, node.count, node.depth, XmlText(name), WithCommas(node.count),
        Unit(node.count), width, ChangeText(node), left, y, Number(width),
        kFrameHeight, Fill(node, name), left, kPadding, y + 12,
        XmlText(Fitted(name, width / 100 * kFramesWidth)));
  }

  const NodeChange& ChangeOf(const FlameNode& node) const {
    return changes_->nodes[static_cast<size_t>(&node - nodes_.data())];
  }

  std::string Fill(const FlameNode& node, absl::string_view name) const {
    if (!changes_) return Colour(HueOf(node), name, ShadeOf(node));
    return ChangeColour(ChangeOf(node).own_change(), changes_->most);
  }

  // Without " (", which ends the name for the script.
  std::string ChangeText(const FlameNode& node) const {
    if (!changes_) return "";
    const NodeChange& change = ChangeOf(node);
    return absl::StrFormat("; before: %.2f%%; own: %.2f%%, before: %.2f%%",
                           change.total_before, change.own_after,
                           change.own_before);
  }

  absl::string_view Unit(int64_t count) const {
    if (profile_.stalls) return "us";
    return count == 1 ? "sample" : "samples";
  }

  static std::string Fitted(absl::string_view name, double pixels) {
    const auto columns = static_cast<int>((pixels - 2 * kPadding) / kColumn);
    return columns < 3 ? "" : Truncate(name, static_cast<size_t>(columns));
  }

  const Profile& profile_;
  const FlamegraphOptions& options_;
  const FoldedProfile folded_;
  const std::vector<FlameNode> nodes_;
  std::optional<TreeChanges> changes_;
  std::array<bool, kHues> hue_used_{};
  bool pale_used_ = false;
  int64_t not_drawn_ = 0;
  int height_ = 0;
  std::string svg_;
};

}  // namespace

std::string RenderFlamegraph(const Profile& profile,
                             const FlamegraphOptions& options) {
  return Painter(profile, options).Paint();
}

}  // namespace hubspy
