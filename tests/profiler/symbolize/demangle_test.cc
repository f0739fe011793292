#include "symbolize/demangle.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

TEST(Demangle, LeavesParametersAndReturnTypesOut) {
  EXPECT_EQ(Demangle("_ZN5green3Hub3RunEv"), "green::Hub::Run");
  EXPECT_EQ(Demangle("_Z4FoldIiET_S0_S0_"), "Fold<int>");
  EXPECT_EQ(Demangle("_ZNK3FooeqERKS_"), "Foo::operator==");
  EXPECT_EQ(Demangle("_ZN12_GLOBAL__N_16HiddenEi"),
            "(anonymous namespace)::Hidden");
}

TEST(Demangle, LeavesLinkersSuffixesOut) {
  EXPECT_EQ(Demangle("_ZN5green3Hub3RunEv.cold"), "green::Hub::Run");
  EXPECT_EQ(Demangle("memcpy@@GLIBC_2.14"), "memcpy");
  EXPECT_EQ(Demangle("memcpy@GLIBC_2.2.5"), "memcpy");
}

TEST(Demangle, KnowsBothRustManglings) {
  EXPECT_EQ(Demangle("_ZN4core3fmt5write17h0123456789abcdefE"),
            "core::fmt::write");
  EXPECT_EQ(Demangle("_RNvC6_123foo3bar"), "123foo::bar");
  EXPECT_EQ(Demangle("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
}

TEST(Demangle, KnowsWhatRustNamesHold) {
  EXPECT_EQ(Demangle("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo.."
                     "Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE"),
            "<Test + 'static as foo::Bar<Test>>::bar");
  EXPECT_EQ(Demangle("_ZN4core3fmt5write17h0123456789abcdefE.llvm.8A2B"),
            "core::fmt::write");
  EXPECT_EQ(Demangle("_RINvNtC3std3mem8align_ofdE"),
            "std::mem::align_of::<f64>");
  EXPECT_EQ(Demangle("_RNCNvC5crate4main0"), "crate::main::{closure#0}");
  EXPECT_EQ(Demangle("_RNvXs_C5crateNtB4_3FooNtB4_3Bar3baz"),
            "<crate::Foo as crate::Bar>::baz");
  EXPECT_EQ(Demangle("_RNvC5crate4main.llvm.8A2B"), "crate::main");
}

TEST(Demangle, KeepsOtherNamesAsTheyAre) {
  EXPECT_EQ(Demangle(""), "");
  EXPECT_EQ(Demangle("main"), "main");
  EXPECT_EQ(Demangle("main.handler"), "main.handler");
  EXPECT_EQ(Demangle("_Znonsense"), "_Znonsense");
  EXPECT_EQ(Demangle("_Rnonsense"), "_Rnonsense");
  EXPECT_EQ(Demangle("@"), "@");
}

TEST(Demangle, CutsNamesThatStandForGigabytes) {
  // f<Pair<X, X>, ...>, each argument a Pair of the one before twice: S0_ is
  // Pair, S1_ is X, S2_ the first argument, S3_ the second.
  std::string name = "_Z1fI4PairI1XS1_E";
  for (const char c : std::string("23456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    absl::StrAppend(&name, "S0_IS", std::string(1, c), "_S", std::string(1, c),
                    "_E");
  }
  absl::StrAppend(&name, "Evv");
  const std::string text = Demangle(name);
  EXPECT_EQ(text.size(), kMaxDemangledSize);
  EXPECT_TRUE(
      absl::StartsWith(text, "f<Pair<X, X>, Pair<Pair<X, X>, Pair<X, X> >, "))
      << text.substr(0, 80);
}

TEST(Demangle, SurvivesDeepNesting) {
  const std::string deep = "_Z1f" + std::string(4000, 'P') + "i";
  EXPECT_LE(Demangle(deep).size(), kMaxDemangledSize);
  const std::string pointers = "_Z1fI" + std::string(4000, 'P') + "iEvv";
  EXPECT_LE(Demangle(pointers).size(), kMaxDemangledSize);
  EXPECT_EQ(Demangle("_Z" + std::string(100'000, 'N')).size(),
            kMaxDemangledSize);
}

}  // namespace
}  // namespace hubspy
