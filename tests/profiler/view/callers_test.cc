#include "view/callers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "profiler/view/profiles.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SymbolFrame F(const std::string& name) { return {.function = name}; }

FlatRow Row(const std::string& label, double own, double total) {
  return {.own_percent = own,
          .total_percent = total,
          .own_seconds = own / 100,
          .total_seconds = total / 100,
          .label = label};
}

CallersAndCallees Of(const std::string& label, const Profile& profile) {
  return FindCallersAndCallees(label, profile, profile, {});
}

// A hundred looks. main -> a -> f -> x, main -> b -> f, main -> b -> f -> y ->
// x
Profile Sampled() {
  return ProfileBuilder()
      .Add({F("main"), F("a"), F("f"), F("x")}, {.count = 50})
      .Add({F("main"), F("b"), F("f")}, {.count = 20})
      .Add({F("main"), F("b"), F("f"), F("y"), F("x")}, {.count = 10})
      .Add({F("main"), F("b")}, {.count = 20})
      .Build();
}

TEST(Callers, HaveTheFunctionsTimeByWhoCalledIt) {
  const CallersAndCallees f = Of("f", Sampled());
  EXPECT_EQ(f.function, Row("f", 20, 80));
  EXPECT_THAT(f.callers, ElementsAre(Row("b", 20, 30), Row("a", 0, 50)));
  EXPECT_THAT(f.callees, ElementsAre(Row("x", 50, 50), Row("y", 0, 10)));
}

TEST(Callers, AreNoneOfWhatIsOutermost) {
  const CallersAndCallees main = Of("main", Sampled());
  EXPECT_EQ(main.function, Row("main", 0, 100));
  EXPECT_THAT(main.callers, IsEmpty());
  EXPECT_THAT(main.callees, ElementsAre(Row("b", 20, 50), Row("a", 0, 50)));
}

TEST(Callers, CountARecursiveFunctionOnceASample) {
  const Profile profile =
      ProfileBuilder()
          .Add({F("main"), F("f"), F("f"), F("f")}, {.count = 100})
          .Build();
  const CallersAndCallees f = Of("f", profile);
  EXPECT_EQ(f.function, Row("f", 100, 100));
  EXPECT_THAT(f.callers, ElementsAre(Row("f", 100, 100), Row("main", 0, 100)));
  EXPECT_THAT(f.callees, ElementsAre(Row("f", 100, 100)));
}

TEST(Callers, TakePercentagesFromTheWindow) {
  const Profile window =
      ProfileBuilder().Add({F("a"), F("f")}, {.count = 10}).Build();
  const CallersAndCallees f = FindCallersAndCallees("f", window, Sampled(), {});
  EXPECT_EQ(f.function.own_percent, 100);
  EXPECT_EQ(f.function.total_seconds, 0.8);
}

TEST(Callers, AreNoneOfWhatIsNotThere) {
  const CallersAndCallees none = Of("none", Sampled());
  EXPECT_EQ(none.function, Row("none", 0, 0));
  EXPECT_THAT(none.callers, IsEmpty());
  EXPECT_THAT(none.callees, IsEmpty());
}

}  // namespace
}  // namespace hubspy
