// What the hubs of a process do: a line each, above the table of functions.
//
//   Hub   Turns/s  Fired/s  Pending  Run  Ready  Wait  Late  Clock Verdict 4711
//   0.5        0        2    0      0     3        1736x slow  clock_rate
#ifndef HUBSPY_TUI_HUB_TABLE_H_
#define HUBSPY_TUI_HUB_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tui/line.h"

namespace hubspy {

// Green threads, by what they do.
struct GreenCounts {
  uint64_t run = 0;
  uint64_t ready = 0;
  uint64_t wait = 0;
};

struct HubRow {
  int32_t tid = 0;
  // In the time since the last table; nullopt: there was none.
  std::optional<double> turns_per_second;
  std::optional<double> fired_per_second;  // timers
  uint64_t pending = 0;                    // timers
  std::optional<GreenCounts> greens;       // nullopt: could not be read
  int64_t late_ns = 0;  // by how much its next timer was overdue; 0: it was not
  std::string clock;  // "1736x slow"; empty: it goes right, as far as is known
  std::string verdict;  // diagnose's word; empty: there is none yet
  bool is_well = true;  // by that verdict
};

// At most `max_lines` lines, the heading among them, of hubs in their order;
// those that are not well come first. Where there are more, the last line says
// how many. No lines for no hubs. There is a column for clocks only where one
// of them goes wrong.
std::vector<ScreenLine> HubTable(std::vector<HubRow> hubs, size_t max_lines);

// "0.5", "4711", "1.23M": at most six columns wide, up to 1e12.
std::string CompactNumber(double number);

// "1736x slow", "2.50x fast", "stands still", "backwards".
std::string ClockRateText(double hub_seconds_per_second);

}  // namespace hubspy

#endif  // HUBSPY_TUI_HUB_TABLE_H_
