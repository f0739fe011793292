// What each format says of every function, read back as its own readers do.
#ifndef HUBSPY_TESTS_PROFILER_VIEW_READ_FORMATS_H_
#define HUBSPY_TESTS_PROFILER_VIEW_READ_FORMATS_H_

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace hubspy {

struct Counts {
  int64_t own = 0;
  int64_t total = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Counts& c) {
    return out << c.own << " of " << c.total;
  }
};
// By function: without its place, and whether it was inlined.
using Totals = std::map<std::string, Counts>;

// Counts a stack, outermost first; a recursive function once.
void AddStack(Totals& totals, const std::vector<std::string>& names,
              int64_t count);

Totals ReadRaw(const std::string& text);
Totals ReadFlamegraph(const std::string& svg);
Totals ReadSpeedscope(const std::string& json, double rate_hz);
Totals ReadChromeTrace(const std::string& json);
Totals ReadFirefox(const std::string& json);
// What the page shows at first.
Totals ReadHtml(const std::string& html);
// Samples in it that have a time.
int64_t TimedSamplesOfHtml(const std::string& html);

struct PprofFile {
  Totals totals;
  std::vector<std::string> comments;
  // Of its labels "key: text" or "key: number", how many samples have each.
  std::map<std::string, int64_t> labels;
  std::map<std::string, std::string> build_ids;  // by file
  int64_t nanoseconds = 0;
  // Most lines that one location has.
  size_t most_lines = 0;
};
PprofFile ReadPprof(const std::string& file);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_VIEW_READ_FORMATS_H_
