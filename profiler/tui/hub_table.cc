#include "tui/hub_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/text.h"

namespace hubspy {
namespace {

constexpr size_t kHubColumns = 10;
enum HubColumn { kClock = 8, kVerdict = 9 };
constexpr std::array<absl::string_view, kHubColumns> kTitles = {
    "Hub",   "Turns/s", "Fired/s", "Pending", "Run",
    "Ready", "Wait",    "Late",    "Clock",   "Verdict"};
// Words are read from the left, numbers from the right.
constexpr std::array<bool, kHubColumns> kIsText = {
    true, false, false, false, false, false, false, false, true, true};

using Cells = std::array<std::string, kHubColumns>;

std::string Number(const std::optional<double>& number) {
  return number ? CompactNumber(*number) : "";
}

std::string Late(int64_t ns) {
  if (ns <= 0) return "";
  const double ms = static_cast<double>(ns) / 1e6;
  if (ms < 1000) return absl::StrFormat("%.0fms", ms);
  return ms < 600'000 ? absl::StrFormat("%.1fs", ms / 1e3)
                      : absl::StrFormat("%.0fmin", ms / 60e3);
}

Cells CellsOf(const HubRow& hub) {
  const auto count = [&](uint64_t GreenCounts::*of) {
    return hub.greens ? CompactNumber(static_cast<double>(*hub.greens.*of))
                      : "";
  };
  return {absl::StrCat(hub.tid),
          Number(hub.turns_per_second),
          Number(hub.fired_per_second),
          CompactNumber(static_cast<double>(hub.pending)),
          count(&GreenCounts::run),
          count(&GreenCounts::ready),
          count(&GreenCounts::wait),
          Late(hub.late_ns),
          hub.clock,
          hub.verdict};
}

std::string Padded(absl::string_view text, size_t width, bool is_text) {
  const std::string blanks(width - DisplayWidth(text), ' ');
  return is_text ? absl::StrCat(text, blanks) : absl::StrCat(blanks, text);
}

}  // namespace

std::string CompactNumber(double number) {
  if (number >= 999'950'000) return absl::StrFormat("%.1fG", number / 1e9);
  if (number >= 9'999'950) return absl::StrFormat("%.1fM", number / 1e6);
  if (number >= 999'999.5) return absl::StrFormat("%.2fM", number / 1e6);
  if (number >= 10 || number == std::floor(number)) {
    return absl::StrFormat("%.0f", number);
  }
  return absl::StrFormat("%.1f", number);
}

std::string ClockRateText(double rate) {
  if (rate < 0) return "backwards";
  if (rate == 0) return "stands still";
  const double factor = rate < 1 ? 1 / rate : rate;
  return absl::StrFormat("%.*fx %s", factor < 10 ? 2 : 0, factor,
                         rate < 1 ? "slow" : "fast");
}

std::vector<ScreenLine> HubTable(std::vector<HubRow> hubs, size_t max_lines) {
  std::vector<ScreenLine> lines;
  if (hubs.empty() || max_lines == 0) return lines;
  std::stable_sort(
      hubs.begin(), hubs.end(),
      [](const HubRow& a, const HubRow& b) { return !a.is_well && b.is_well; });
  const bool all_fit = hubs.size() + 1 <= max_lines;
  const size_t shown =
      all_fit ? hubs.size() : max_lines - std::min<size_t>(max_lines, 2);

  std::vector<Cells> cells;
  for (size_t i = 0; i < shown; ++i) cells.push_back(CellsOf(hubs[i]));
  std::array<size_t, kHubColumns> widths;
  for (size_t c = 0; c < kHubColumns; ++c) {
    widths[c] = kTitles[c].size();
    for (const Cells& row : cells) {
      widths[c] = std::max(widths[c], DisplayWidth(row[c]));
    }
  }
  const bool any_clock =
      std::any_of(cells.begin(), cells.end(),
                  [](const Cells& row) { return !row[kClock].empty(); });
  const auto line = [&](const auto& row, size_t from, size_t to) {
    std::string text;
    for (size_t c = from; c < to; ++c) {
      if (c == kClock && !any_clock) continue;
      absl::StrAppend(&text, c == 0 ? "" : "  ",
                      Padded(row[c], widths[c], kIsText[c]));
    }
    return text;
  };
  if (shown > 0 || all_fit) {
    lines.push_back({{line(kTitles, 0, kHubColumns), Style::kBold}});
  }
  for (size_t i = 0; i < shown; ++i) {
    lines.push_back({{line(cells[i], 0, kVerdict)},
                     {line(cells[i], kVerdict, kHubColumns),
                      hubs[i].is_well ? Style::kGood : Style::kWarning}});
  }
  if (!all_fit) {
    const size_t left = hubs.size() - shown;
    lines.push_back(
        {{shown == 0 ? absl::StrCat(left, left == 1 ? " hub" : " hubs")
                     : absl::StrCat("... and ", left, " more ",
                                    left == 1 ? "hub" : "hubs")}});
  }
  return lines;
}

}  // namespace hubspy
