#include "tui/layout.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "view/fold.h"
#include "view/text.h"

namespace hubspy {
namespace {

// From which share on a flaw is worth a word. py-spy's numbers.
constexpr double kManyLate = 0.10;
constexpr double kManyFailed = 0.01;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

ScreenLine TotalsLine(const Quality& q) {
  ScreenLine line = {{"Total Samples "},
                     {absl::StrCat(q.samples), Style::kBold},
                     {absl::StrCat(" in ", q.ticks, " looks")}};
  // A look that failed gave no sample.
  const double failed = Share(q.failed, q.samples + q.failed);
  if (failed >= kManyFailed) {
    line.push_back({", Error Rate "});
    line.push_back({absl::StrFormat("%.2f%%", 100 * failed), Style::kWarning});
    if (!q.last_failure.empty()) {
      line.push_back({absl::StrCat(" (", CleanText(q.last_failure), ")")});
    }
  }
  if (q.partial.Total() > 0) {
    line.push_back({absl::StrFormat(", Partial Stacks %.2f%% (%s)",
                                    100 * Share(q.partial.Total(), q.samples),
                                    PartialReasons(q.partial))});
  }
  if (q.stops > 0) {
    line.push_back(
        {absl::StrFormat(", Longest Stop %.0f us", q.worst_pause_ns / 1e3)});
  }
  return line;
}

std::vector<ScreenLine> Heading(const ScreenModel& model) {
  std::vector<ScreenLine> lines;
  const double late = Share(model.overall.late, model.overall.ticks);
  if (late > kManyLate) {
    lines.push_back({{absl::StrFormat("%.0f%% of the looks came late, results "
                                      "may be inaccurate. Try a lower rate "
                                      "(-r).",
                                      100 * late),
                      Style::kWarning}});
  }
  if (!model.rate_note.empty()) {
    lines.push_back({{model.rate_note, Style::kWarning}});
  }
  lines.push_back({{"Collecting samples from '"},
                   {CleanText(model.process), Style::kName},
                   {"'"}});
  lines.push_back(TotalsLine(model.overall));
  lines.push_back(
      {{"Active: "},
       {absl::StrFormat("%.2f%%", model.active_percent), Style::kBold},
       {", Threads: "},
       {absl::StrCat(model.threads), Style::kBold}});
  lines.emplace_back();
  return lines;
}

ScreenLine TableHeader(const ScreenState& state, int columns) {
  struct Column {
    absl::string_view title;
    FlatSort sort;
  };
  constexpr Column kColumns[] = {{"  %Own ", FlatSort::kOwnPercent},
                                 {"  %Total", FlatSort::kTotalPercent},
                                 {"  OwnTime", FlatSort::kOwnTime},
                                 {"  TotalTime", FlatSort::kTotalTime}};
  ScreenLine line;
  for (const auto& [title, sort] : kColumns) {
    line.push_back({std::string(title), sort == state.sort
                                            ? Style::kSortedHeader
                                            : Style::kHeader});
  }
  std::string rest =
      state.by_line ? "  Function (filename:line)" : "  Function (filename)";
  // The bar goes on to the edge.
  const int left = columns - 35 - static_cast<int>(rest.size());
  rest.append(static_cast<size_t>(std::max(left, 0)), ' ');
  line.push_back({std::move(rest), Style::kHeader});
  return line;
}

std::vector<ScreenLine> HelpLines(int columns) {
  struct Help {
    absl::string_view key;
    absl::string_view action;
  };
  constexpr Help kHelp[] = {
      {"1", "Sort by %Own (of the looks since the last screen, in this place)"},
      {"2", "Sort by %Total (the same, in this place or called from it)"},
      {"3", "Sort by OwnTime (time in this place since the start)"},
      {"4", "Sort by TotalTime (in this place or called from it)"},
      {"l", "Tell lines apart, or sum them up by function"},
      {"r", "Forget everything seen so far"},
      {"x", "Leave this help"},
      {"q", "Quit; the process goes on"},
  };
  const std::string title = " Keyboard Shortcuts ";
  const int left = columns - static_cast<int>(title.size());
  std::vector<ScreenLine> lines = {
      {{title + std::string(static_cast<size_t>(std::max(left, 0)), ' '),
        Style::kHeader}}};
  for (const auto& [key, action] : kHelp) {
    lines.push_back({{absl::StrCat("    ", key, "   "), Style::kBold},
                     {std::string(action)}});
  }
  return lines;
}

std::vector<ScreenLine> Footing(const ScreenModel& model, int columns) {
  std::vector<ScreenLine> lines(1);
  if (model.state.help) {
    for (ScreenLine& line : HelpLines(columns)) {
      lines.push_back(std::move(line));
    }
    return lines;
  }
  lines.push_back({{"Press "},
                   {"q", Style::kHeader},
                   {" to quit, or "},
                   {"?", Style::kHeader},
                   {" for help."}});
  return lines;
}

// Cuts what is too long; the last span that has room left ends in "..".
ScreenLine Fit(ScreenLine line, int columns) {
  auto room = static_cast<size_t>(std::max(columns, 0));
  for (Span& span : line) {
    span.text = Truncate(span.text, room);
    room -= DisplayWidth(span.text);
  }
  return line;
}

}  // namespace

ScreenState After(Key key, ScreenState state) {
  switch (key) {
    case Key::kSortOwnPercent:
      state.sort = FlatSort::kOwnPercent;
      break;
    case Key::kSortTotalPercent:
      state.sort = FlatSort::kTotalPercent;
      break;
    case Key::kSortOwnTime:
      state.sort = FlatSort::kOwnTime;
      break;
    case Key::kSortTotalTime:
      state.sort = FlatSort::kTotalTime;
      break;
    case Key::kToggleLines:
      state.by_line = !state.by_line;
      break;
    case Key::kHelp:
      state.help = true;
      break;
    case Key::kLeaveHelp:
      state.help = false;
      break;
    case Key::kReset:
    case Key::kQuit:
    case Key::kResize:
      break;
  }
  return state;
}

ScreenModel MakeScreenModel(const Profile& window, const Profile& overall,
                            const ScreenState& state) {
  ScreenModel model{
      .process = absl::StrCat(overall.command, " (pid ", overall.pid, ")"),
      .overall = overall.quality,
      .threads = overall.threads.size(),
      .rows =
          FlatRows(window, overall,
                   {.include_idle = state.include_idle, .sort = state.sort}),
      .state = state};
  int64_t active = 0;
  for (const Profile::Sample& sample : window.samples) {
    if (!sample.idle) active += sample.count;
  }
  model.active_percent = 100 * Share(active, window.quality.ticks);
  model.only_idle = model.rows.empty() && !overall.samples.empty();
  return model;
}

std::vector<ScreenLine> LayOut(const ScreenModel& model, ScreenSize size) {
  std::vector<ScreenLine> lines = Heading(model);
  lines.push_back(TableHeader(model.state, size.columns));
  std::vector<ScreenLine> footing = Footing(model, size.columns);

  const int used = static_cast<int>(lines.size() + footing.size());
  const auto room = static_cast<size_t>(std::max(size.rows - used, 0));
  std::vector<ScreenLine> table;
  for (size_t i = 0; i < std::min(room, model.rows.size()); ++i) {
    table.push_back({{absl::StrCat(FlatColumns(model.rows[i]), "   ",
                                   model.rows[i].label)}});
  }
  if (model.only_idle && room > 0) {
    table.push_back(
        {{"Every sample was idle: start with -i to see where the "
          "threads wait."}});
  }
  table.resize(room);

  lines.insert(lines.end(), std::make_move_iterator(table.begin()),
               std::make_move_iterator(table.end()));
  lines.insert(lines.end(), std::make_move_iterator(footing.begin()),
               std::make_move_iterator(footing.end()));
  lines.resize(
      std::min(lines.size(), static_cast<size_t>(std::max(size.rows, 0))));
  for (ScreenLine& line : lines) line = Fit(std::move(line), size.columns);
  return lines;
}

}  // namespace hubspy
