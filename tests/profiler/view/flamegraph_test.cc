#include "view/flamegraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "profiler/view/profiles.h"
#include "view/flame_tree.h"

namespace hubspy {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FlameTree, MergesSharedBeginningsInAlphabeticalOrder) {
  const FoldedProfile folded = Fold(HubProfile(), {.include_idle = true});
  std::vector<std::string> drawn;
  for (const FlameNode& n : BuildFlameTree(folded)) {
    drawn.push_back((n.depth == 0 ? "all" : folded.labels[n.label].text) + " " +
                    std::to_string(n.depth) + " " + std::to_string(n.x) + "+" +
                    std::to_string(n.count));
  }
  EXPECT_THAT(drawn,
              testing::ElementsAre("all 0 0+100", "main (seed.cc:9) 1 0+100",
                                   "green::Hub::Run (hub.cc:80) 2 0+100",
                                   "epoll_wait (libc.so.6) 3 0+90",
                                   "green::Hub::Fire (hub.cc:120) 3 90+10",
                                   "Callback<int> (seed.cc:4) 4 91+9"));
}

TEST(FlameTree, ChildrenLieWithinTheirParentsSideBySide) {
  const SymbolFrame a{.function = "a"}, b{.function = "b"}, c{.function = "c"};
  const Profile profile = ProfileBuilder()
                              .Add({a, b}, {.count = 3})
                              .Add({c}, {.count = 1})
                              .Add({a, c, a}, {.count = 2})
                              .Add({a}, {.count = 5})
                              .Add({a, b, a}, {.count = 4})
                              .Build();
  const std::vector<FlameNode> nodes = BuildFlameTree(Fold(profile, {}));
  std::vector<const FlameNode*> path;
  for (const FlameNode& node : nodes) {
    path.resize(node.depth);
    if (!path.empty()) {
      EXPECT_GE(node.x, path.back()->x);
      EXPECT_LE(node.x + node.count, path.back()->x + path.back()->count);
    }
    path.push_back(&node);
  }
  EXPECT_EQ(nodes[0].count, 15);
}

TEST(Flamegraph, GivesEveryFrameItsSamplesAndShare) {
  const std::string svg =
      RenderFlamegraph(HubProfile(), {.include_idle = true});
  EXPECT_THAT(svg, HasSubstr("<title>epoll_wait (libc.so.6) (90 samples, "
                             "90.00%)</title><rect x=\"0%\""));
  EXPECT_THAT(svg, HasSubstr("<title>green::Hub::Fire (hub.cc:120) (10 "
                             "samples, 10.00%)</title><rect x=\"90%\""));
  EXPECT_THAT(svg, HasSubstr("<title>all (100 samples, 100.00%)</title>"));
}

TEST(Flamegraph, LeavesIdleSamplesOutUnlessAsked) {
  const std::string svg = RenderFlamegraph(HubProfile(), {});
  EXPECT_THAT(svg, Not(HasSubstr("epoll_wait")));
  EXPECT_THAT(svg, HasSubstr("<title>all (10 samples, 100.00%)</title>"));
}

TEST(Flamegraph, MarksInlinedFramesAndDrawsThemPaler) {
  const std::string svg = RenderFlamegraph(InlinedProfile(), {});
  const auto fill = [&](const std::string& title) {
    const size_t at = svg.find("<title>" + title + " (");
    const size_t begin = svg.find("fill=", at);
    return svg.substr(begin, svg.find("/>", begin) - begin);
  };
  EXPECT_THAT(fill("Half (seed.cc:3) [inlined]"), HasSubstr("rgb("));
  EXPECT_NE(fill("Half (seed.cc:3) [inlined]"), fill("Half (seed.cc:3)"));
  EXPECT_THAT(svg, HasSubstr(">inlined</text>"));
  EXPECT_THAT(RenderFlamegraph(HubProfile(), {}),
              Not(HasSubstr(">inlined</text>")));
}

TEST(Flamegraph, ShowsThreadsWhenAsked) {
  EXPECT_THAT(RenderFlamegraph(HubProfile(), {.threads = true}),
              HasSubstr("<title>thread (7): hub (10 samples"));
}

TEST(Flamegraph, NeedsNoOtherFileAndNoNetwork) {
  const std::string svg = RenderFlamegraph(HubProfile(), {});
  EXPECT_THAT(svg, Not(ContainsRegex("href|src=|@import|url\\(h")));
}

TEST(Flamegraph, MakesNoMarkupOfNames) {
  const Profile profile =
      ProfileBuilder()
          .Add({{.function = "</title><script>x</script>]]>\"'&\x02\xFF"}}, {})
          .Build();
  const std::string svg =
      RenderFlamegraph(profile, {.title = "<script>y</script>"});
  EXPECT_THAT(svg, HasSubstr("&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;]]"
                             "&gt;&quot;&#39;&amp;\xEF\xBF\xBD\xEF\xBF\xBD"));
  EXPECT_THAT(svg, Not(HasSubstr("<script>x")));
  EXPECT_THAT(svg, Not(HasSubstr("<script>y")));
}

TEST(Flamegraph, HoldsTheFactsAndShowsThoseThatMatter) {
  Profile profile = HubProfile();
  profile.quality.looks = 99;
  profile.made = {.version = "1.2.3",
                  .command_line = "hubspy record -o '<x>'",
                  .asked_rate_hz = 100};
  const std::string svg = RenderFlamegraph(profile, {});
  EXPECT_THAT(svg, HasSubstr("<dt>made by</dt><dd>hubspy 1.2.3</dd>"));
  EXPECT_THAT(svg, HasSubstr("<dt>command</dt><dd>hubspy record -o "
                             "&#39;&lt;x&gt;&#39;</dd>"));
  EXPECT_THAT(svg,
              ContainsRegex("id=\"details\"[^>]*>hubspy 1.2.3; 100 Hz "
                            "asked for, 99 Hz reached; 0.00% bad samples<"));
}

TEST(Flamegraph, DropsFramesTooNarrowToSeeAndSaysHowMany) {
  const Profile profile =
      ProfileBuilder()
          .Add({{.function = "wide"}}, {.count = 1'000'000})
          .Add({{.function = "thin"}, {.function = "thinner"}}, {.count = 1})
          .Build();
  const std::string svg = RenderFlamegraph(profile, {});
  EXPECT_THAT(svg, Not(HasSubstr("thin (")));
  EXPECT_THAT(svg, HasSubstr("2 frames too narrow to draw"));
  EXPECT_THAT(svg, HasSubstr("all (1,000,001 samples, 100.00%)"));
}

TEST(Flamegraph, IsADocumentEvenWithoutSamples) {
  const std::string svg = RenderFlamegraph(Profile{}, {});
  EXPECT_THAT(svg, HasSubstr("all (0 samples, 100.00%)"));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

TEST(Flamegraph, DrawsStacksThousandsOfFramesDeep) {
  Profile profile;
  profile.frames = {{.function = "f"}, {.function = "g"}};
  profile.samples = {
      {.frames = std::vector<uint32_t>(4096, 0), .count = 1},
      {.frames = std::vector<uint32_t>(4096, 1), .count = 1},
  };
  EXPECT_THAT(RenderFlamegraph(profile, {}), HasSubstr("data-y=\"4096\""));
}

}  // namespace
}  // namespace hubspy
