#include "view/text.h"

#include <gtest/gtest.h>

#include "absl/strings/string_view.h"
#include "view/frame_label.h"

namespace hubspy {
namespace {

#define REPLACEMENT "\xEF\xBF\xBD"

TEST(CleanText, KeepsWellFormedText) {
  EXPECT_EQ(CleanText("f<int>(\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x80)"),
            "f<int>(\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x80)");
}

TEST(CleanText, KeepsToOneLine) { EXPECT_EQ(CleanText("a\r\nb\tc"), "a  b c"); }

TEST(CleanText, ReplacesControlCharacters) {
  EXPECT_EQ(CleanText("\x1B[2J"), REPLACEMENT "[2J");
  EXPECT_EQ(CleanText("a\x7F"), "a" REPLACEMENT);
  EXPECT_EQ(CleanText(absl::string_view("\0b", 2)), REPLACEMENT "b");
  EXPECT_EQ(CleanText("\xC2\x9B"
                      "2J"),
            REPLACEMENT "2J")
      << "C1's CSI";
  EXPECT_EQ(CleanText("a\xE2\x80\xAE"
                      "b"),
            "a" REPLACEMENT "b")
      << "right-to-left override";
  EXPECT_EQ(CleanText("\xEF\xBF\xBF"), REPLACEMENT) << "not allowed in XML";
}

TEST(CleanText, ReplacesIllFormedBytes) {
  EXPECT_EQ(CleanText("\xFF"), REPLACEMENT);
  EXPECT_EQ(CleanText("\xC3"), REPLACEMENT) << "cut short";
  EXPECT_EQ(CleanText("\xC0\xAF"), REPLACEMENT REPLACEMENT) << "overlong";
  EXPECT_EQ(CleanText("\xE0\x80\xAF"), REPLACEMENT REPLACEMENT REPLACEMENT);
  EXPECT_EQ(CleanText("\xED\xA0\x80"), REPLACEMENT REPLACEMENT REPLACEMENT)
      << "a surrogate";
  EXPECT_EQ(CleanText("\xF4\x90\x80\x80").size(), 4 * 3) << "above U+10FFFF";
  EXPECT_EQ(CleanText("\x80"
                      "a"),
            REPLACEMENT "a");
}

TEST(XmlText, EscapesMarkup) {
  EXPECT_EQ(XmlText("</title>&\"'\x01"),
            "&lt;/title&gt;&amp;&quot;&#39;" REPLACEMENT);
}

TEST(Truncate, CutsByColumnsAndSaysSo) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("abcdef", 5), "abc..");
  EXPECT_EQ(Truncate("abcdef", 1), ".");
  EXPECT_EQ(Truncate("abcdef", 0), "");
  EXPECT_EQ(Truncate("", 0), "");
  EXPECT_EQ(Truncate("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 3), "\xC3\xA9..");
  EXPECT_EQ(Truncate("\xE8\xA7\xA3\xE6\x9E\x90", 3), "..")
      << "a wide character and two dots need four columns";
}

TEST(FrameLabel, NamesTheMostThatIsKnown) {
  EXPECT_EQ(FrameLabel({.function = "f", .file = "/a/b.cc", .line = 3}),
            "f (b.cc:3)");
  EXPECT_EQ(FrameLabel({.function = "f", .file = "b.cc"}), "f (b.cc)");
  EXPECT_EQ(FrameLabel({.function = "f", .module = "/lib/libc.so.6"}),
            "f (libc.so.6)");
  EXPECT_EQ(FrameLabel({.function = "clock_gettime", .module = "[vdso]"}),
            "clock_gettime ([vdso])");
  EXPECT_EQ(
      FrameLabel({.function = "libc.so.6+0x1234", .module = "/lib/libc.so.6"}),
      "libc.so.6+0x1234");
  EXPECT_EQ(FrameLabel({.function = "[0x1234]"}), "[0x1234]");
  EXPECT_EQ(FrameLabel({.address = Address(0x1234)}), "[0x1234]");
}

TEST(FrameLabel, TellsNamesFromAddresses) {
  EXPECT_TRUE(HasName({.function = "f", .module = "/lib/libc.so.6"}));
  EXPECT_FALSE(HasName({.function = "libc.so.6+0x1", .module = "libc.so.6"}));
  EXPECT_FALSE(HasName({.function = "[0x1]"}));
}

}  // namespace
}  // namespace hubspy
