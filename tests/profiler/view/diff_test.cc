#include "view/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "profiler/view/profiles.h"
#include "view/diff_tree.h"
#include "view/flamegraph.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// 100 looks in a second: main -> Run -> {Parse, Send}.
Profile Before() {
  const SymbolFrame main{.function = "main", .file = "a.cc"};
  const SymbolFrame run{.function = "Run", .file = "a.cc"};
  return ProfileBuilder()
      .Add({main, run, {.function = "Parse"}}, {.count = 20})
      .Add({main, run, {.function = "Send"}}, {.count = 60})
      .Add({main, run}, {.count = 10})
      .Add({main, {.function = "Old"}}, {.count = 10})
      .Build();
}

// The same for ten times as long: Parse takes twice the share, Old has gone.
Profile After() {
  const SymbolFrame main{.function = "main", .file = "/moved/a.cc"};
  const SymbolFrame run{
      .function = "Run", .file = "a.cc", .address = Address(0x99)};
  return ProfileBuilder()
      .Add({main, run, {.function = "Parse"}}, {.count = 400})
      .Add({main, run, {.function = "Send"}}, {.count = 400})
      .Add({main, run}, {.count = 100})
      .Add({main, {.function = "New"}}, {.count = 100})
      .Build();
}

const DiffRow& RowOf(const std::vector<DiffRow>& rows, const char* label) {
  for (const DiffRow& row : rows) {
    if (row.label == label) return row;
  }
  ADD_FAILURE() << "no row " << label;
  return rows.front();
}

TEST(Diff, SharesAreOfEachOnesLooks) {
  const auto rows = DiffRows(Before(), After(), {});
  const DiffRow& parse = RowOf(rows, "Parse");
  EXPECT_DOUBLE_EQ(parse.before.own_percent, 20);
  EXPECT_DOUBLE_EQ(parse.after.own_percent, 40);
  EXPECT_DOUBLE_EQ(parse.before.own_seconds, 0.2);
  EXPECT_DOUBLE_EQ(parse.after.own_seconds, 0.4);
  const DiffRow& run = RowOf(rows, "Run (a.cc)");
  EXPECT_DOUBLE_EQ(run.own_change(), 0);
  EXPECT_DOUBLE_EQ(run.before.total_percent, 90);
  EXPECT_DOUBLE_EQ(run.total_change(), 0);
}

TEST(Diff, LargestChangesComeFirstUpOrDown) {
  std::vector<std::string> order;
  for (const DiffRow& row : DiffRows(Before(), After(), {})) {
    order.push_back(row.label);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"Parse", "Send", "New", "Old",
                                             "Run (a.cc)", "main (a.cc)"}));
}

TEST(Diff, TellsWhatIsNewAndWhatHasGone) {
  EXPECT_EQ(RenderDiff(Before(), After(), {}),
            "            %Own                        %Total              OwnTim"
            "e  TotalTime  Function (filename)\n"
            "   before    after   change     before    after   change   change/"
            "s   change/s\n"
            "   20.00%   40.00%  +20.00%     20.00%   40.00%  +20.00%   "
            "+0.2000s   +0.2000s  Parse\n"
            "   60.00%   40.00%  -20.00%     60.00%   40.00%  -20.00%   "
            "-0.2000s   -0.2000s  Send\n"
            "      new   10.00%  +10.00%        new   10.00%  +10.00%   "
            "+0.1000s   +0.1000s  New\n"
            "   10.00%     gone  -10.00%     10.00%     gone  -10.00%   "
            "-0.1000s   -0.1000s  Old\n"
            "2 more did not change\n"
            "\n"
            "Before: 100 samples of 1 thread in 100 looks (100 Hz, 1.00 s)\n"
            "After:  1000 samples of 1 thread in 1000 looks (100 Hz, 10.00 "
            "s)\n");
}

TEST(Diff, OfAProfileWithItselfIsNothing) {
  const std::string text =
      RenderDiff(ProfileOfAllKinds(), ProfileOfAllKinds(), {});
  EXPECT_THAT(text, AllOf(HasSubstr("more did not change"),
                          Not(HasSubstr("new")), Not(HasSubstr("gone"))));
}

// Of another run of the same program.
Profile WithThread(ThreadId tid) {
  ProfileBuilder builder;
  builder.Add({{.function = "main"}}, {.tid = tid});
  builder.profile().threads = {{tid, "worker"}};
  return builder.Build();
}

TEST(Diff, ThreadsOfOneNameAreTheSame) {
  const Profile before = WithThread(71);
  const Profile after = WithThread(4711);
  const auto rows = DiffRows(before, after, {.threads = true});
  const DiffRow& worker = RowOf(rows, "thread: worker");
  EXPECT_TRUE(worker.before.seen);
  EXPECT_TRUE(worker.after.seen);
  EXPECT_EQ(rows.size(), 2u);
  const std::string svg =
      RenderFlamegraph(after, {.threads = true, .before = &before});
  EXPECT_THAT(svg, HasSubstr("before: 0.00% was in stacks that are gone"));
}

TEST(DiffTree, FindsEachNodeInTheTreeBefore) {
  const FoldedProfile folded = Fold(After(), {});
  const std::vector<FlameNode> nodes = BuildFlameTree(folded);
  const TreeChanges changes = ChangesSince(Fold(Before(), {}), folded, nodes);
  ASSERT_EQ(changes.nodes.size(), nodes.size());
  for (size_t i = 1; i < nodes.size(); ++i) {
    const std::string& name = folded.labels[nodes[i].label].text;
    const NodeChange& change = changes.nodes[i];
    if (name == "Parse") {
      EXPECT_DOUBLE_EQ(change.own_before, 20);
      EXPECT_DOUBLE_EQ(change.own_after, 40);
    } else if (name == "New") {
      EXPECT_DOUBLE_EQ(change.total_before, 0);
    } else if (name == "main (a.cc)") {
      EXPECT_DOUBLE_EQ(change.total_before, 100);
      EXPECT_DOUBLE_EQ(change.own_change(), 0);
    } else if (name == "Run (a.cc)") {
      EXPECT_DOUBLE_EQ(change.own_before, 10);
      EXPECT_DOUBLE_EQ(change.own_after, 10);
    }
  }
  EXPECT_DOUBLE_EQ(changes.most, 20);
  EXPECT_DOUBLE_EQ(changes.gone_percent, 10);
}

TEST(DiffTree, IsDrawnInRedAndBlue) {
  const Profile before = Before();
  const std::string svg =
      RenderFlamegraph(After(), {.title = "diff", .before = &before});
  EXPECT_THAT(svg, HasSubstr("<title>Parse (400 samples, 40.00%; before: "
                             "20.00%; own: 40.00%, before: 20.00%)</title>"));
  EXPECT_THAT(svg, HasSubstr("fill=\"rgb(255,46,46)\""));    // Parse
  EXPECT_THAT(svg, HasSubstr("fill=\"rgb(46,46,255)\""));    // Send
  EXPECT_THAT(svg, HasSubstr("fill=\"rgb(236,236,236)\""));  // Run
  EXPECT_THAT(svg, HasSubstr("more, up to +20.00%"));
  EXPECT_THAT(svg, HasSubstr("before: 10.00% was in stacks that are gone"));
}

}  // namespace
}  // namespace hubspy
