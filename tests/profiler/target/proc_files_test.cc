#include "target/linux/proc_files.h"

#include <sys/sysmacros.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ParseSyscall, ReadsASystemCall) {
  const auto blocked = ParseSyscall(
      "232 0x4 0x7ffe5c8ffb70 0x400 0xffffffffffffffff 0x0 0x8 "
      "0x7ffe5c8ffb40 0x7f0e8c1ab0e6\n");
  ASSERT_TRUE(blocked.ok()) << blocked.status();
  ASSERT_TRUE(blocked->has_value());
  EXPECT_EQ((*blocked)->sp, Address(0x7ffe5c8ffb40));
  EXPECT_EQ((*blocked)->pc, Address(0x7f0e8c1ab0e6));
  ASSERT_TRUE((*blocked)->system_call.has_value());
  EXPECT_EQ((*blocked)->system_call->number, 232);
  EXPECT_THAT(
      (*blocked)->system_call->arguments,
      testing::ElementsAre(4, 0x7ffe5c8ffb70, 0x400, ~uint64_t{0}, 0, 8));
}

TEST(ParseSyscall, KnowsARunningThreadFromOneBlockedElsewhere) {
  const auto running = ParseSyscall("running\n");
  ASSERT_TRUE(running.ok()) << running.status();
  EXPECT_FALSE(running->has_value());
  const auto faulting = ParseSyscall("-1 0x7ffe00000010 0x401000\n");
  ASSERT_TRUE(faulting.ok()) << faulting.status();
  ASSERT_TRUE(faulting->has_value());
  EXPECT_FALSE((*faulting)->system_call.has_value());
  EXPECT_EQ((*faulting)->sp, Address(0x7ffe00000010));
}

TEST(ParseSyscall, RefusesWhatTheKernelNeverWrites) {
  for (const char* text :
       {"", "\n", "0x1", "1 2", "232 0x1 0x2 0x3", "x 0x1 0x2",
        "-1 0x1 0x1ffffffffffffffff", "-1 -0x1 0x1", "-1 0x 0x1",
        "running running", "232 0x4 0x1 0x400 0x1 0x0 zz 0x10 0x20",
        "1 2 3 4 5 6 7 8 9 10"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseSyscall(text).status())) << text;
  }
}

TEST(ParseTimesRun, IsTheThirdNumber) {
  EXPECT_EQ(ParseTimesRun("155843621 1250 37\n"), 37u);
}

TEST(ParseTimesRun, IsNothingWhereTheKernelDoesNotCount) {
  EXPECT_EQ(ParseTimesRun("0 0 0\n"), std::nullopt);
  EXPECT_EQ(ParseTimesRun(""), std::nullopt);
  EXPECT_EQ(ParseTimesRun("1 2"), std::nullopt);
  EXPECT_EQ(ParseTimesRun("1 2 -3"), std::nullopt);
  EXPECT_EQ(ParseTimesRun("1 2 99999999999999999999"), std::nullopt);
}

std::string StatOf(absl::string_view name) {
  return absl::StrCat(
      "4242 (", name,
      ") S 1 4242 4242 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 3 0 12345 1000000 "
      "200 18446744073709551615 1 1 0 0 0 0 0 4096 2 0 0 0 17 5 0 0 0 0 0 1 2 "
      "3 4 5 6 7 0\n");
}

TEST(ParseStat, ReadsTheFieldsThatCount) {
  const auto stat = ParseStat(StatOf("redis-server"));
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->name, "redis-server");
  EXPECT_EQ(stat->state, ThreadState::kSleeping);
  EXPECT_EQ(stat->threads, 3);
  EXPECT_EQ(stat->cpu, 5);
  EXPECT_FALSE(stat->kernel_thread);
}

TEST(ParseStat, IsNotFooledByAName) {
  for (const char* name : {"", ")", "a) R 1 (b", ") Z ) Z", "( ( (", "x y"}) {
    const auto stat = ParseStat(StatOf(name));
    ASSERT_TRUE(stat.ok()) << stat.status();
    EXPECT_EQ(stat->name, name);
    EXPECT_EQ(stat->state, ThreadState::kSleeping);
  }
}

TEST(ParseStat, KeepsANameFromDrivingATerminal) {
  const auto stat = ParseStat(StatOf("\x1b[2J\n\x7f"));
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->name, "?[2J??");
}

TEST(ParseStat, RefusesWhatIsCutShort) {
  const std::string whole = StatOf("cat");
  // Everything up to the field that we need last.
  const size_t enough = whole.find(" 17 5 ") + 5;
  for (size_t length = 0; length < enough; ++length) {
    EXPECT_TRUE(absl::IsDataLoss(ParseStat(whole.substr(0, length)).status()))
        << whole.substr(0, length);
  }
  EXPECT_TRUE(ParseStat(whole.substr(0, enough)).ok());
}

TEST(ParseStat, RefusesAStateThatItDoesNotKnow) {
  std::string text = StatOf("cat");
  text[text.find(") S") + 2] = '?';
  EXPECT_TRUE(absl::IsDataLoss(ParseStat(text).status()));
}

constexpr absl::string_view kStatus =
    "Name:\tcat\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nPid:\t43\n"
    "TracerPid:\t7\nUid:\t1000\t1001\t1000\t1000\n"
    "voluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t30\n";

TEST(ParseStatus, ReadsTheLinesThatCount) {
  const auto status = ParseStatus(kStatus);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->process_id, 42);
  EXPECT_EQ(status->tracer_id, 7);
  EXPECT_EQ(status->user_id, 1001u);
  EXPECT_EQ(status->times_switched, 42u);
}

TEST(ParseStatus, KnowsTheIdInTheInnermostNamespace) {
  EXPECT_EQ(ParseStatus(kStatus)->innermost_id,
            ParseStatus(kStatus)->process_id)
      << "a kernel that does not say";
  const auto inside =
      ParseStatus(absl::StrCat(kStatus, "NSpid:\t4711\t12\t3\n"));
  ASSERT_TRUE(inside.ok()) << inside.status();
  EXPECT_EQ(inside->innermost_id, 3);
  EXPECT_TRUE(absl::IsDataLoss(
      ParseStatus(absl::StrCat(kStatus, "NSpid:\n")).status()));
}

TEST(ParseStatus, RefusesAFileWithoutThem) {
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus("").status()));
  EXPECT_TRUE(absl::IsDataLoss(
      ParseStatus(kStatus.substr(0, kStatus.size() / 2)).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      ParseStatus(absl::StrCat("Tgid:\tx\n", kStatus)).status()));
}

TEST(ParseMaps, ReadsWhatIsMapped) {
  const auto mappings = ParseMaps(
      "55d0a0a00000-55d0a0a21000 r-xp 0001f000 fd:01 1048602      "
      "              /usr/bin/my program\n"
      "7ffd4a1d0000-7ffd4a1f1000 rw-p 00000000 00:00 0"
      "                          [stack]\n"
      "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
      "7f0000001000-7f0000002000 rw-s 00000000 00:01 77 /memfd:x (deleted)\n"
      "7f0000002000-7f0000003000 r--p 00000000 08:02 78 /tmp/a\\012b\n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n");
  ASSERT_TRUE(mappings.ok()) << mappings.status();
  ASSERT_THAT(*mappings, SizeIs(6));
  const Mapping& text = (*mappings)[0];
  EXPECT_EQ(text.range,
            (AddressRange{Address(0x55d0a0a00000), Address(0x55d0a0a21000)}));
  EXPECT_EQ(text.file_offset, 0x1f000u);
  EXPECT_TRUE(text.readable);
  EXPECT_FALSE(text.writable);
  EXPECT_TRUE(text.executable);
  EXPECT_EQ(text.device, makedev(0xfd, 1));
  EXPECT_EQ(text.inode, 1048602u);
  EXPECT_EQ(text.path, "/usr/bin/my program");
  EXPECT_FALSE(text.deleted);
  EXPECT_EQ((*mappings)[1].path, "[stack]");
  EXPECT_EQ((*mappings)[2].path, "");
  EXPECT_FALSE((*mappings)[2].readable);
  EXPECT_EQ((*mappings)[3].path, "/memfd:x");
  EXPECT_TRUE((*mappings)[3].deleted);
  EXPECT_EQ((*mappings)[4].path, "/tmp/a\nb");
  EXPECT_EQ((*mappings)[5].range.end, Address(0xffffffffff601000));
}

TEST(ParseMaps, OfNothingIsNothing) {
  const auto mappings = ParseMaps("");
  ASSERT_TRUE(mappings.ok());
  EXPECT_THAT(*mappings, SizeIs(0));
}

TEST(ParseMaps, RefusesMalformedLinesOnOneLine) {
  for (const char* line :
       {"x", "-", "1-2", "1-2 r-xp", "1-2 r-xp 0 0:0", "2-1 r-xp 0 0:0 0 ",
        "1-1 r-xp 0 0:0 0 ", "1-2 r- 0 0:0 0 /a", "1-g r-xp 0 0:0 0 /a",
        "1-2 r-xp zz 0:0 0 /a", "1-2 r-xp 0 00 0 /a", "1-2 r-xp 0 0:0 q /a",
        "1-2 r-xp 0 0:0 -1 /a", "11111111111111111-2 r-xp 0 0:0 0 /a",
        "\x1b[2J"}) {
    const auto mappings = ParseMaps(absl::StrCat("1-2 r-xp 0 0:0 0 \n", line));
    EXPECT_TRUE(absl::IsDataLoss(mappings.status())) << line;
    EXPECT_THAT(std::string(mappings.status().message()),
                Not(HasSubstr("\x1b")));
  }
}

TEST(ParseCommandLine, SeparatesByBlanks) {
  const std::string text("a\0b c\0\0d\0\0", 10);
  EXPECT_EQ(ParseCommandLine(text), "a b c  d");
  EXPECT_EQ(ParseCommandLine(""), "");
  EXPECT_EQ(ParseCommandLine(absl::string_view("\0\0", 2)), "");
}

TEST(ParsePolledFds, ListsWhatAnEpollWaitsFor) {
  EXPECT_EQ(ParsePolledFds("pos:\t0\nflags:\t02000002\nmnt_id:\t14\n"
                           "tfd:        9 events:       19 data: 5  pos:0\n"
                           "tfd:        4 events: 80000001 data: ff  pos:0\n"),
            (std::vector<int32_t>{4, 9}));
  EXPECT_EQ(ParsePolledFds("pos:\t0\neventfd-count: 3\n"), std::nullopt);
  EXPECT_EQ(ParsePolledFds("tfd: x\n"), std::nullopt);
  EXPECT_EQ(ParsePolledFds("tfd:\n"), std::nullopt);
}

TEST(ParseAllowedCpus, ReadsRanges) {
  EXPECT_EQ(ParseAllowedCpus("Cpus_allowed_list:\t0-2,5\n"),
            (std::vector<int>{0, 1, 2, 5}));
  EXPECT_EQ(ParseAllowedCpus("Name:\tx\n"), std::vector<int>());
  EXPECT_EQ(ParseAllowedCpus("Cpus_allowed_list:\t9-4\n"), std::vector<int>());
  EXPECT_EQ(ParseAllowedCpus("Cpus_allowed_list:\t0-2000000000\n").size(),
            4096u);
}

}  // namespace
}  // namespace hubspy
