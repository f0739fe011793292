// Profile -> py-spy's flat table.
//
//   %Own   %Total  OwnTime  TotalTime  Function (filename:line)
//
// Own: samples whose innermost frame it is. Total: samples in which it is
// anywhere, a recursive one counted once. Percentages are of the looks taken
// (quality.ticks), so that a process with several busy threads can exceed 100,
// as in py-spy. Times are samples / rate.
//
// The surprising part: idle threads are left out unless asked for, and still
// every look counts in the percentage's denominator. A stalled loop therefore
// shows an empty table until `include_idle` is set; a closing line then says
// so.
#ifndef HUBSPY_VIEW_FLAT_H_
#define HUBSPY_VIEW_FLAT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/profile.h"

namespace hubspy {

enum class FlatSort { kOwnPercent, kTotalPercent, kOwnTime, kTotalTime };

struct FlatRow {
  double own_percent = 0;  // of the window
  double total_percent = 0;
  double own_seconds = 0;  // since the start
  double total_seconds = 0;
  std::string label;  // "function (file:line)"
  friend bool operator==(const FlatRow&, const FlatRow&) = default;
};

struct FlatOptions {
  bool include_idle = false;
  bool threads = false;    // a row for each thread, too; and for each green
                           // thread that is told apart
  bool thread_ids = true;  // whether those rows say its id
  bool by_state = false;   // a row for each thing that threads were doing, too
  FlatSort sort = FlatSort::kOwnTime;
  int max_rows = 0;  // 0: all
};

// `window` gives the percentages, `overall` the times; for a recording both are
// the same profile. Sorted in descending order, ties by the other columns, then
// by label.
std::vector<FlatRow> FlatRows(const Profile& window, const Profile& overall,
                              const FlatOptions& options);

// Samples, by label; and the rows that they make, sorted as FlatRows's.
struct FlatCounts {
  int64_t own = 0;
  int64_t total = 0;
};
using CountsByLabel = absl::flat_hash_map<std::string, FlatCounts>;
std::vector<FlatRow> RowsOfCounts(const CountsByLabel& in_window,
                                  const CountsByLabel& in_overall,
                                  const Profile& window, const Profile& overall,
                                  const FlatOptions& options);

// The columns of one row, without the label and the blanks before it.
std::string FlatColumns(const FlatRow& row);

// Header line, rows, and closing lines: samples and their quality, what to do
// when everything was left out as idle, and, behind a '#' each, the facts of a
// recording (view/facts.h).
std::string RenderFlat(const Profile& window, const Profile& overall,
                       const FlatOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FLAT_H_
