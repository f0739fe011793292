// One profile in all formats: what each says of it is the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "profiler/view/profiles.h"
#include "profiler/view/read_formats.h"
#include "view/chrometrace.h"
#include "view/facts.h"
#include "view/firefox.h"
#include "view/flamegraph.h"
#include "view/flat.h"
#include "view/fold.h"
#include "view/html.h"
#include "view/lanes.h"
#include "view/pprof.h"
#include "view/raw.h"
#include "view/speedscope.h"
#include "view/text.h"

namespace hubspy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class Formats : public testing::TestWithParam<bool> {
 protected:
  // What the table says: own and total seconds of each function.
  Totals FromTable() const {
    Totals totals;
    for (const FlatRow& row :
         FlatRows(profile_, profile_, {.include_idle = GetParam()})) {
      Totals one;
      AddStack(one, {row.label}, 0);
      Counts& counts = totals[one.begin()->first];
      counts.own += std::llround(row.own_seconds * profile_.rate_hz);
      counts.total += std::llround(row.total_seconds * profile_.rate_hz);
    }
    return totals;
  }
  int64_t Samples() const {
    int64_t samples = 0;
    for (const auto& [name, counts] : FromTable()) samples += counts.own;
    return samples;
  }

  const Profile profile_ = ProfileOfAllKinds();
};

TEST_P(Formats, TotalsAgree) {
  const bool idle = GetParam();
  EXPECT_EQ(Samples(), idle ? 124 : 34);
  const Totals table = FromTable();
  EXPECT_EQ(ReadRaw(RenderRaw(profile_, {.include_idle = idle})), table);
  EXPECT_EQ(ReadSpeedscope(RenderSpeedscope(profile_, {.include_idle = idle}),
                           profile_.rate_hz),
            table);
  EXPECT_EQ(
      ReadChromeTrace(RenderChromeTrace(profile_, {.include_idle = idle})),
      table);
  EXPECT_EQ(ReadFirefox(RenderFirefox(profile_, {.include_idle = idle})),
            table);
  EXPECT_EQ(ReadHtml(RenderHtml(profile_, {.include_idle = idle})), table);
}

TEST_P(Formats, TotalsOfAFlameGraphAgree) {
  Totals table;
  for (const auto& [name, counts] : FromTable()) table[XmlText(name)] = counts;
  EXPECT_EQ(
      ReadFlamegraph(RenderFlamegraph(profile_, {.include_idle = GetParam()})),
      table);
}

TEST_P(Formats, TotalsByStateAgree) {
  const bool idle = GetParam();
  Totals table;
  for (const FlatRow& row :
       FlatRows(profile_, profile_, {.include_idle = idle, .by_state = true})) {
    AddStack(table, {row.label}, std::llround(row.total_seconds * 100));
  }
  EXPECT_EQ(table["[runnable]"].total, 5);
  EXPECT_EQ(table["[running]"].total, 29);
  EXPECT_EQ(table["[waiting: fd]"].total, idle ? 30 : 0);
  EXPECT_EQ(table["[sleeping: epoll_wait]"].total, idle ? 60 : 0);
  const Totals raw =
      ReadRaw(RenderRaw(profile_, {.include_idle = idle, .by_state = true}));
  EXPECT_EQ(raw.at("[runnable]").total, 5);
  EXPECT_EQ(raw.at("[running]").total, 29);
  EXPECT_EQ(ReadSpeedscope(RenderSpeedscope(profile_, {.include_idle = idle,
                                                       .by_state = true}),
                           profile_.rate_hz),
            raw);
  EXPECT_EQ(ReadChromeTrace(RenderChromeTrace(
                profile_, {.include_idle = idle, .by_state = true})),
            raw);
  EXPECT_EQ(ReadFirefox(RenderFirefox(
                profile_, {.include_idle = idle, .by_state = true})),
            raw);
  Totals graph;
  for (const auto& [name, counts] : raw) graph[XmlText(name)] = counts;
  EXPECT_EQ(ReadFlamegraph(RenderFlamegraph(
                profile_, {.include_idle = idle, .by_state = true})),
            graph);
}

// pprof has what a green thread was doing as a label, not as a frame.
TEST_P(Formats, TotalsOfPprofAgree) {
  Totals table = FromTable();
  table.erase("[waiting: fd]");
  table.erase("[running]");
  const PprofFile file =
      ReadPprof(RenderPprof(profile_, {.include_idle = GetParam()}));
  EXPECT_EQ(file.totals, table);
  EXPECT_EQ(file.nanoseconds, Samples() * 10'000'000);
}

INSTANTIATE_TEST_SUITE_P(Idle, Formats, testing::Bool());

TEST(Pprof, HasLabelsBuildIdsInlinedFramesAndFacts) {
  const Profile profile = ProfileOfAllKinds();
  const PprofFile file =
      ReadPprof(RenderPprof(profile, {.include_idle = true}));
  EXPECT_THAT(file.labels,
              Contains(Pair("thread: thread (8): worker \"8\"", 8)));
  EXPECT_THAT(file.labels, Contains(Pair("tid: 7", 116)));
  EXPECT_THAT(file.labels,
              Contains(Pair("green_thread: green thread (3): client", 36)));
  EXPECT_THAT(file.labels, Contains(Pair("green_id: 3", 36)));
  EXPECT_THAT(file.labels, Contains(Pair("state: waiting: fd", 30)));
  EXPECT_THAT(file.labels, Contains(Pair("state: sleeping: epoll_wait", 60)));
  EXPECT_THAT(file.labels, Contains(Pair("state: runnable", 5)));
  EXPECT_THAT(
      file.build_ids,
      Contains(Pair("/opt/seed", "0123456789abcdef0123456789abcdef01234567")));
  EXPECT_EQ(file.most_lines, 2u);
  EXPECT_THAT(file.comments, Contains("command: hubspy record -o x"));
}

TEST(ChromeTrace, CountsWhatHubsDid) {
  const std::string text = RenderChromeTrace(ProfileOfAllKinds(), {});
  EXPECT_THAT(
      text,
      HasSubstr(
          "{\"ph\":\"C\",\"name\":\"hub 7: a second\",\"pid\":7,\"tid\":7,"
          "\"ts\":0.000,\"args\":{\"iterations\":1000,"
          "\"timers fired\":100,\"switches\":2000}}"));
  EXPECT_THAT(text, HasSubstr("\"ts\":500000.000,\"args\":{\"ready\":2,"
                              "\"timers\":4}}"));
}

// One that began before the recording is shown from then on.
TEST(ChromeTrace, ShowsLongTurns) {
  const std::string text = RenderChromeTrace(ProfileOfAllKinds(), {});
  const std::string head = "\"cat\":\"long turn\",\"name\":\"long turn: ";
  const std::string first =
      head + "green thread 3 (\\\"client\\\")\",\"id\":1,\"pid\":7,\"tid\":7,";
  EXPECT_THAT(text, HasSubstr("{\"ph\":\"b\"," + first + "\"ts\":0.000}"));
  EXPECT_THAT(text, HasSubstr("{\"ph\":\"e\"," + first + "\"ts\":100000.000}"));
  EXPECT_THAT(text, HasSubstr(head + "not known who\",\"id\":2,"));
}

TEST(Firefox, MarksLongTurnsAtTheHubsThread) {
  const std::string text = RenderFirefox(ProfileOfAllKinds(), {});
  EXPECT_THAT(
      text,
      HasSubstr("\"markers\":{\"length\":2,\"data\":[{\"type\":\"LongTurn\","
                "\"who\":\"green thread 3 (\\\"client\\\")\"},{\"type\":"
                "\"LongTurn\",\"who\":\"not known who\"}]"));
  EXPECT_THAT(text, HasSubstr("\"startTime\":[0.000,300.000],\"endTime\":"
                              "[100.000,450.000],\"phase\":[1,1]"));
  EXPECT_THAT(text, HasSubstr("\"markers\":{\"length\":0,"));
}

TEST(Formats, HoldTheFacts) {
  const Profile profile = ProfileOfAllKinds();
  const std::string formats[] = {RenderSpeedscope(profile, {}),
                                 RenderChromeTrace(profile, {}),
                                 RenderFirefox(profile, {})};
  for (const std::string& text : formats) {
    for (const auto& [name, value] : Facts(profile)) {
      EXPECT_THAT(text, HasSubstr(JsonText(name)));
      EXPECT_THAT(text, HasSubstr(JsonText(value)));
    }
    EXPECT_THAT(text, HasSubstr("without a time: behind the others of the "
                                "thread; there was room for the times of "
                                "0.56 s"));
  }
}

TEST(Formats, AreWholeEvenWithoutSamples) {
  EXPECT_EQ(ReadSpeedscope(RenderSpeedscope(Profile(), {}), 100), Totals());
  EXPECT_EQ(ReadChromeTrace(RenderChromeTrace(Profile(), {})), Totals());
  EXPECT_EQ(ReadFirefox(RenderFirefox(Profile(), {})), Totals());
  EXPECT_EQ(ReadHtml(RenderHtml(Profile(), {})), Totals());
  EXPECT_EQ(ReadPprof(RenderPprof(Profile(), {})).totals, Totals());
}

TEST(Html, HoldsTheFactsAndTheTimesThatAreKnown) {
  const Profile profile = ProfileOfAllKinds();
  const std::string html = RenderHtml(profile, {});
  for (const auto& [name, value] : Facts(profile)) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("[", JsonText(name), ",",
                                             JsonText(value), "]")));
  }
  EXPECT_EQ(TimedSamplesOfHtml(html), 20 + 9 + 10 + 4 + 30 + 3);
}

TEST(Html, NamesEndNeitherTheDataNorTheTitle) {
  Profile profile = ProfileOfAllKinds();
  profile.threads[0].name = "<!--<script>";
  const std::string html =
      RenderHtml(profile, {.title = "</title><script>1</script>"});
  EXPECT_THAT(html, HasSubstr("<title>&lt;/title&gt;"));
  EXPECT_THAT(html, HasSubstr("a\\\"b\\\\c\\u003c/script>"));
  EXPECT_THAT(html, Not(HasSubstr("<!--")));
  size_t scripts = 0;
  for (size_t at = 0; (at = html.find("</script", at)) != html.npos; ++at) {
    ++scripts;
  }
  EXPECT_EQ(scripts, 2u);  // the data, and what reads it
}

// The counts are the target's: they may be anything.
TEST(Html, OfAHubThatCountsBackwardsNothingIsCounted) {
  Profile profile = ProfileOfAllKinds();
  profile.hubs = {{.tid = 7,
                   .points = {{.at_ns = 1'000'000, .iterations = 1ull << 63},
                              {.at_ns = 3'000'000, .iterations = 5}}}};
  EXPECT_THAT(RenderHtml(profile, {}), HasSubstr("[0,7,\"ofAAAAAw+BAAAAA"));
}

TEST(Lanes, HaveTheirSamplesInOrderAndThoseWithoutATimeLast) {
  const Profile profile = ProfileOfAllKinds();
  const FoldedProfile folded = Fold(profile, {.include_idle = true});
  const std::vector<Lane> lanes = LanesOf(profile, folded);
  ASSERT_EQ(lanes.size(), 3u);
  EXPECT_EQ(lanes[0].name, "thread (7): hub");
  EXPECT_EQ(lanes[1].name, "green thread (3): client");
  EXPECT_EQ(lanes[2].name, "thread (8): worker \"8\"");
  const std::vector<LaneSpan>& hub = lanes[0].spans;
  ASSERT_EQ(hub.size(), 6u);
  EXPECT_EQ(hub[1].begin_ns, 200'000'000);
  EXPECT_EQ(hub[1].count, 9);
  EXPECT_EQ(hub[3].count, 4);  // of 6 that were seen, 4 were counted
  EXPECT_EQ(hub[4].begin_ns, profile.duration_ns);
  EXPECT_EQ(hub[4].count, 30);
  EXPECT_EQ(hub[4].end_ns, profile.duration_ns + 300'000'000);
  EXPECT_EQ(hub[5].begin_ns, hub[4].end_ns);
  EXPECT_EQ(lanes[0].untimed, 37);
}

}  // namespace
}  // namespace hubspy
