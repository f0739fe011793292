#include "cli/stored_options.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/format_names.h"
#include "cli/option_checks.h"
#include "cli/parse_time.h"

namespace hubspy {

// What CLI11 fills in; its types are its own.
struct StoredOptions::Values {
  std::string file;
  std::string before;
  std::string after;
  std::string output = "-";
  std::string format;
  bool include_idle = false;
  bool threads = false;
  std::string by;
  bool function = false;
  bool no_line = false;
  bool short_names = false;
  std::string since;
  std::string until;
  std::vector<std::string> only_threads;
  std::vector<std::string> greens;
  std::vector<std::string> states;
  std::string focus;
  std::string hide;

  void AddOutput(CLI::App* command, const std::string& formats) {
    command
        ->add_option("-o,--output", output,
                     "file to write; standard output when absent")
        ->option_text("FILE");
    command
        ->add_option("-f,--format", format,
                     formats + "; by FILE's ending when absent")
        ->option_text("FORMAT");
    command->add_flag("-i,--idle", include_idle,
                      "threads that sleep in the kernel, too");
    command->add_flag("-t,--threads", threads, "keep threads apart");
  }

  void AddLines(CLI::App* command) {
    command->add_flag("-F,--function", function,
                      "by a function's first line, not by lines");
    command->add_flag("--nolineno", no_line, "no line numbers")
        ->excludes("--function");
  }

  void AddNames(CLI::App* command) {
    command->add_flag("--short-names", short_names,
                      "template arguments as <…>");
  }

  void AddSelection(CLI::App* command) {
    const auto add_time = [command](const std::string& name, std::string& value,
                                    const std::string& what) {
      command->add_option(name, value, what)
          ->check(IsTime(name + " takes a time, as in 10s, 1m30s, or seconds"))
          ->option_text("TIME");
    };
    add_time("--since", since,
             "from then on: 10s, 1m30s, or seconds since the recording began");
    add_time("--until", until, "until then");
    const auto add_names =
        [command](const std::string& name, std::vector<std::string>& values,
                  const std::string& what, const std::string& text) {
          command->add_option(name, values, what)
              ->take_all()
              ->allow_extra_args(false)
              ->option_text(text);
        };
    add_names("--thread", only_threads,
              "only threads of that id or name; a regular expression has to "
              "match the whole name; may be given several times",
              "THREAD");
    add_names("--green", greens, "the same of green threads", "GREEN");
    add_names(
        "--state", states,
        "only samples in that state: running, runnable, sleeping, waiting, "
        "\"waiting: timer\", a system call",
        "STATE");
    command
        ->add_option("--focus", focus,
                     "only stacks in which a function, file or module "
                     "matches the regular expression")
        ->option_text("REGEX");
    command
        ->add_option("--hide", hide,
                     "without the frames that match; their time is their "
                     "callers'")
        ->option_text("REGEX");
  }

  NamingOptions Naming() const {
    NamingOptions naming{.short_names = short_names};
    if (function) naming.lines = NamingOptions::Lines::kFunction;
    if (no_line) naming.lines = NamingOptions::Lines::kNoLine;
    return naming;
  }

  absl::StatusOr<Selection> Selected() const {
    Selection selection;
    selection.since_ns = absl::ToInt64Nanoseconds(
        ParseTime(since).value_or(absl::ZeroDuration()));
    if (const auto time = ParseTime(until)) {
      selection.until_ns = absl::ToInt64Nanoseconds(*time);
    }
    if (selection.until_ns <= selection.since_ns) {
      return absl::InvalidArgumentError("--until has to be after --since");
    }
    selection.states = states;
    for (const auto& [texts, patterns] :
         {std::pair(&only_threads, &selection.threads),
          std::pair(&greens, &selection.greens)}) {
      for (const std::string& text : *texts) {
        absl::StatusOr<NamePattern> pattern = NamePattern::Parse(text);
        if (!pattern.ok()) return pattern.status();
        patterns->push_back(*std::move(pattern));
      }
    }
    for (const auto& [text, pattern] : {std::pair(&focus, &selection.focus),
                                        std::pair(&hide, &selection.hide)}) {
      if (text->empty()) continue;
      absl::StatusOr<Pattern> parsed = Pattern::Parse(*text);
      if (!parsed.ok()) return parsed.status();
      *pattern = *std::move(parsed);
    }
    return selection;
  }

  absl::StatusOr<Command> Report() const {
    absl::StatusOr<Selection> selection = Selected();
    if (!selection.ok()) return selection.status();
    const absl::StatusOr<Format> chosen = ChooseFormat(format, output);
    if (!chosen.ok()) return chosen.status();
    return Command(ReportOptions{.file = file,
                                 .output = output,
                                 .render = {.format = *chosen,
                                            .include_idle = include_idle,
                                            .threads = threads,
                                            .by_state = !by.empty()},
                                 .naming = Naming(),
                                 .selection = *std::move(selection)});
  }

  absl::StatusOr<Command> Diff() const {
    absl::StatusOr<Selection> selection = Selected();
    if (!selection.ok()) return selection.status();
    const absl::StatusOr<Format> chosen = ChooseFormat(format, output);
    if (!chosen.ok()) return chosen.status();
    if (*chosen != Format::kFlat && *chosen != Format::kFlamegraph) {
      return absl::InvalidArgumentError(
          "a difference is shown as flat or flamegraph: add -f with one of "
          "these");
    }
    return Command(DiffCommandOptions{.before = before,
                                      .after = after,
                                      .output = output,
                                      .format = *chosen,
                                      .include_idle = include_idle,
                                      .threads = threads,
                                      .short_names = short_names,
                                      .selection = *std::move(selection)});
  }
};

StoredOptions::StoredOptions(CLI::App& app)
    : values_(std::make_unique<Values>()),
      report_(app.add_subcommand(
          "report", "show a recording that was made with record -o x.hubspy")),
      diff_(app.add_subcommand(
          "diff", "what two such recordings differ in, by function")) {
  report_->add_option("file", values_->file, "the recording")
      ->required()
      ->option_text("RECORDING");
  values_->AddOutput(report_, FormatList());
  AddBy(report_, values_->by);
  values_->AddLines(report_);
  values_->AddNames(report_);
  values_->AddSelection(report_);
  diff_->add_option("before", values_->before, "a recording")
      ->required()
      ->option_text("BEFORE");
  diff_->add_option("after", values_->after, "and a later one")
      ->required()
      ->option_text("AFTER");
  values_->AddOutput(diff_, "flat, a table, or flamegraph, of AFTER");
  values_->AddNames(diff_);
  values_->AddSelection(diff_);
}

StoredOptions::~StoredOptions() = default;

bool StoredOptions::parsed() const {
  return report_->parsed() || diff_->parsed();
}

absl::StatusOr<Command> StoredOptions::Understood() const {
  return report_->parsed() ? values_->Report() : values_->Diff();
}

}  // namespace hubspy
