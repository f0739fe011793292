#include "cli/choose_function.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<SeenFunction>& Seen() {
  static const auto& seen = *new std::vector<SeenFunction>{
      {"main", 100},
      {"green::Hub::Run", 90},
      {"green::Hub::RunTimers", 20},
      {"std::vector<int, std::allocator<int> >::push_back", 5},
      {"(anonymous namespace)::Worker::Loop", 4},
      {"(anonymous namespace)::Worker::operator()", 3},
      {"other::Loop", 2}};
  return seen;
}

std::string Chosen(absl::string_view wanted) {
  const absl::StatusOr<std::string> chosen = ChooseFunction(wanted, Seen());
  return chosen.ok() ? *chosen : std::string(chosen.status().message());
}

TEST(ChooseFunction, TakesTheExactNameBeforeAllOthers) {
  EXPECT_EQ(Chosen("green::Hub::Run"), "green::Hub::Run");
}

TEST(ChooseFunction, NeedsNeitherTemplateArgumentsNorParametersNorScopes) {
  EXPECT_EQ(Chosen("std::vector::push_back"),
            "std::vector<int, std::allocator<int> >::push_back");
  EXPECT_EQ(Chosen("std::vector<int>::push_back(int const&)"),
            "std::vector<int, std::allocator<int> >::push_back");
  EXPECT_EQ(Chosen("green::Hub::Run(absl::Duration) const"), "green::Hub::Run");
  EXPECT_EQ(Chosen("Run"), "green::Hub::Run");
  EXPECT_EQ(Chosen("Hub::Run"), "green::Hub::Run");
}

TEST(ChooseFunction, LeavesParenthesesThatAreNoParameters) {
  EXPECT_EQ(Chosen("(anonymous namespace)::Worker::Loop"),
            "(anonymous namespace)::Worker::Loop");
  EXPECT_EQ(Chosen("Worker::operator()"),
            "(anonymous namespace)::Worker::operator()");
  EXPECT_EQ(Chosen("Worker::operator()(int (*)(char))"),
            "(anonymous namespace)::Worker::operator()");
}

TEST(ChooseFunction, TakesAPartThatIsInOneName) {
  EXPECT_EQ(Chosen("push_b"),
            "std::vector<int, std::allocator<int> >::push_back");
}

TEST(ChooseFunction, ListsWhatMayBeMeantTheMostSeenFirst) {
  EXPECT_EQ(Chosen("Loop"),
            "\"Loop\" may be any of these: (anonymous "
            "namespace)::Worker::Loop, other::Loop: give more of the name");
  EXPECT_EQ(ChooseFunction("Hub", Seen()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ChooseFunction, ListsWhatWasSeenWhenNothingFits) {
  EXPECT_THAT(Chosen("nowhere"),
              HasSubstr("they were in main, green::Hub::Run,"));
  EXPECT_EQ(ChooseFunction("nowhere", Seen()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ChooseFunction("f", {}).status().message(),
            "no sample was in a function \"f\"");
}

TEST(ChooseFunction, ListsAFewOnOneCleanLine) {
  std::vector<SeenFunction> many;
  for (int i = 0; i < 20; ++i) {
    many.push_back({"name\n\x1b[31m" + std::string(1000, 'a' + i), i});
  }
  const absl::StatusOr<std::string> chosen = ChooseFunction("name", many);
  const std::string line(chosen.status().message());
  EXPECT_THAT(line, AllOf(HasSubstr("and 12 more"), Not(HasSubstr("\n")),
                          Not(HasSubstr("\x1b"))));
  EXPECT_LT(line.size(), 800u);
}

TEST(ChooseFunction, TakesAnyText) {
  for (const char* const text : {"", "(", ")", "()", ") const", "<", "a(b",
                                 ">(", "operator()", "::", "<…>"}) {
    EXPECT_FALSE(Chosen(text).empty());
  }
}

}  // namespace
}  // namespace hubspy
