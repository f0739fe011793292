#include "view/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hubspy {
namespace {

using ::testing::HasSubstr;

TEST(Pattern, IsFoundAnywhere) {
  const Pattern pattern = *Pattern::Parse("Ren.er|Ask$");
  EXPECT_TRUE(pattern.FoundIn("shop::Render(int)"));
  EXPECT_TRUE(pattern.FoundIn("Ask"));
  EXPECT_FALSE(pattern.FoundIn("Asks"));
  EXPECT_FALSE(pattern.FoundIn("render"));
  EXPECT_TRUE(Pattern::Parse("(?i)RENDER")->FoundIn("render"));
}

TEST(Pattern, OfAFrameIsFoundInItsNameItsLabelAndItsPaths) {
  const SymbolFrame frame{.function = "Handle",
                          .file = "/src/shop/shop.cc",
                          .line = 88,
                          .module = "/opt/app"};
  for (const char* const text :
       {"^Handle$", "shop.cc:88", "shop/shop", "^/opt/app$"}) {
    EXPECT_TRUE(Pattern::Parse(text)->FoundIn(frame)) << text;
  }
  EXPECT_FALSE(Pattern::Parse("Render")->FoundIn(frame));
}

TEST(Pattern, SaysInOneLineWhatIsWrongWithIt) {
  const auto pattern = Pattern::Parse("a(\nb");
  EXPECT_EQ(pattern.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string line(pattern.status().message());
  EXPECT_THAT(line, HasSubstr("no regular expression: missing )"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

// What a backtracking matcher needs years for.
TEST(Pattern, TakesNoTimeHoweverItIsMade) {
  EXPECT_FALSE(
      Pattern::Parse("(a*)*(a*)*b")->FoundIn(std::string(100'000, 'a')));
}

TEST(NamePattern, MatchesAnIdOrAWholeName) {
  EXPECT_TRUE(NamePattern::Parse("4711")->Matches(4711, "hub"));
  EXPECT_FALSE(NamePattern::Parse("4711")->Matches(47110, "hub"));
  EXPECT_TRUE(NamePattern::Parse("hub")->Matches(1, "hub"));
  EXPECT_FALSE(NamePattern::Parse("hub")->Matches(1, "hub2"));
  EXPECT_TRUE(NamePattern::Parse("worker.*")->Matches(1, "worker/3"));
  EXPECT_FALSE(NamePattern::Parse("worker")->Matches(1, "a worker"));
  // As it is shown, brackets and all.
  EXPECT_TRUE(NamePattern::Parse("pool(3)")->Matches(1, "pool(3)"));
}

}  // namespace
}  // namespace hubspy
