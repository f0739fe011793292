// A recording as a file: shown after its process is gone, and compared.

#include <signal.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kSomeLooks = 50;

// Until it was looked at often enough; then the process ends.
std::string Recorded(const std::string& name,
                     const std::vector<std::string>& program,
                     std::vector<std::string> options) {
  const std::string file = testing::TempDir() + name;
  Child child = Child::Exec(program);
  EXPECT_EQ(child.ReadLine(), "ready");
  options.insert(options.begin(), "record");
  for (const std::string& argument :
       {std::string("-o"), file, std::string("-p"),
        std::to_string(child.pid())}) {
    options.push_back(argument);
  }
  Child hubspy = StartHubspy(options);
  EXPECT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  AwaitSleeps(hubspy.pid(), kSomeLooks);
  kill(hubspy.pid(), SIGINT);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr(" written to " + file));
  EXPECT_EQ(hubspy.Wait(), 0);
  return file;
}

std::string Report(const std::string& file, std::vector<std::string> options) {
  options.insert(options.begin(), {"report", file});
  const ToolRun run = RunHubspy(options);
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.out;
}

int64_t SamplesIn(const std::string& folded) {
  int64_t samples = 0;
  for (const absl::string_view line : absl::StrSplit(folded, '\n')) {
    if (line.empty()) continue;
    samples += std::stoll(std::string(line.substr(line.rfind(' '))));
  }
  return samples;
}

TEST(Report, ShowsInEveryFormatWhatWasRecorded) {
  const std::string file = Recorded("idle.hubspy", {IDLE_LOOP}, {});
  // Asleep all the time: kept all the same.
  EXPECT_THAT(Report(file, {}), HasSubstr("add -i"));
  const std::string table = Report(file, {"-i"});
  EXPECT_THAT(table, AllOf(HasSubstr("main (idle_loop.cc:"),
                           HasSubstr("# command: "), HasSubstr(file)));
  EXPECT_THAT(Report(file, {"-i", "--nolineno"}),
              AllOf(HasSubstr("main (idle_loop.cc)"), Not(HasSubstr(".cc:"))));
  const int64_t samples = SamplesIn(Report(file, {"-i", "-f", "raw"}));
  EXPECT_GT(samples, 0);
  EXPECT_THAT(table, HasSubstr(absl::StrCat(samples, " samples of 1 thread")));
  for (const auto& [format, what] :
       std::vector<std::pair<std::string, std::string>>{
           {"flamegraph", "<svg"},
           {"speedscope", "speedscope.app/file-format-schema"},
           {"chrometrace", "traceEvents"},
           {"firefox", "preprocessedProfileVersion"},
           {"pprof", "\x1f\x8b"}}) {
    EXPECT_THAT(Report(file, {"-i", "-f", format}), HasSubstr(what)) << format;
  }
}

TEST(Report, ShowsAPartOfIt) {
  const std::string file = Recorded("parts.hubspy", {IDLE_LOOP}, {});
  const auto samples = [&](std::vector<std::string> options) {
    options.insert(options.end(), {"-i", "-f", "raw"});
    return SamplesIn(Report(file, options));
  };
  const int64_t all = samples({});
  EXPECT_EQ(samples({"--since", "0.2"}) + samples({"--until", "200ms"}), all);
  EXPECT_EQ(samples({"--thread", "idle_.*"}), all);
  EXPECT_EQ(samples({"--state", "sleeping"}), all);
  EXPECT_EQ(samples({"--focus", "^main$"}), all);
  EXPECT_THAT(Report(file, {"-i", "--hide", "^main$"}),
              Not(HasSubstr("main (idle_loop.cc")));
  const ToolRun run = RunHubspy({"report", file, "--thread", "nobody"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("no thread nobody: there are idle_loop"));
}

TEST(Report, HasEachGreenThread) {
  const std::string file = Recorded("greens.hubspy", {SWITCHING}, {"--green"});
  const std::string all = Report(file, {"-i", "-t", "-f", "raw"});
  EXPECT_THAT(all, HasSubstr("green thread ("));
  const ToolRun none = RunHubspy({"report", file, "--green", "nobody"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_THAT(none.err, HasSubstr("no green thread nobody: there are "));
}

TEST(Diff, TellsTwoProgramsApart) {
  const std::string before = Recorded("before.hubspy", {IDLE_LOOP}, {});
  const std::string after = Recorded("after.hubspy", {SWITCHING}, {});
  const ToolRun table = RunHubspy({"diff", before, after, "-i"});
  EXPECT_EQ(table.exit_status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("gone"), HasSubstr("new"),
                               HasSubstr("main (idle_loop.cc)"),
                               HasSubstr("main (switching.cc)")));
  const ToolRun same = RunHubspy({"diff", before, before, "-i"});
  EXPECT_THAT(same.out, AllOf(HasSubstr(" more did not change\n"),
                              Not(HasSubstr("gone"))));
  const std::string graph = testing::TempDir() + "diff.svg";
  EXPECT_EQ(RunHubspy({"diff", before, after, "-i", "-o", graph}).exit_status,
            0);
  EXPECT_THAT(FileText(graph), HasSubstr("stacks that are gone"));
}

}  // namespace
}  // namespace hubspy
