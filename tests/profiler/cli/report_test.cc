// Recordings as files, without a process to record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "cli/commands.h"
#include "cli/format_names.h"
#include "cli/parse_time.h"
#include "cli/render.h"
#include "profiler/store/recordings.h"
#include "store/store.h"
#include "view/diff.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string InTempDir(const std::string& name, const std::string& bytes) {
  std::string file = testing::TempDir() + name;
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

TEST(Report, IsWhatRecordWouldHaveWritten) {
  const Profile profile = RecordingOfEverything();
  const std::string file =
      InTempDir("report_test.hubspy", StoreProfile(profile));
  for (const char* const name :
       {"flamegraph", "flat", "raw", "speedscope", "chrometrace", "pprof",
        "firefox", "html", "hubspy"}) {
    for (const bool yes : {false, true}) {
      const RenderOptions render = {
          .format = *FormatNamed(name), .include_idle = yes, .threads = yes};
      const std::string output = testing::TempDir() + "report_test.out";
      const auto run =
          RunReport({.file = file, .output = output, .render = render});
      ASSERT_TRUE(run.ok()) << run.status();
      EXPECT_TRUE(Contents(output) == Render(profile, render)) << name;
    }
  }
}

TEST(Report, OfStallsToo) {
  const Profile profile = RecordingOfStalls();
  const std::string file =
      InTempDir("report_test.stalls.hubspy", StoreProfile(profile));
  const std::string output = testing::TempDir() + "report_test.stalls.txt";
  ASSERT_TRUE(
      RunReport(
          {.file = file, .output = output, .render = {.include_idle = true}})
          .ok());
  EXPECT_THAT(Contents(output), HasSubstr("2 stalls of 100 ms or more"));
  const auto in_time = RunReport({.file = file,
                                  .output = output,
                                  .render = {.format = Format::kSpeedscope}});
  EXPECT_THAT(std::string(in_time.status().message()),
              HasSubstr("stalls are written as"));
}

TEST(Report, RefusesInOneLineWithTheFilesName) {
  const auto complaint = [](const std::string& file) {
    return std::string(
        RunReport({.file = file, .output = "-"}).status().message());
  };
  EXPECT_THAT(complaint("/nowhere/x.hubspy"),
              AllOf(HasSubstr("cannot read /nowhere/x.hubspy"),
                    HasSubstr("No such file"), Not(HasSubstr("\n"))));
  EXPECT_THAT(complaint(testing::TempDir()), HasSubstr("cannot read"));
  const std::string text = InTempDir("report_test.svg", "<svg/>");
  EXPECT_EQ(complaint(text), text + " is no recording of hubspy's");
  const std::string whole = StoreProfile(RecordingOfEverything());
  const std::string half =
      InTempDir("report_test.half.hubspy", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(complaint(half), half + " is damaged, or not all there");
  const std::string file = InTempDir("report_test.whole.hubspy", whole);
  Selection selection;
  selection.threads = {*NamePattern::Parse("nobody")};
  EXPECT_EQ(std::string(
                RunReport({.file = file, .output = "-", .selection = selection})
                    .status()
                    .message()),
            file + ": no thread nobody: there are hub, worker \"8\"");
}

TEST(Diff, IsWrittenAsATableAndAsAGraph) {
  const std::string before = InTempDir("diff_test.before.hubspy",
                                       StoreProfile(RecordingOfEverything()));
  Profile later = RecordingOfEverything();
  later.samples[1].count += 10;
  const std::string after =
      InTempDir("diff_test.after.hubspy", StoreProfile(later));
  const std::string table = testing::TempDir() + "diff_test.txt";
  ASSERT_TRUE(
      RunDiff({.before = before, .after = after, .output = table}).ok());
  EXPECT_THAT(Contents(table), HasSubstr("Half (seed.cc) [inlined]\n"));
  const std::string graph = testing::TempDir() + "diff_test.svg";
  ASSERT_TRUE(RunDiff({.before = before,
                       .after = after,
                       .output = graph,
                       .format = Format::kFlamegraph})
                  .ok());
  EXPECT_THAT(Contents(graph), HasSubstr("hubspy diff: "));
  const std::string stalls =
      InTempDir("diff_test.stalls.hubspy", StoreProfile(RecordingOfStalls()));
  EXPECT_THAT(
      std::string(RunDiff({.before = before, .after = stalls, .output = "-"})
                      .status()
                      .message()),
      HasSubstr("cannot be compared"));
}

TEST(ParseTime, TakesUnitsOrSeconds) {
  EXPECT_EQ(ParseTime("10s"), absl::Seconds(10));
  EXPECT_EQ(ParseTime("1m30s"), absl::Seconds(90));
  EXPECT_EQ(ParseTime("60"), absl::Seconds(60));
  EXPECT_EQ(ParseTime("0.25"), absl::Milliseconds(250));
  EXPECT_EQ(ParseTime("0"), absl::ZeroDuration());
  for (const char* const wrong :
       {"", "soon", "-1s", "-1", "inf", "nan", "1e300", "10 s"}) {
    EXPECT_EQ(ParseTime(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace hubspy
