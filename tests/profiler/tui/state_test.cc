#include "tui/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Kind = Key::Kind;

const std::vector<RowName> kRows = {
    {Part::kTable, "a"}, {Part::kTable, "b"}, {Part::kTable, "c"},
    {Part::kTable, "d"}, {Part::kTable, "e"},
};

ScreenState Press(const Key& key, ScreenState state,
                  const std::vector<RowName>& rows = kRows) {
  return After(key, std::move(state), rows, 2).state;
}

ScreenState Type(const std::string& text, ScreenState state = {}) {
  for (const char c : text) {
    state = Press({Kind::kText, std::string(1, c)}, std::move(state));
  }
  return state;
}

std::string Selected(const ScreenState& state) {
  return state.selected ? state.selected->label : "";
}

TEST(Keys, ChooseWhatIsShown) {
  EXPECT_EQ(Type("1").choice.sort, FlatSort::kOwnPercent);
  EXPECT_EQ(Type("2").choice.sort, FlatSort::kTotalPercent);
  EXPECT_EQ(Type("43").choice.sort, FlatSort::kOwnTime);
  EXPECT_EQ(Type("4").choice.sort, FlatSort::kTotalTime);
  EXPECT_FALSE(Type("l").choice.by_line);
  EXPECT_TRUE(Type("ll").choice.by_line);
  EXPECT_TRUE(Type("t").choice.threads);
  EXPECT_FALSE(Type("tt").choice.threads);
  EXPECT_TRUE(Type("g").choice.green);
  EXPECT_FALSE(Type("gg").choice.green);
  EXPECT_TRUE(Type("i").choice.include_idle);
  EXPECT_FALSE(Type("ii").choice.include_idle);
  EXPECT_TRUE(Type(" ").paused);
  EXPECT_FALSE(Type("  ").paused);
  EXPECT_TRUE(Type("?").help);
  EXPECT_FALSE(Type("?x").help);
  EXPECT_FALSE(Type("??").help);
}

TEST(Keys, AskForWhatIsNotTheScreens) {
  const auto action = [](const std::string& text, const ScreenState& state) {
    return After({Kind::kText, text}, state, kRows, 2).action;
  };
  EXPECT_EQ(action("q", {}), Action::kQuit);
  EXPECT_EQ(action("Q", {}), Action::kQuit);
  EXPECT_EQ(action("r", {}), Action::kReset);
  EXPECT_EQ(action("z", {}), Action::kNone);
  EXPECT_EQ(action("q", {.typing = true}), Action::kNone);
  EXPECT_EQ(action("r", {.typing = true}), Action::kNone);
}

TEST(FilterKeys, AreTextUntilEnter) {
  ScreenState state = Type("/q1");
  EXPECT_TRUE(state.typing);
  EXPECT_EQ(state.choice.filter, "q1");
  state = Press({Kind::kText, "\xC3\xA9"}, state);
  EXPECT_EQ(state.choice.filter, "q1\xC3\xA9");
  state = Press({Kind::kBackspace}, state);
  EXPECT_EQ(state.choice.filter, "q1");
  state = Press({Kind::kEnter}, state);
  EXPECT_FALSE(state.typing);
  EXPECT_EQ(state.choice.filter, "q1");
  EXPECT_THAT(state.choice.functions, IsEmpty());
}

TEST(FilterKeys, EscapeTakesTheFilterAway) {
  const ScreenState typing = Press({Kind::kEscape}, Type("/ab"));
  EXPECT_FALSE(typing.typing);
  EXPECT_EQ(typing.choice.filter, "");
  const ScreenState kept = Press({Kind::kEnter}, Type("/ab"));
  EXPECT_EQ(Press({Kind::kEscape}, kept).choice.filter, "");
}

TEST(FilterKeys, BackspaceBehindTheLastCharacterLeaves) {
  const ScreenState empty = Press({Kind::kBackspace}, Type("/a"));
  EXPECT_TRUE(empty.typing);
  EXPECT_FALSE(Press({Kind::kBackspace}, empty).typing);
}

TEST(Arrows, MoveTheSelectedRow) {
  ScreenState state;
  const auto press = [&](Kind kind) {
    state = Press({kind}, state);
    return Selected(state);
  };
  EXPECT_EQ(press(Kind::kDown), "a");
  EXPECT_EQ(press(Kind::kDown), "b");
  EXPECT_EQ(press(Kind::kUp), "a");
  EXPECT_EQ(press(Kind::kUp), "a");
  EXPECT_EQ(press(Kind::kPageDown), "c");
  EXPECT_EQ(press(Kind::kPageDown), "e");
  EXPECT_EQ(press(Kind::kPageDown), "e");
  EXPECT_EQ(press(Kind::kPageUp), "c");
  EXPECT_EQ(press(Kind::kEnd), "e");
  EXPECT_EQ(press(Kind::kDown), "e");
  EXPECT_EQ(press(Kind::kHome), "a");
}

TEST(Arrows, FollowTheRowWhereverItIsSortedTo) {
  ScreenState state = Press({Kind::kDown}, {});
  const std::vector<RowName> sorted = {
      {Part::kTable, "b"}, {Part::kTable, "a"}, {Part::kTable, "c"}};
  EXPECT_EQ(Selected(Press({Kind::kDown}, state, sorted)), "c");
}

TEST(Arrows, BeginAgainWhereTheRowIsGone) {
  ScreenState state = Press({Kind::kEnd}, {});
  const std::vector<RowName> others = {{Part::kTable, "x"},
                                       {Part::kTable, "y"}};
  EXPECT_EQ(Selected(Press({Kind::kDown}, state, others)), "x");
  EXPECT_EQ(Press({Kind::kDown}, state, {}).selected, state.selected);
}

TEST(Enter, OpensTheSelectedRowAndGoesOnFromThere) {
  ScreenState state = Press({Kind::kEnd}, {});
  state = Press({Kind::kEnter}, state);
  EXPECT_THAT(state.choice.functions, ElementsAre("e"));
  EXPECT_EQ(state.selected, (RowName{Part::kFunction, "e"}));
  const std::vector<RowName> panel = {
      {Part::kCallers, "main"}, {Part::kFunction, "e"}, {Part::kCallees, "f"}};
  // It is open already.
  EXPECT_THAT(Press({Kind::kEnter}, state, panel).choice.functions,
              ElementsAre("e"));
  state = Press({Kind::kDown}, state, panel);
  state = Press({Kind::kEnter}, state, panel);
  EXPECT_THAT(state.choice.functions, ElementsAre("e", "f"));
  state = Press({Kind::kEscape}, state, panel);
  EXPECT_THAT(state.choice.functions, ElementsAre("e"));
  EXPECT_EQ(state.selected, (RowName{Part::kFunction, "e"}));
  state = Press({Kind::kBackspace}, state, panel);
  EXPECT_THAT(state.choice.functions, IsEmpty());
  EXPECT_EQ(state.selected, (RowName{Part::kTable, "e"}));
}

TEST(Enter, OpensTheFirstRowWhereNoneIsSelected) {
  EXPECT_THAT(Press({Kind::kEnter}, {}).choice.functions, ElementsAre("a"));
  EXPECT_THAT(Press({Kind::kEnter}, {}, {}).choice.functions, IsEmpty());
}

TEST(Lines, ChangeWhatRowsAreCalledSoThatNoneIsOpen) {
  const ScreenState state = Press({Kind::kEnter}, Press({Kind::kDown}, {}));
  const ScreenState toggled = Type("l", state);
  EXPECT_THAT(toggled.choice.functions, IsEmpty());
  EXPECT_FALSE(toggled.selected);
}

TEST(Escape, LeavesOneThingAfterTheOther) {
  ScreenState state = Press({Kind::kEnter}, Type("/ab"));
  state = Press({Kind::kEnter}, state);
  state = Type("?", state);
  state = Press({Kind::kEscape}, state);
  EXPECT_FALSE(state.help);
  EXPECT_THAT(state.choice.functions, ElementsAre("a"));
  state = Press({Kind::kEscape}, state);
  EXPECT_THAT(state.choice.functions, IsEmpty());
  EXPECT_EQ(state.choice.filter, "ab");
  state = Press({Kind::kEscape}, state);
  EXPECT_EQ(state.choice.filter, "");
  EXPECT_TRUE(state.selected);
  state = Press({Kind::kEscape}, state);
  EXPECT_FALSE(state.selected);
}

}  // namespace
}  // namespace hubspy
