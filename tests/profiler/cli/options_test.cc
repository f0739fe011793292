#include "cli/options.h"

#include <string>
#include <vector>

#include "cli/format_names.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Command> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "hubspy");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

std::string Complaint(std::vector<const char*> arguments) {
  const absl::StatusOr<Command> command = Parse(std::move(arguments));
  EXPECT_FALSE(command.ok());
  EXPECT_EQ(command.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(command.status().message());
}

TEST(Options, RecordTakesPySpysLetters) {
  const auto command = Parse({"record", "-p", "12", "-o", "hub.svg", "-d", "5",
                              "-r", "250", "-i", "-t", "-F"});
  ASSERT_TRUE(command.ok()) << command.status();
  const auto& record = std::get<RecordOptions>(*command);
  EXPECT_EQ(record.pid, 12);
  EXPECT_EQ(record.output, "hub.svg");
  EXPECT_EQ(record.format, Format::kFlamegraph);
  EXPECT_EQ(record.duration, absl::Seconds(5));
  EXPECT_EQ(record.rate_hz, 250);
  EXPECT_TRUE(record.include_idle);
  EXPECT_TRUE(record.threads);
  EXPECT_EQ(record.naming.lines, NamingOptions::Lines::kFunction);
}

TEST(Options, TopTakesWhatItsKeysChoose) {
  const auto command =
      Parse({"top", "-p", "1", "--sort", "total", "--delay", "0.5", "-g",
             "--thread", "main", "--thread", "7", "--green", "client.*"});
  ASSERT_TRUE(command.ok()) << command.status();
  const auto& top = std::get<TopOptions>(*command);
  EXPECT_EQ(top.sort, FlatSort::kTotalPercent);
  EXPECT_EQ(top.delay, absl::Milliseconds(500));
  EXPECT_TRUE(top.green);
  ASSERT_EQ(top.only_threads.size(), 2u);
  EXPECT_TRUE(top.only_threads[1].Matches(7, "worker"));
  ASSERT_EQ(top.only_greens.size(), 1u);
  EXPECT_TRUE(top.only_greens[0].Matches(1, "client 3"));
  const auto usual = Parse({"top", "-p", "1"});
  EXPECT_EQ(std::get<TopOptions>(*usual).sort, FlatSort::kOwnTime);
  EXPECT_TRUE(std::get<TopOptions>(*usual).only_threads.empty());
  EXPECT_THAT(Complaint({"top", "-p", "1", "--sort", "name"}),
              HasSubstr("use --sort own, total, owntime or totaltime"));
  EXPECT_THAT(Complaint({"top", "-p", "1", "--thread", "("}),
              HasSubstr("no regular expression"));
}

TEST(Options, TheCommandLineIsKeptAsAShellReadsIt) {
  const auto command = Parse({"record", "-o", "a b.svg", "--", "./it's", ""});
  EXPECT_EQ(std::get<RecordOptions>(*command).command_line,
            "hubspy record -o 'a b.svg' -- './it'\\''s' ''");
}

TEST(Options, TheFormatIsGuessedFromTheWholeEnding) {
  EXPECT_EQ(FormatOfFile("a.speedscope.json"), Format::kSpeedscope);
  EXPECT_EQ(FormatOfFile("a.trace.json"), Format::kChromeTrace);
  EXPECT_EQ(FormatOfFile("a.pb.gz"), Format::kPprof);
  EXPECT_EQ(FormatOfFile("a.firefox.json"), Format::kFirefox);
  EXPECT_EQ(FormatOfFile("a.html"), Format::kHtml);
  EXPECT_EQ(FormatOfFile("a.json"), std::nullopt);
}

TEST(Options, ByStateIsTheOnlyWayToSplit) {
  const auto command =
      Parse({"record", "-p", "1", "-o", "x.svg", "--by", "state"});
  EXPECT_TRUE(std::get<RecordOptions>(*command).by_state);
  EXPECT_FALSE(
      std::get<RecordOptions>(*Parse({"record", "-p", "1", "-o", "x.svg"}))
          .by_state);
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x.svg", "--by", "thread"}),
              HasSubstr("use --by state"));
}

TEST(Options, AStoredRecordingHasEverythingForLater) {
  EXPECT_EQ(FormatOfFile("a.hubspy"), Format::kHubspy);
  const auto command =
      Parse({"record", "-p", "1", "-o", "x.hubspy", "--green"});
  EXPECT_TRUE(std::get<RecordOptions>(*command).threads);
  for (const char* const letter : {"-F", "--nolineno", "--short-names"}) {
    EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x.hubspy", letter}),
                HasSubstr("to hubspy report"));
  }
}

TEST(Options, ReportTakesTheFormatsOfRecord) {
  const auto table = Parse({"report", "x.hubspy"});
  ASSERT_TRUE(table.ok()) << table.status();
  const auto& options = std::get<ReportOptions>(*table);
  EXPECT_EQ(options.file, "x.hubspy");
  EXPECT_EQ(options.output, "-");
  EXPECT_EQ(options.render.format, Format::kFlat);
  EXPECT_TRUE(options.selection.all());
  EXPECT_TRUE(options.naming.all());
  const auto graph = Parse(
      {"report", "x.hubspy", "-o", "x.svg", "-i", "-t", "-F", "--short-names"});
  const auto& as_graph = std::get<ReportOptions>(*graph);
  EXPECT_EQ(as_graph.render.format, Format::kFlamegraph);
  EXPECT_TRUE(as_graph.render.include_idle);
  EXPECT_TRUE(as_graph.render.threads);
  EXPECT_EQ(as_graph.naming.lines, NamingOptions::Lines::kFunction);
  EXPECT_TRUE(as_graph.naming.short_names);
  EXPECT_THAT(Complaint({"report"}), HasSubstr("file is required"));
  EXPECT_THAT(Complaint({"report", "x.hubspy", "-o", "x.y"}),
              HasSubstr("cannot tell the format"));
}

TEST(Options, ReportTakesAPart) {
  const auto command =
      Parse({"report", "x.hubspy", "--since", "10s", "--until", "1m30s",
             "--thread", "hub", "--thread", "worker.*", "--green", "3",
             "--state", "running", "--focus", "Handle", "--hide", "^std::"});
  ASSERT_TRUE(command.ok()) << command.status();
  const Selection& part = std::get<ReportOptions>(*command).selection;
  EXPECT_EQ(part.since_ns, 10'000'000'000);
  EXPECT_EQ(part.until_ns, 90'000'000'000);
  EXPECT_EQ(part.threads.size(), 2u);
  EXPECT_EQ(part.greens.size(), 1u);
  EXPECT_EQ(part.states, std::vector<std::string>{"running"});
  EXPECT_EQ(part.focus->text(), "Handle");
  EXPECT_EQ(part.hide->text(), "^std::");
  EXPECT_THAT(Complaint({"report", "x", "--since", "soon"}),
              HasSubstr("--since takes a time"));
  EXPECT_THAT(Complaint({"report", "x", "--since", "9", "--until", "8s"}),
              HasSubstr("--until has to be after --since"));
  EXPECT_THAT(Complaint({"report", "x", "--focus", "a("}),
              HasSubstr("no regular expression"));
}

TEST(Options, DiffTakesTwoRecordings) {
  const auto command = Parse({"diff", "a.hubspy", "b.hubspy", "-o", "d.svg"});
  ASSERT_TRUE(command.ok()) << command.status();
  const auto& diff = std::get<DiffCommandOptions>(*command);
  EXPECT_EQ(diff.before, "a.hubspy");
  EXPECT_EQ(diff.after, "b.hubspy");
  EXPECT_EQ(diff.format, Format::kFlamegraph);
  EXPECT_THAT(Complaint({"diff", "a.hubspy"}), HasSubstr("after is required"));
  EXPECT_THAT(Complaint({"diff", "a", "b", "-f", "raw"}),
              HasSubstr("flat or flamegraph"));
}

TEST(Options, EveryNumbersTheFiles) {
  const auto command =
      Parse({"record", "-p", "1", "-o", "x.svg", "--every", "1m30s"});
  EXPECT_EQ(std::get<RecordOptions>(*command).every, absl::Seconds(90));
  const auto in_seconds =
      Parse({"record", "-p", "1", "-o", "x.svg", "--every", "60"});
  EXPECT_EQ(std::get<RecordOptions>(*in_seconds).every, absl::Minutes(1));
  EXPECT_EQ(NumberedFile("a/hub.svg", 1), "a/hub.1.svg");
  EXPECT_EQ(NumberedFile("hub.pb.gz", 12), "hub.12.pb.gz");
  EXPECT_EQ(NumberedFile("hub.x", 1), "hub.1.x");
  EXPECT_EQ(NumberedFile("a.b/hub", 1), "a.b/hub.1");
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "-", "--every", "60s"}),
              HasSubstr("name them with -o"));
  for (const char* const wrong : {"0.5", "0s", "-1s", "soon"}) {
    EXPECT_THAT(
        Complaint({"record", "-p", "1", "-o", "x.svg", "--every", wrong}),
        HasSubstr("--every takes a time"));
  }
}

TEST(Options, CaptureSaysHowThreadsThatRunAreLookedAt) {
  const auto any = Parse({"record", "-p", "1", "-o", "-"});
  EXPECT_EQ(std::get<RecordOptions>(*any).capture, CaptureWays::kAny);
  const auto perf =
      Parse({"record", "-p", "1", "-o", "-", "--capture", "perf"});
  EXPECT_EQ(std::get<RecordOptions>(*perf).capture, CaptureWays::kPerf);
  const auto asleep = Parse({"top", "-p", "1", "--capture", "asleep"});
  EXPECT_EQ(std::get<TopOptions>(*asleep).capture, CaptureWays::kAsleep);
  EXPECT_THAT(Complaint({"top", "-p", "1", "--capture", "magic"}),
              HasSubstr("use --capture any, asleep, perf or ptrace"));
}

TEST(Options, NamesAreLongUnlessShortOnesAreAskedFor) {
  const char* const kCommands[] = {"record", "top", "dump"};
  for (const char* const name : kCommands) {
    std::vector<const char*> line = {name, "-p", "12"};
    if (line[0] == kCommands[0]) line.insert(line.end(), {"-o", "x.svg"});
    const auto short_names = [](const absl::StatusOr<Command>& command) {
      return std::visit(
          [](const auto& options) {
            if constexpr (requires { options.short_names; }) {
              return options.short_names;
            } else if constexpr (requires { options.naming; }) {
              return options.naming.short_names;
            } else {
              return false;
            }
          },
          *command);
    };
    EXPECT_FALSE(short_names(Parse(line))) << name;
    line.push_back("--short-names");
    EXPECT_TRUE(short_names(Parse(line))) << name;
  }
}

TEST(Options, ARecordingWithoutADurationGoesOnUntilStopped) {
  const auto command = Parse({"record", "-p", "12", "-o", "x.txt"});
  EXPECT_EQ(std::get<RecordOptions>(*command).duration,
            absl::InfiniteDuration());
}

TEST(Options, TheFormatIsGuessedFromTheFilesName) {
  EXPECT_EQ(FormatOfFile("a.svg"), Format::kFlamegraph);
  EXPECT_EQ(FormatOfFile("a.txt"), Format::kFlat);
  EXPECT_EQ(FormatOfFile("dir.svg/a.folded"), Format::kRaw);
  EXPECT_EQ(FormatOfFile("svg"), std::nullopt);
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x.bin"}),
              HasSubstr("add -f"));
  const auto forced = Parse({"record", "-p", "1", "-o", "x.svg", "-f", "raw"});
  EXPECT_EQ(std::get<RecordOptions>(*forced).format, Format::kRaw);
  const auto standard_output = Parse({"record", "-p", "1", "-o", "-"});
  EXPECT_EQ(std::get<RecordOptions>(*standard_output).format, Format::kFlat);
}

TEST(Options, ARateAboveTheMostIsLoweredAndRemembered) {
  const auto top = Parse({"top", "-p", "1", "-r", "50000"});
  ASSERT_TRUE(top.ok()) << top.status();
  EXPECT_EQ(std::get<TopOptions>(*top).rate_hz, kMaxRateHz);
  EXPECT_EQ(std::get<TopOptions>(*top).asked_rate_hz, 50'000);
  const auto record =
      Parse({"record", "-p", "1", "-o", "x.svg", "-r", "50000"});
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(std::get<RecordOptions>(*record).rate_hz, kMaxRateHz);
  EXPECT_EQ(std::get<RecordOptions>(*record).asked_rate_hz, 50'000);
}

TEST(Options, AWrongLineGivesOneLineThatSaysWhatToDo) {
  const auto one_line = Not(HasSubstr("\n"));
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x", "-f", "gif"}),
              AllOf(HasSubstr("raw (.folded, .raw), speedscope"), one_line));
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x.svg", "-r", "0"}),
              AllOf(HasSubstr("a rate is above 0"), one_line));
  EXPECT_THAT(Complaint({"top", "-p", "1", "-r", "nan"}),
              AllOf(HasSubstr("a rate is above 0"), one_line));
  EXPECT_THAT(Complaint({"top", "-p", "-4"}),
              AllOf(HasSubstr("a process id is"), one_line));
  EXPECT_THAT(Complaint({"dump"}), AllOf(HasSubstr("--pid"), one_line));
  EXPECT_THAT(Complaint({"record", "-p", "1"}),
              AllOf(HasSubstr("--output"), one_line));
  EXPECT_THAT(Complaint({"diagnose", "-p", "1", "-d", "-2"}),
              AllOf(HasSubstr("a duration is"), one_line));
  EXPECT_THAT(Complaint({"frobnicate"}), one_line);
  EXPECT_THAT(Complaint({"top", "-p", "1", "--frobnicate"}), one_line);
}

TEST(Options, StallsTakesADurationOrSeconds) {
  const auto limit = [](const char* text) {
    const auto command =
        Parse({"record", "-p", "1", "-o", "x.svg", "--stalls", text});
    return command.ok() ? std::get<RecordOptions>(*command).stalls
                        : std::nullopt;
  };
  EXPECT_EQ(limit("100ms"), absl::Milliseconds(100));
  EXPECT_EQ(limit("1.5s"), absl::Seconds(1.5));
  EXPECT_EQ(limit("0.25"), absl::Milliseconds(250));
  EXPECT_EQ(limit("24h"), absl::Hours(24));
  const auto without = Parse({"record", "-p", "1", "-o", "x.svg"});
  EXPECT_EQ(std::get<RecordOptions>(*without).stalls, std::nullopt);
  const auto one_line = Not(HasSubstr("\n"));
  for (const char* const wrong :
       {"0", "-1s", "999us", "soon", "inf", "nan", "100 parsecs", "25h", ""}) {
    EXPECT_THAT(
        Complaint({"record", "-p", "1", "-o", "x.svg", "--stalls", wrong}),
        AllOf(HasSubstr("a stall lasts for 1ms to 24h"), one_line))
        << wrong;
  }
  EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x", "-f", "speedscope",
                         "--stalls", "1s"}),
              AllOf(HasSubstr("flat, flamegraph, raw, pprof or "
                              "hubspy"),
                    one_line));
  // How often is for the limit to say, and who is to blame for the report.
  for (const char* const other : {"--rate=50", "--green"}) {
    EXPECT_THAT(Complaint({"record", "-p", "1", "-o", "x.svg", "--stalls", "1s",
                           other}),
                AllOf(HasSubstr("excludes"), one_line));
  }
}

TEST(Options, AnnotateTakesAFunctionAndLooksOftenForAFewSeconds) {
  const auto plain = Parse({"annotate", "-p", "12", "-F", "Hub::Run"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  const auto& defaults = std::get<AnnotateOptions>(*plain);
  EXPECT_EQ(defaults.pid, 12);
  EXPECT_EQ(defaults.function, "Hub::Run");
  EXPECT_EQ(defaults.duration, absl::Seconds(3));
  EXPECT_EQ(defaults.rate_hz, 1000);
  EXPECT_EQ(defaults.capture, CaptureWays::kAny);
  EXPECT_FALSE(defaults.include_idle);
  EXPECT_FALSE(defaults.all);
  const auto command =
      Parse({"annotate", "-p", "12", "-F", "f", "-i", "-d", "0.5", "-r", "100",
             "--all", "--capture", "perf"});
  ASSERT_TRUE(command.ok()) << command.status();
  const auto& annotate = std::get<AnnotateOptions>(*command);
  EXPECT_EQ(annotate.duration, absl::Seconds(0.5));
  EXPECT_EQ(annotate.rate_hz, 100);
  EXPECT_EQ(annotate.capture, CaptureWays::kPerf);
  EXPECT_TRUE(annotate.include_idle);
  EXPECT_TRUE(annotate.all);
  EXPECT_THAT(Complaint({"annotate", "-p", "12"}), HasSubstr("--function"));
  EXPECT_THAT(Complaint({"annotate", "-p", "12", "-F", ""}),
              HasSubstr("a function has a name"));
}

TEST(Options, DumpAndDiagnoseTakeAProcessOrACore) {
  const auto dump = Parse({"dump", "--core", "core.7", "--json"});
  ASSERT_TRUE(dump.ok()) << dump.status();
  EXPECT_EQ(std::get<DumpOptions>(*dump).core, "core.7");
  EXPECT_EQ(std::get<DumpOptions>(*dump).pid, 0);
  EXPECT_TRUE(std::get<DumpOptions>(*dump).json);
  EXPECT_FALSE(std::get<DumpOptions>(*dump).all);
  EXPECT_FALSE(std::get<DumpOptions>(*dump).duration);
  const auto diagnose = Parse({"diagnose", "--core", "core.7"});
  ASSERT_TRUE(diagnose.ok()) << diagnose.status();
  EXPECT_EQ(std::get<DiagnoseOptions>(*diagnose).core, "core.7");
  const auto one_line = Not(HasSubstr("\n"));
  for (const char* command : {"dump", "diagnose"}) {
    EXPECT_THAT(
        Complaint({command}),
        AllOf(HasSubstr("a process with --pid, or a core file with --core"),
              one_line));
    EXPECT_THAT(Complaint({command, "-p", "1", "--core", "x"}),
                AllOf(HasSubstr("excludes"), one_line));
    EXPECT_THAT(Complaint({command, "--core", ""}), one_line);
  }
  // There is nothing to watch.
  EXPECT_THAT(Complaint({"diagnose", "--core", "x", "-d", "3"}),
              AllOf(HasSubstr("excludes"), one_line));
  EXPECT_THAT(Complaint({"top", "--core", "x"}), one_line);
}

TEST(Options, DumpMayWatchFirstAndShowAll) {
  const auto dump = Parse({"dump", "-p", "7", "-d", "1.5", "--all"});
  ASSERT_TRUE(dump.ok()) << dump.status();
  EXPECT_EQ(std::get<DumpOptions>(*dump).duration, absl::Seconds(1.5));
  EXPECT_TRUE(std::get<DumpOptions>(*dump).all);
  EXPECT_FALSE(Parse({"dump", "--core", "core.7", "-d", "1"}).ok());
}

TEST(Options, HelpAndVersionAreInformation) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{}, {"--help"}, {"-h"}}) {
    const auto command = Parse(arguments);
    ASSERT_TRUE(command.ok()) << command.status();
    EXPECT_THAT(std::get<Information>(*command).text, HasSubstr("diagnose"));
  }
  EXPECT_THAT(std::get<Information>(*Parse({"--version"})).text,
              HasSubstr("hubspy 0"));
  EXPECT_THAT(std::get<Information>(*Parse({"record", "--help"})).text,
              HasSubstr("--output"));
}

}  // namespace
}  // namespace hubspy
