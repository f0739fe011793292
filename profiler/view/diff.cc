#include "view/diff.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/facts.h"
#include "view/flat.h"
#include "view/fold.h"

namespace hubspy {
namespace {

// Below that a change is not seen in a table of hundredths.
constexpr double kLeastShownChange = 0.005;

using Rows = absl::flat_hash_map<std::string, DiffRow>;

void AddShares(const Profile& profile, const DiffOptions& options,
               DiffShare DiffRow::*side, Rows& rows) {
  const double seconds = static_cast<double>(profile.duration_ns) / 1e9;
  const double per_second = seconds > 0 ? 1 / seconds : 0;
  for (const FlatRow& row : FlatRows(profile, profile,
                                     {.include_idle = options.include_idle,
                                     .threads = options.threads,
                                     .thread_ids = false})) {
    DiffRow& diff = rows[row.label];
    diff.label = row.label;
    diff.*side = {.seen = true,
                  .own_percent = row.own_percent,
                  .total_percent = row.total_percent,
                  .own_seconds = row.own_seconds * per_second,
                  .total_seconds = row.total_seconds * per_second};
  }
}

bool Changed(const DiffRow& row) {
  return row.before.seen != row.after.seen ||
         std::abs(row.own_change()) >= kLeastShownChange ||
         std::abs(row.total_change()) >= kLeastShownChange;
}

// Nine columns wide, as the others.
std::string Percent(bool seen, double percent, absl::string_view if_not) {
  return seen ? absl::StrFormat("%8.2f%%", percent)
              : absl::StrFormat("%9s", if_not);
}

std::string Columns(const DiffRow& row) {
  const DiffShare& before = row.before;
  const DiffShare& after = row.after;
  return absl::StrCat(
      Percent(before.seen, before.own_percent, "new"),
      Percent(after.seen, after.own_percent, "gone"),
      absl::StrFormat("%+8.2f%%", row.own_change()), "  ",
      Percent(before.seen, before.total_percent, "new"),
      Percent(after.seen, after.total_percent, "gone"),
      absl::StrFormat("%+8.2f%%  %+8.4fs  %+8.4fs", row.total_change(),
                      after.own_seconds - before.own_seconds,
                      after.total_seconds - before.total_seconds));
}

void AppendFacts(absl::string_view which, const Profile& profile,
                 std::string& out) {
  if (profile.made.version.empty()) return;
  absl::StrAppend(&out, "\n");
  for (const auto& [name, value] : Facts(profile)) {
    if (name == "samples") continue;  // said above
    absl::StrAppend(&out, "# ", which, ": ", name, ": ", value, "\n");
  }
}

}  // namespace

std::vector<DiffRow> DiffRows(const Profile& before, const Profile& after,
                              const DiffOptions& options) {
  Rows by_label;
  AddShares(before, options, &DiffRow::before, by_label);
  AddShares(after, options, &DiffRow::after, by_label);
  std::vector<DiffRow> rows;
  rows.reserve(by_label.size());
  for (auto& [label, row] : by_label) rows.push_back(std::move(row));
  const auto key = [](const DiffRow& row) {
    return std::tuple(-std::abs(row.own_change()),
                      -std::abs(row.total_change()),
                      absl::string_view(row.label));
  };
  std::sort(rows.begin(), rows.end(), [&](const DiffRow& a, const DiffRow& b) {
    return key(a) < key(b);
  });
  return rows;
}

std::string RenderDiff(const Profile& before, const Profile& after,
                       const DiffOptions& options) {
  std::string out =
      "            %Own                        %Total              OwnTim"
      "e  TotalTime  Function (filename)\n"
      "   before    after   change     before    after   change   change/"
      "s   change/s\n";
  int64_t unchanged = 0;
  for (const DiffRow& row : DiffRows(before, after, options)) {
    if (!Changed(row)) {
      ++unchanged;
      continue;
    }
    absl::StrAppend(&out, Columns(row), "  ", row.label, "\n");
  }
  if (unchanged > 0) {
    absl::StrAppend(&out, unchanged, " more did not change\n");
  }
  absl::StrAppend(&out, "\nBefore: ", SamplesLine(before),
                  "\nAfter:  ", SamplesLine(after), "\n");
  AppendFacts("before", before, out);
  AppendFacts("after", after, out);
  return out;
}

}  // namespace hubspy
