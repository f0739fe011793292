#include "view/flat.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/facts.h"
#include "view/fold.h"

namespace hubspy {
namespace {

CountsByLabel CountLabels(const Profile& profile, const FlatOptions& options) {
  const FoldedProfile folded =
      Fold(profile, {.include_idle = options.include_idle,
                     .threads = options.threads,
                     .thread_ids = options.thread_ids,
                     .by_state = options.by_state});
  CountsByLabel counts;
  for (const FoldedStack& stack : folded.stacks) {
    // A recursive function is in the sample once.
    const absl::flat_hash_set<uint32_t> distinct(stack.labels.begin(),
                                                 stack.labels.end());
    for (const uint32_t label : distinct) {
      counts[MarkedText(folded.labels[label])].total += stack.count;
    }
    counts[MarkedText(folded.labels[stack.labels.back()])].own += stack.count;
  }
  return counts;
}

double Percent(int64_t count, const Profile& profile) {
  return profile.quality.ticks > 0 ? 100.0 * count / profile.quality.ticks : 0;
}

double Seconds(int64_t count, const Profile& profile) {
  return profile.rate_hz > 0 ? count / profile.rate_hz : 0;
}

// What to sort by, most important first: the chosen column, then what breaks
// its ties.
std::array<double, 5> SortKey(const FlatRow& row, FlatSort sort) {
  const std::array<double, 4> columns = {row.own_percent, row.total_percent,
                                         row.own_seconds, row.total_seconds};
  return {columns[static_cast<size_t>(sort)], row.own_seconds,
          row.total_seconds, row.own_percent, row.total_percent};
}

// Fewer decimals for longer times: the column stays as narrow as py-spy's.
std::string FormatSeconds(double seconds) {
  const int decimals = seconds > 1000   ? 0
                       : seconds >= 100 ? 1
                       : seconds >= 1   ? 2
                                        : 3;
  return absl::StrFormat("%.*f", decimals, seconds);
}

bool AnyLine(const Profile& profile) {
  return profile.frames.empty() ||
         std::any_of(profile.frames.begin(), profile.frames.end(),
                     [](const SymbolFrame& f) { return f.line > 0; });
}

bool AllLeftOut(const Profile& profile, const FlatOptions& options) {
  return !options.include_idle && !profile.samples.empty() &&
         std::all_of(profile.samples.begin(), profile.samples.end(),
                     [](const Profile::Sample& s) { return s.idle; });
}

}  // namespace

std::vector<FlatRow> FlatRows(const Profile& window, const Profile& overall,
                              const FlatOptions& options) {
  return RowsOfCounts(CountLabels(window, options),
                      CountLabels(overall, options), window, overall, options);
}

std::vector<FlatRow> RowsOfCounts(const CountsByLabel& in_window,
                                  const CountsByLabel& in_overall,
                                  const Profile& window, const Profile& overall,
                                  const FlatOptions& options) {
  absl::flat_hash_map<std::string, FlatRow> by_label;
  for (const auto& [label, counts] : in_overall) {
    FlatRow& row = by_label[label];
    row.own_seconds = Seconds(counts.own, overall);
    row.total_seconds = Seconds(counts.total, overall);
  }
  for (const auto& [label, counts] : in_window) {
    FlatRow& row = by_label[label];
    row.own_percent = Percent(counts.own, window);
    row.total_percent = Percent(counts.total, window);
  }

  std::vector<FlatRow> rows;
  rows.reserve(by_label.size());
  for (auto& [label, row] : by_label) {
    row.label = label;
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [&](const FlatRow& a, const FlatRow& b) {
    const auto key_a = SortKey(a, options.sort);
    const auto key_b = SortKey(b, options.sort);
    return key_a != key_b ? key_a > key_b : a.label < b.label;
  });
  if (options.max_rows > 0 &&
      rows.size() > static_cast<size_t>(options.max_rows)) {
    rows.resize(static_cast<size_t>(options.max_rows));
  }
  return rows;
}

std::string FlatColumns(const FlatRow& row) {
  return absl::StrFormat("%6.2f%% %6.2f%% %7ss %8ss", row.own_percent,
                         row.total_percent, FormatSeconds(row.own_seconds),
                         FormatSeconds(row.total_seconds));
}

std::string RenderFlat(const Profile& window, const Profile& overall,
                       const FlatOptions& options) {
  std::string out =
      absl::StrCat("  %Own   %Total  OwnTime  TotalTime  Function (",
                   AnyLine(overall) ? "filename:line" : "filename", ")\n");
  for (const FlatRow& row : FlatRows(window, overall, options)) {
    absl::StrAppend(&out, FlatColumns(row), "   ", row.label, "\n");
  }
  absl::StrAppend(&out, "\n", SamplesLine(overall), "\n");
  if (AllLeftOut(overall, options)) {
    absl::StrAppend(&out,
                    "Every sample was idle: add -i to see where the threads "
                    "wait.\n");
  }
  if (!overall.made.version.empty()) {
    absl::StrAppend(&out, "\n");
    for (const auto& [name, value] : Facts(overall)) {
      if (name == "samples") continue;  // said above
      absl::StrAppend(&out, "# ", name, ": ", value, "\n");
    }
  }
  return out;
}

}  // namespace hubspy
