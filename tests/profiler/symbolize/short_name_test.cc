#include "symbolize/short_name.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

TEST(ShortName, LeavesTemplateArgumentsOut) {
  EXPECT_EQ(ShortName("std::vector<int, std::allocator<int> >::push_back"),
            "std::vector<…>::push_back");
  EXPECT_EQ(ShortName("Fold<int>"), "Fold<…>");
  EXPECT_EQ(ShortName("a<b<c<d>>>::e<f>::g"), "a<…>::e<…>::g");
  EXPECT_EQ(ShortName("f<void (*)(int), std::pair<int, int>[3]>"), "f<…>");
}

TEST(ShortName, KeepsNamesWithoutAny) {
  for (const char* name :
       {"", "main", "green::Hub::Run", "(anonymous namespace)::Hidden",
        "Foo::~Foo", "Foo::operator()", "Foo::operator[]", "operator new[]",
        "malloc@plt", "libx.so+0x12", "main::{lambda(int)#1}::operator()"}) {
    EXPECT_EQ(ShortName(name), name);
  }
}

TEST(ShortName, TellsOperatorsFromArguments) {
  for (const char* name :
       {"operator<", "Foo::operator<<", "Foo::operator<=", "Foo::operator<=>",
        "Foo::operator<<=", "operator>", "Foo::operator>>", "Foo::operator>>=",
        "Foo::operator>=", "Foo::operator->", "Foo::operator->*"}) {
    EXPECT_EQ(ShortName(name), name);
  }
  EXPECT_EQ(ShortName("std::operator<< <std::char_traits<char> >"),
            "std::operator<< <…>");
  EXPECT_EQ(ShortName("Foo<int>::operator< <long>"), "Foo<…>::operator< <…>");
  EXPECT_EQ(ShortName("Foo<int>::operator-><long>"), "Foo<…>::operator-><…>");
  EXPECT_EQ(ShortName("Foo<int>::operator()<long>::Bar<int>"),
            "Foo<…>::operator()<…>::Bar<…>");
  EXPECT_EQ(ShortName("Foo::operator std::vector<int>"),
            "Foo::operator std::vector<…>");
  EXPECT_EQ(ShortName("my_operator<int>"), "my_operator<…>");
  EXPECT_EQ(ShortName("f<&A::operator< >::g"), "f<…>::g");
}

TEST(ShortName, IsNotConfusedByExpressionsInArguments) {
  EXPECT_EQ(ShortName("Foo<((1)>(2)), ((1)<(2))>::f"), "Foo<…>::f");
  EXPECT_EQ(ShortName("Foo<auto (int) -> long>::f"), "Foo<…>::f");
}

TEST(ShortName, KeepsLambdasAndShortensWithinThem) {
  EXPECT_EQ(ShortName("Run<int>::{lambda(std::vector<int>)#1}::operator()"),
            "Run<…>::{lambda(std::vector<…>)#1}::operator()");
  EXPECT_EQ(ShortName("Run(std::vector<int>)::<lambda(std::list<int>)>"),
            "Run(std::vector<…>)::<lambda(std::list<…>)>");
}

TEST(ShortName, KeepsWhoseMethodItIsInRust) {
  EXPECT_EQ(ShortName("<alloc::vec::Vec<T,A> as core::ops::Drop>::drop"),
            "<alloc::vec::Vec<…> as core::ops::Drop>::drop");
  EXPECT_EQ(ShortName("core::ptr::drop_in_place::<alloc::string::String>"),
            "core::ptr::drop_in_place::<…>");
  EXPECT_EQ(ShortName("<&mut F<u8> as Fn<(A,)>>::call"),
            "<&mut F<…> as Fn<…>>::call");
  EXPECT_EQ(ShortName("app::run::<fn(u8) -> bool>::{closure#0}"),
            "app::run::<…>::{closure#0}");
}

TEST(ShortName, LeavesWhatDoesNotPairUpAsItIs) {
  for (const char* name : {"a<b", "a>b", "a<b>>", "a<(b>)", "a<b)>", "f(", "f)",
                           "a<b<c>", "{a<b}>", "operator<<<int", "<", ">"}) {
    EXPECT_EQ(ShortName(name), name);
  }
}

TEST(ShortName, TakesLinearTimeForAnyNesting) {
  const int depth = 1'000'000;
  std::string open, close;
  for (int i = 0; i < depth; ++i) open += "a<", close += ">";
  EXPECT_EQ(ShortName(absl::StrCat(open, close)), "a<…>");
  EXPECT_EQ(ShortName(open), open);
  EXPECT_EQ(ShortName(close), close);
}

}  // namespace
}  // namespace hubspy
