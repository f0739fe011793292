#include "tui/layout.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tui/header.h"
#include "tui/help.h"
#include "view/pattern.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Of the terminal's rows, for hubs; and so many lines at most: their heading,
// three of them, and how many more there are.
constexpr int kHubShare = 4;
constexpr int kMostHubLines = 5;

// Smart case, as in less and ripgrep: who types a capital letter means it.
absl::StatusOr<Pattern> ParseFilter(const std::string& typed) {
  const bool has_capitals = std::any_of(typed.begin(), typed.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c));
  });
  return Pattern::Parse(has_capitals ? typed : absl::StrCat("(?i)", typed));
}

// Rows in which the filter is not found are taken out.
void ApplyFilter(ScreenModel& model) {
  const std::string& filter = model.state.choice.filter;
  if (filter.empty()) return;
  const absl::StatusOr<Pattern> pattern = ParseFilter(filter);
  if (!pattern.ok()) {
    model.filter_problem = absl::StrCat("/", CleanText(filter),
                                        "/ is no regular expression (yet)");
    return;
  }
  const size_t before = model.rows.size();
  model.rows.erase(std::remove_if(model.rows.begin(), model.rows.end(),
                                  [&](const FlatRow& row) {
                                    return !pattern->FoundIn(row.label);
                                  }),
                   model.rows.end());
  model.filtered_out = before - model.rows.size();
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
    line.push_back({std::string(title), sort == state.choice.sort
                                            ? Style::kSortedHeader
                                            : Style::kHeader});
  }
  std::string rest = !state.choice.functions.empty()
                         ? "  Callers, function, callees"
                     : state.choice.by_line ? "  Function (filename:line)"
                                            : "  Function (filename)";
  // The bar goes on to the edge.
  const int left = columns - 35 - static_cast<int>(rest.size());
  rest.append(static_cast<size_t>(std::max(left, 0)), ' ');
  line.push_back({std::move(rest), Style::kHeader});
  return line;
}

struct TableRow {
  RowName name;
  std::string text;
};

std::string RowText(const FlatRow& row, absl::string_view indent) {
  return absl::StrCat(FlatColumns(row), "   ", indent, row.label);
}

// The heaviest of the callers stands next to the function, as the heaviest of
// the callees does.
std::vector<TableRow> TableRows(const ScreenModel& model) {
  std::vector<TableRow> rows;
  const auto add = [&rows](Part part, const FlatRow& row,
                           absl::string_view indent) {
    rows.push_back({{part, row.label}, RowText(row, indent)});
  };
  for (const FlatRow& row : model.rows) add(Part::kTable, row, "");
  if (!model.function) return rows;
  const CallersAndCallees& open = *model.function;
  std::for_each(open.callers.rbegin(), open.callers.rend(),
                [&](const FlatRow& row) { add(Part::kCallers, row, "  "); });
  add(Part::kFunction, open.function, "");
  for (const FlatRow& row : open.callees) add(Part::kCallees, row, "    ");
  return rows;
}

ScreenLine Highlighted(std::string text, int columns) {
  const int left = columns - static_cast<int>(DisplayWidth(text));
  text.append(static_cast<size_t>(std::max(left, 0)), ' ');
  return {{std::move(text), Style::kSelected}};
}

// Those around the one that has to be seen, when there are more than `room`.
std::vector<ScreenLine> Table(const ScreenModel& model, size_t room,
                              int columns) {
  const std::vector<TableRow> rows = TableRows(model);
  const auto selected =
      model.state.selected
          ? std::find_if(rows.begin(), rows.end(),
                         [&](const TableRow& row) {
                           return row.name == *model.state.selected;
                         })
          : rows.end();
  size_t first = 0;
  if (selected != rows.end() && rows.size() > room) {
    const auto at = static_cast<size_t>(selected - rows.begin());
    // The table begins with its first row as long as it can; a function has
    // what it belongs to on both sides of it.
    const size_t before = model.function ? room / 2 : room == 0 ? 0 : room - 1;
    first = std::min(at - std::min(at, before), rows.size() - room);
  }
  std::vector<ScreenLine> lines;
  for (size_t i = first; i < rows.size() && lines.size() < room; ++i) {
    const bool is_selected = selected != rows.end() && &rows[i] == &*selected;
    if (is_selected) {
      lines.push_back(Highlighted(rows[i].text, columns));
    } else {
      lines.push_back({{rows[i].text, rows[i].name.part == Part::kFunction
                                          ? Style::kBold
                                          : Style::kPlain}});
    }
  }
  if (rows.empty() && room > 0) {
    if (model.only_idle) {
      lines.push_back(
          {{"Every sample was idle: press i to see where the threads wait."}});
    } else if (model.filtered_out > 0) {
      lines.push_back(
          {{"The filter is found in no function; Esc takes it "
            "away."}});
    }
  }
  lines.resize(room);
  return lines;
}

ScreenLine Prompt(const ScreenState& state) {
  if (state.typing) {
    return {{"Filter (regular expression): /"},
            {CleanText(state.choice.filter), Style::kBold},
            {" ", Style::kHeader},
            {"  Enter keeps it, Esc takes it away"}};
  }
  if (!state.choice.functions.empty()) {
    return {{"Press "},
            {"Enter", Style::kHeader},
            {" to go on from a row, "},
            {"Esc", Style::kHeader},
            {" to go back, or "},
            {"?", Style::kHeader},
            {" for help."}};
  }
  return {{"Press "},
          {"q", Style::kHeader},
          {" to quit, or "},
          {"?", Style::kHeader},
          {" for help."}};
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

// The header with what the rest is headed by; the foot; what is left between.
struct Frame {
  std::vector<ScreenLine> head;
  std::vector<ScreenLine> foot;
  size_t room = 0;
};

Frame MakeFrame(const ScreenModel& model, ScreenSize size) {
  Frame frame;
  if (model.state.help) {
    frame.head = Header(model, size.columns, 0);
    frame.foot = HelpLines(size.columns);
  } else {
    frame.head = Header(model, size.columns,
                        static_cast<size_t>(std::clamp(size.rows / kHubShare, 0,
                                                       kMostHubLines)));
    frame.head.push_back(TableHeader(model.state, size.columns));
    frame.foot.push_back(Prompt(model.state));
  }
  const int used = static_cast<int>(frame.head.size() + frame.foot.size());
  frame.room = static_cast<size_t>(std::max(size.rows - used, 0));
  return frame;
}

}  // namespace

ScreenModel MakeScreenModel(const Profile& window, const Profile& overall,
                            const ScreenState& state) {
  ScreenModel model{.pid = overall.pid,
                    .command = overall.command,
                    .overall = overall.quality,
                    .threads = overall.threads.size(),
                    .state = state};
  const FlatOptions options{.include_idle = state.choice.include_idle,
                            .threads = state.choice.threads,
                            .sort = state.choice.sort};
  if (state.choice.functions.empty()) {
    model.rows = FlatRows(window, overall, options);
    model.only_idle = model.rows.empty() && !overall.samples.empty();
    ApplyFilter(model);
  } else {
    model.function = FindCallersAndCallees(state.choice.functions.back(),
                                           window, overall, options);
  }
  int64_t active = 0;
  for (const Profile::Sample& sample : window.samples) {
    const bool runs =
        !sample.green || sample.green->state == GreenState::kRunning;
    if (!sample.idle && runs) active += sample.count;
  }
  if (window.quality.ticks > 0) {
    model.active_percent = 100 * static_cast<double>(active) /
                           static_cast<double>(window.quality.ticks);
  }
  return model;
}

std::vector<RowName> RowNames(const ScreenModel& model) {
  std::vector<RowName> names;
  for (TableRow& row : TableRows(model)) names.push_back(std::move(row.name));
  return names;
}

size_t PageRows(const ScreenModel& model, ScreenSize size) {
  return MakeFrame(model, size).room;
}

std::vector<ScreenLine> LayOut(const ScreenModel& model, ScreenSize size) {
  Frame frame = MakeFrame(model, size);
  std::vector<ScreenLine> lines = std::move(frame.head);
  const auto append = [&lines](std::vector<ScreenLine> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  if (!model.state.help) append(Table(model, frame.room, size.columns));
  append(std::move(frame.foot));
  lines.resize(
      std::min(lines.size(), static_cast<size_t>(std::max(size.rows, 0))));
  for (ScreenLine& line : lines) line = Fit(std::move(line), size.columns);
  return lines;
}

}  // namespace hubspy
