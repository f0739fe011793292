#include "tui/header.h"

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "view/fold.h"
#include "view/text.h"

namespace hubspy {
namespace {

// From which share on late looks are worth a word of advice. py-spy's number.
constexpr double kManyLate = 0.10;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

int Width(const ScreenLine& line) {
  size_t width = 0;
  for (const Span& span : line) width += DisplayWidth(span.text);
  return static_cast<int>(width);
}

// As many on a line as fit, with commas in between.
std::vector<ScreenLine> Flow(std::vector<ScreenLine> facts, int columns) {
  std::vector<ScreenLine> lines;
  int used = 0;
  for (ScreenLine& fact : facts) {
    const int width = Width(fact);
    if (lines.empty() || used + 2 + width > columns) {
      if (!lines.empty()) lines.back().push_back({","});
      lines.emplace_back();
      used = 0;
    } else {
      lines.back().push_back({", "});
      used += 2;
    }
    used += width;
    std::move(fact.begin(), fact.end(), std::back_inserter(lines.back()));
  }
  return lines;
}

ScreenLine Rate(absl::string_view what, double share) {
  return {{absl::StrCat(what, " ")},
          {absl::StrFormat("%.2f%%", 100 * share), Style::kWarning}};
}

// Without the folder of the program, where there is no room for that.
ScreenLine ProcessLine(const ScreenModel& model, int columns) {
  const std::string intro =
      absl::StrCat("Collecting samples from process ", model.pid, ": ");
  std::string command = CleanText(model.command);
  if (intro.size() + DisplayWidth(command) > static_cast<size_t>(columns)) {
    const size_t folder = command.rfind('/', command.find(' '));
    if (folder != std::string::npos) command.erase(0, folder + 1);
  }
  return {{intro}, {std::move(command), Style::kGood}};
}

std::vector<ScreenLine> Totals(const ScreenModel& model, int columns) {
  const Quality& q = model.overall;
  std::vector<ScreenLine> facts = {{{"Total Samples "},
                                    {absl::StrCat(q.samples), Style::kBold},
                                    {absl::StrCat(" in ", q.ticks, " looks")}}};
  if (q.late > 0) facts.push_back(Rate("Late Looks", Share(q.late, q.ticks)));
  if (q.failed > 0) {
    // A look that failed gave no sample.
    facts.push_back(Rate("Error Rate", Share(q.failed, q.samples + q.failed)));
    if (!q.last_failure.empty()) {
      facts.back().push_back(
          {absl::StrCat(" (", CleanText(q.last_failure), ")")});
    }
  }
  if (q.partial.Total() > 0) {
    facts.push_back({{absl::StrFormat("Partial Stacks %.2f%% (%s)",
                                      100 * Share(q.partial.Total(), q.samples),
                                      PartialReasons(q.partial))}});
  }
  if (q.stops > 0) {
    facts.push_back(
        {{absl::StrFormat("Longest Stop %.0f us", q.worst_pause_ns / 1e3)}});
  }
  return Flow(std::move(facts), columns);
}

ScreenLine Threads(const ScreenModel& model) {
  ScreenLine line = {
      {"Active: "},
      {absl::StrFormat("%.2f%%", model.active_percent), Style::kBold},
      {", Threads: "},
      {absl::StrCat(model.threads), Style::kBold}};
  if (model.overall.green_threads > 0) {
    line.push_back({", Green Threads: "});
    line.push_back({absl::StrCat(model.overall.green_threads), Style::kBold});
  }
  return line;
}

// Empty where everything is as it is at first.
ScreenLine Chosen(const ScreenModel& model) {
  const ScreenState& state = model.state;
  ScreenLine line;
  const auto add = [&line](std::string text, Style style = Style::kPlain) {
    if (!line.empty()) line.push_back({", "});
    line.push_back({std::move(text), style});
  };
  if (state.paused) {
    add("Paused: this stands still, sampling goes on (space: show it)",
        Style::kWarning);
  }
  if (state.choice.include_idle) add("idle too");
  if (state.choice.threads) add("by thread");
  if (state.choice.green) add("green threads");
  if (!model.filter_problem.empty()) {
    add(model.filter_problem, Style::kWarning);
  } else if (!state.choice.filter.empty() && state.choice.functions.empty()) {
    add(absl::StrCat("only /", CleanText(state.choice.filter), "/ (",
                     model.rows.size(), " of ",
                     model.rows.size() + model.filtered_out, ")"));
  }
  return line;
}

}  // namespace

std::vector<ScreenLine> Header(const ScreenModel& model, int columns,
                               size_t hub_lines) {
  std::vector<ScreenLine> lines;
  const double late = Share(model.overall.late, model.overall.ticks);
  if (late > kManyLate) {
    lines.push_back({{absl::StrFormat("%.0f%% of the looks came late, results "
                                      "may be inaccurate. Try a lower rate "
                                      "(-r).",
                                      100 * late),
                      Style::kWarning}});
  }
  for (const std::string& note : model.notes) {
    lines.push_back({{CleanText(note), Style::kWarning}});
  }
  lines.push_back(ProcessLine(model, columns));
  const auto append = [&lines](std::vector<ScreenLine> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  append(Totals(model, columns));
  lines.push_back(Threads(model));
  append(HubTable(model.hubs, hub_lines));
  lines.push_back(Chosen(model));
  return lines;
}

}  // namespace hubspy
