// Two profiles -> what differs between them, function by function.
//
//              %Own                        %Total               OwnTime ...
//   before    after   change     before    after   change   change/s ...
//
// Functions are the same if their label is, "Handle (shop.cc)": give profiles
// that have no lines, or else a line that moved is another function. Threads
// are if their names are: an id is of one run. Whatever lies elsewhere in
// memory, or was recorded for longer, can be compared so.
//
// Percentages are of each one's own looks, times are per second of it. A
// function that is in one of them only has "new" or "gone" in the other one's
// column. Rows that do not change, as far as they show, are left out.
#ifndef HUBSPY_VIEW_DIFF_H_
#define HUBSPY_VIEW_DIFF_H_

#include <string>
#include <vector>

#include "model/profile.h"

namespace hubspy {

struct DiffOptions {
  bool include_idle = false;
  bool threads =
      false;  // a row for each name of threads and green threads, too
};

// Of one function in one profile.
struct DiffShare {
  bool seen = false;
  double own_percent = 0;
  double total_percent = 0;
  double own_seconds = 0;  // per second of recording
  double total_seconds = 0;
  friend bool operator==(const DiffShare&, const DiffShare&) = default;
};

struct DiffRow {
  std::string label;
  DiffShare before;
  DiffShare after;

  double own_change() const { return after.own_percent - before.own_percent; }
  double total_change() const {
    return after.total_percent - before.total_percent;
  }
};

// All of both; largest change of own time first, then of total time, then by
// label.
std::vector<DiffRow> DiffRows(const Profile& before, const Profile& after,
                              const DiffOptions& options);

// Header line, rows, and closing lines: the samples of both, and, behind a '#'
// each, their facts (view/facts.h).
std::string RenderDiff(const Profile& before, const Profile& after,
                       const DiffOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DIFF_H_
