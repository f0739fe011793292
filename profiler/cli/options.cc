#include "cli/options.h"

#include <algorithm>
#include <map>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/format_names.h"
#include "cli/option_checks.h"
#include "cli/parse_time.h"
#include "cli/render.h"
#include "cli/stall_limit.h"
#include "cli/stored_options.h"

namespace hubspy {
namespace {

const std::map<std::string, CaptureWays>& Ways() {
  static const auto& ways =
      *new std::map<std::string, CaptureWays>{{"any", CaptureWays::kAny},
                                              {"asleep", CaptureWays::kAsleep},
                                              {"perf", CaptureWays::kPerf},
                                              {"ptrace", CaptureWays::kPtrace}};
  return ways;
}

const std::map<std::string, FlatSort>& Sorts() {
  static const auto& sorts =
      *new std::map<std::string, FlatSort>{{"own", FlatSort::kOwnPercent},
                                           {"total", FlatSort::kTotalPercent},
                                           {"owntime", FlatSort::kOwnTime},
                                           {"totaltime", FlatSort::kTotalTime}};
  return sorts;
}

// What CLI11 fills in; its types are its own.
struct Values {
  int32_t pid = 0;
  std::vector<std::string> program;
  double rate_hz = kDefaultRateHz;
  bool include_idle = false;
  bool subprocesses = false;
  bool threads = false;
  bool green = false;
  std::string by;
  bool function = false;
  bool no_line = false;
  bool short_names = false;
  std::string core;
  bool json = false;
  double delay_s = 1;
  std::string sort = "owntime";
  std::vector<std::string> only_threads;
  std::vector<std::string> only_greens;
  int tables = 0;
  std::string output;
  std::string format;
  double duration_s = 0;
  std::string capture = "any";
  std::string function_name;
  bool all = false;
  bool distinct = false;
  bool quiet = false;
  std::string every;
  std::string stalls;
  std::string command_line;
};

absl::StatusOr<std::vector<NamePattern>> ParseNames(
    const std::vector<std::string>& names) {
  std::vector<NamePattern> patterns;
  for (const std::string& name : names) {
    absl::StatusOr<NamePattern> pattern = NamePattern::Parse(name);
    if (!pattern.ok()) return pattern.status();
    patterns.push_back(*std::move(pattern));
  }
  return patterns;
}

class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("-V,--version", "hubspy " HUBSPY_VERSION);
    AddTop();
    AddRecord();
    AddDump();
    AddDiagnose();
    AddAnnotate();
    stored_.emplace(app_);
  }

  absl::StatusOr<Command> Parse(int argc, const char* const* argv) {
    if (argc <= 1) return Command(Information{app_.help()});
    values_.command_line = ShellLine({argv, static_cast<size_t>(argc)});
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return Command(Information{Help()});
    } catch (const CLI::CallForVersion&) {
      return Command(Information{"hubspy " HUBSPY_VERSION "\n"});
    } catch (const CLI::ParseError& error) {
      return absl::InvalidArgumentError(
          absl::StrCat(absl::StrReplaceAll(error.what(), {{"\n", "; "}}),
                       ": see hubspy ", SubcommandName(), "--help"));
    }
    if (top_->parsed()) return Top();
    if (record_->parsed()) return Record();
    if (dump_->parsed()) return Dump();
    if (annotate_->parsed()) return Annotate();
    if (stored_->parsed()) return stored_->Understood();
    return Diagnose();
  }

 private:
  void AddPid(CLI::App* command) {
    command->add_option("-p,--pid", values_.pid, "process to look at")
        ->required()
        ->check(Within(0, INT32_MAX, "a process id is a number above 0"))
        ->option_text("PID");
  }
  CLI::Option* AddProgram(CLI::App* command) {
    return command
        ->add_option("program", values_.program,
                     "or, behind --, a program to start, and its arguments")
        ->excludes(command->get_option("--pid"))
        ->option_text("-- PROGRAM ARGS");
  }
  void AddPidOrProgram(CLI::App* command) {
    AddPid(command);
    command->get_option("--pid")->required(false);
    AddProgram(command);
  }
  CLI::Option* AddPidOrCore(CLI::App* command) {
    AddPid(command);
    CLI::Option* const pid = command->get_option("--pid")->required(false);
    return command
        ->add_option("--core", values_.core,
                     "or the core file of one that has ended")
        ->check([](const std::string& file) {
          return file.empty() ? "a core file has a name" : "";
        })
        ->excludes(pid)
        ->option_text("FILE");
  }
  void AddSampling(CLI::App* command) {
    command->add_option("-r,--rate", values_.rate_hz, "looks a second")
        ->check(Within(0, 1e9, "a rate is above 0, in looks a second"))
        ->option_text("HZ");
    command->add_flag("-i,--idle", values_.include_idle,
                      "threads that sleep in the kernel, too");
    command
        ->add_option("--capture", values_.capture,
                     "besides threads that sleep: those that run, by the "
                     "kernel's sampling (perf), by stopping them (ptrace), not "
                     "at all (asleep), or whichever costs least (any)")
        ->option_text("WAY")
        ->check([](const std::string& way) -> std::string {
          if (Ways().contains(way)) return "";
          return "unknown way \"" + way +
                 "\": use --capture any, asleep, perf or ptrace";
        });
  }
  void AddSubprocesses(CLI::App* command) {
    command->add_flag("-s,--subprocesses", values_.subprocesses,
                      "the processes that it starts, too");
  }
  void AddShortNames(CLI::App* command) {
    command->add_flag("--short-names", values_.short_names,
                      "template arguments as <…>");
  }
  void AddDuration(CLI::App* command, const std::string& help) {
    command->add_option("-d,--duration", values_.duration_s, help)
        ->check(Within(0, 1e9, "a duration is a number of seconds above 0"))
        ->option_text("SECONDS");
  }
  void AddTop() {
    top_ = app_.add_subcommand("top", "live table of functions by time");
    AddPidOrProgram(top_);
    AddSubprocesses(top_);
    AddSampling(top_);
    top_->add_flag("-t,--threads", values_.threads, "a line for each thread");
    top_->add_flag("-g,--green-threads", values_.green,
                   "green threads that do not run, too; with -t, a line each");
    top_->add_option("--thread", values_.only_threads,
                     "only threads of this name or id, or whose whole name "
                     "this regular expression matches")
        ->option_text("NAME");
    top_->add_option("--green", values_.only_greens,
                     "only green threads of this name or id; the same")
        ->option_text("NAME");
    top_->add_option("--sort", values_.sort,
                     "by own, total, owntime or totaltime (the first two: of "
                     "the time since the last table)")
        ->option_text("COLUMN")
        ->check([](const std::string& column) -> std::string {
          if (Sorts().contains(column)) return "";
          return "unknown column \"" + column +
                 "\": use --sort own, total, owntime or totaltime";
        });
    AddShortNames(top_);
    top_->add_option("--delay", values_.delay_s, "between two tables")
        ->check(Within(0, 3600, "a delay is above 0 and at most 3600 seconds"))
        ->option_text("SECONDS");
    top_->add_option("-n", values_.tables, "print N plain tables, then end")
        ->check(Within(0, 1e9, "-n is a number of tables above 0"))
        ->option_text("N");
  }
  void AddRecord() {
    record_ = app_.add_subcommand("record", "record into a file");
    AddPidOrProgram(record_);
    AddSubprocesses(record_);
    AddSampling(record_);
    record_
        ->add_option("-o,--output", values_.output,
                     "file to write; - for "
                     "standard output")
        ->required()
        ->option_text("FILE");
    record_
        ->add_option("-f,--format", values_.format,
                     FormatList() + "; by FILE's ending when absent")
        ->option_text("FORMAT");
    AddDuration(record_, "how long; until Ctrl-C when absent");
    record_->add_flag("-t,--threads", values_.threads, "keep threads apart");
    record_->add_flag("--green", values_.green,
                      "all green threads, by what they do; with -i, those, "
                      "too, that wait all the while");
    AddBy(record_, values_.by);
    record_->add_flag("-F,--function", values_.function,
                      "by a function's first line, not by lines");
    record_->add_flag("--nolineno", values_.no_line, "no line numbers")
        ->excludes("--function");
    AddShortNames(record_);
    record_
        ->add_option("--every", values_.every,
                     "a file for each such time (60s, 5m), numbered: x.1.svg")
        ->check([](const std::string& text) -> std::string {
          const auto every = ParseTime(text);
          if (every && *every >= absl::Seconds(1)) return "";
          return "--every takes a time of at least a second, as in 60s, 5m";
        })
        ->option_text("TIME");
    record_->add_flag("-q,--quiet", values_.quiet,
                      "say what goes wrong, and nothing else");
    record_->footer("SIGUSR1 writes what there is so far, and goes on.");
    record_
        ->add_option("--stalls", values_.stalls,
                     "only turns of a hub's loop that last as long, 100ms or "
                     "1.5s, and where they are spent")
        ->check(StallLimitProblem)
        ->excludes("--rate")
        ->excludes("--green")
        ->excludes("--by")
        ->excludes("--every")
        ->option_text("DURATION");
  }
  void AddDump() {
    dump_ =
        app_.add_subcommand("dump", "every thread's and green thread's stack");
    CLI::Option* const core = AddPidOrCore(dump_);
    AddDuration(dump_,
                "watch green threads so long first: tells for how long each is "
                "busy, ready and waiting");
    core->excludes(dump_->get_option("--duration"));
    dump_->add_flag("--all", values_.all, "equal stacks each by itself");
    dump_->add_flag("-j,--json", values_.json, "as JSON");
    dump_->add_flag("--distinct", values_.distinct, "in it, equal stacks once")
        ->needs("--json");
    AddShortNames(dump_);
  }
  void AddDiagnose() {
    diagnose_ =
        app_.add_subcommand("diagnose", "why the event loop does not move");
    CLI::Option* const core = AddPidOrCore(diagnose_);
    AddProgram(diagnose_)->excludes(core);
    AddDuration(diagnose_, "how long to watch (2)");
    core->excludes(diagnose_->get_option("--duration"));
    diagnose_->add_flag("-j,--json", values_.json, "as JSON");
  }
  void AddAnnotate() {
    annotate_ = app_.add_subcommand(
        "annotate", "the hot instructions of a function, and its loops");
    AddPid(annotate_);
    annotate_
        ->add_option("-F,--function", values_.function_name,
                     "its name, or what tells it from others seen")
        ->required()
        ->check([](const std::string& name) {
          return name.empty() ? "a function has a name" : "";
        })
        ->option_text("FUNCTION");
    AddSampling(annotate_);
    annotate_->get_option("--rate")->description(
        absl::StrCat("looks a second (", kAnnotateRateHz, ")"));
    AddDuration(annotate_, "how long to watch (3)");
    annotate_->add_flag("--all", values_.all,
                        "every instruction of a long function");
  }

  std::string Help() {
    for (CLI::App* command : app_.get_subcommands()) return command->help();
    return app_.help();
  }
  std::string SubcommandName() {
    for (CLI::App* command : app_.get_subcommands()) {
      return command->get_name() + " ";
    }
    return "";
  }

  absl::StatusOr<Command> Top() {
    if (absl::Status status = CheckTarget(); !status.ok()) return status;
    TopOptions options{.pid = values_.pid,
                       .program = values_.program,
                       .subprocesses = values_.subprocesses,
                       .rate_hz = std::min(values_.rate_hz, kMaxRateHz),
                       .asked_rate_hz = values_.rate_hz,
                       .capture = Ways().at(values_.capture),
                       .include_idle = values_.include_idle,
                       .threads = values_.threads,
                       .green = values_.green,
                       .sort = Sorts().at(values_.sort),
                       .short_names = values_.short_names,
                       .delay = absl::Seconds(values_.delay_s)};
    if (values_.tables > 0) options.tables = values_.tables;
    auto threads = ParseNames(values_.only_threads);
    if (!threads.ok()) return threads.status();
    options.only_threads = *std::move(threads);
    auto greens = ParseNames(values_.only_greens);
    if (!greens.ok()) return greens.status();
    options.only_greens = *std::move(greens);
    return Command(options);
  }
  absl::StatusOr<Command> Record() {
    if (absl::Status status = CheckTarget(); !status.ok()) return status;
    RecordOptions options{.pid = values_.pid,
                          .program = values_.program,
                          .subprocesses = values_.subprocesses,
                          .command_line = values_.command_line,
                          .output = values_.output,
                          .rate_hz = std::min(values_.rate_hz, kMaxRateHz),
                          .asked_rate_hz = values_.rate_hz,
                          .capture = Ways().at(values_.capture),
                          .include_idle = values_.include_idle,
                          .threads = values_.threads,
                          .green = values_.green,
                          .by_state = !values_.by.empty(),
                          .quiet = values_.quiet,
                          .stalls = ParseStallLimit(values_.stalls),
                          .naming = {.short_names = values_.short_names}};
    if (values_.duration_s > 0) {
      options.duration = absl::Seconds(values_.duration_s);
    }
    if (!values_.every.empty()) {
      options.every = *ParseTime(values_.every);
      if (values_.output == "-") {
        return absl::InvalidArgumentError(
            "--every writes several files: name them with -o");
      }
    }
    if (values_.function) {
      options.naming.lines = NamingOptions::Lines::kFunction;
    } else if (values_.no_line) {
      options.naming.lines = NamingOptions::Lines::kNoLine;
    }
    const absl::StatusOr<Format> format =
        ChooseFormat(values_.format, values_.output);
    if (!format.ok()) return format.status();
    options.format = *format;
    if (options.format == Format::kHubspy) {
      if (!options.naming.all()) return NamesAreKept();
      // Each green thread is told apart.
      options.threads = true;
    }
    if (options.stalls && ShowsTime(options.format)) return WrongForStalls();
    return Command(options);
  }
  static absl::Status NamesAreKept() {
    return absl::InvalidArgumentError(
        "a .hubspy file has all names and lines: give -F, --nolineno and "
        "--short-names to hubspy report");
  }
  absl::Status CheckTarget() {
    if (values_.pid != 0 || !values_.core.empty() || !values_.program.empty()) {
      return absl::OkStatus();
    }
    std::vector<std::string> ways = {"a process with --pid"};
    const CLI::App& command = *app_.get_subcommands().front();
    if (command.get_option_no_throw("--core") != nullptr) {
      ways.push_back("a core file with --core");
    }
    if (command.get_option_no_throw("program") != nullptr) {
      ways.push_back("a program to start behind --");
    }
    return absl::InvalidArgumentError(
        absl::StrCat("give ", absl::StrJoin(ways, ", or "), ": see hubspy ",
                     SubcommandName(), "--help"));
  }
  absl::StatusOr<Command> Dump() {
    if (absl::Status status = CheckTarget(); !status.ok()) return status;
    DumpOptions options{.pid = values_.pid,
                        .core = values_.core,
                        .command_line = values_.command_line,
                        .all = values_.all,
                        .json = values_.json,
                        .distinct = values_.distinct,
                        .short_names = values_.short_names};
    if (values_.duration_s > 0) {
      options.duration = absl::Seconds(values_.duration_s);
    }
    return Command(options);
  }
  absl::StatusOr<Command> Diagnose() {
    if (absl::Status status = CheckTarget(); !status.ok()) return status;
    DiagnoseOptions options{.pid = values_.pid,
                            .program = values_.program,
                            .core = values_.core,
                            .json = values_.json};
    if (values_.duration_s > 0) {
      options.duration = absl::Seconds(values_.duration_s);
    }
    return Command(options);
  }
  absl::StatusOr<Command> Annotate() {
    AnnotateOptions options{.pid = values_.pid,
                            .function = values_.function_name,
                            .capture = Ways().at(values_.capture),
                            .include_idle = values_.include_idle,
                            .all = values_.all};
    if (annotate_->count("--rate") > 0) options.rate_hz = values_.rate_hz;
    if (values_.duration_s > 0) {
      options.duration = absl::Seconds(values_.duration_s);
    }
    return Command(options);
  }

  Values values_;
  CLI::App app_{"hubspy tells why a process's event loop does not move.",
                "hubspy"};
  std::optional<StoredOptions> stored_;  // report and diff
  CLI::App* top_ = nullptr;
  CLI::App* record_ = nullptr;
  CLI::App* dump_ = nullptr;
  CLI::App* diagnose_ = nullptr;
  CLI::App* annotate_ = nullptr;
};

}  // namespace

absl::StatusOr<Command> ParseCommandLine(int argc, const char* const* argv) {
  return Parser().Parse(argc, argv);
}

}  // namespace hubspy
