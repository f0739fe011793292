#include "target/core/core_file.h"

#include <string>

#include "core_bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

absl::StatusOr<CoreContents> Parse(const std::string& bytes) {
  return ParseCore(ReaderOf(bytes), bytes.size());
}

std::string Complaint(const std::string& bytes) {
  const absl::StatusOr<CoreContents> core = Parse(bytes);
  EXPECT_FALSE(core.ok());
  return std::string(core.status().message());
}

// A fault in the second of two threads, which therefore comes first.
CoreBytes Good() {
  CoreBytes core;
  core.AddThread({.tid = 8, .signal = 11, .pc = 0x401000, .sp = 0x7000});
  core.AddProcess(7, "server");
  core.AddSignalInfo(11, 0xdead);
  core.AddVdso(0x9000);
  core.AddFiles({{0x402000, 0x403000, 2, "/lib/b"},
                 {0x400000, 0x402000, 0, "/bin/server"}});
  core.AddThread({.tid = 7, .signal = 11});
  core.AddSegment(0x7000, "stack", 4096);
  core.AddSegment(0x400000, "", 8192, PF_R | PF_X);
  return core;
}

TEST(CoreFile, SaysWhatIsInIt) {
  const absl::StatusOr<CoreContents> core = Parse(Good().Build());
  ASSERT_TRUE(core.ok()) << core.status();
  EXPECT_EQ(core->pid, 7);
  EXPECT_EQ(core->name, "server");
  EXPECT_EQ(core->arguments, "./server --flag ");
  EXPECT_FALSE(core->stopped);
  ASSERT_THAT(core->threads, SizeIs(2));
  EXPECT_EQ(core->threads[0].tid, 8);
  EXPECT_EQ(core->threads[0].registers.pc(), Address(0x401000));
  EXPECT_EQ(core->threads[0].registers.sp(), Address(0x7000));
  ASSERT_TRUE(core->signal);
  EXPECT_EQ(core->signal->name, "SIGSEGV");
  EXPECT_EQ(core->signal->fault_address, Address(0xdead));
  EXPECT_EQ(core->vdso, Address(0x9000));
  ASSERT_THAT(core->segments, SizeIs(2));
  EXPECT_EQ(core->segments[0].range.size(), 4096u);
  EXPECT_EQ(core->segments[0].file_bytes, 5u);
  EXPECT_TRUE(core->segments[1].executable);
  EXPECT_EQ(core->segments[1].file_bytes, 0u);
  ASSERT_THAT(core->mappings, SizeIs(2));
  EXPECT_EQ(core->mappings[0].path, "/bin/server");
  EXPECT_EQ(core->mappings[1].file_offset, 8192u);
  EXPECT_EQ(core->cut_off_bytes, 0u);
}

TEST(CoreFile, AStopThatIsNotATracersIsAStop) {
  for (const auto& [state, stopped] :
       {std::pair('T', true), std::pair('t', false), std::pair('S', false)}) {
    CoreBytes core;
    core.AddThread({.tid = 1});
    core.AddProcess(1, "x", state);
    EXPECT_EQ(Parse(core.Build())->stopped, stopped) << state;
  }
}

TEST(CoreFile, AnotherMachinesOrNoCoreIsRefused) {
  std::string bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_machine), EM_S390);
  EXPECT_THAT(Complaint(bytes), HasSubstr(kMachineName));
  bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_type), ET_DYN);
  EXPECT_THAT(Complaint(bytes), HasSubstr("not a core"));
  EXPECT_THAT(Complaint(""), HasSubstr("no ELF file"));
  EXPECT_THAT(Complaint("#!/bin/sh\n"), HasSubstr("no ELF file"));
  CoreBytes nobody;
  nobody.AddProcess(1, "x");
  EXPECT_THAT(Complaint(nobody.Build()), HasSubstr("no thread"));
}

TEST(CoreFile, EveryBeginningOfACoreIsReadOrRefused) {
  const std::string whole = Good().Build();
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string bytes = whole.substr(0, size);
    const absl::StatusOr<CoreContents> core = Parse(bytes);
    if (!core.ok()) continue;
    EXPECT_EQ(core->cut_off_bytes,
              5 - std::min<size_t>(5, core->segments[0].file_bytes));
    for (const CoreSegment& segment : core->segments) {
      EXPECT_LE(segment.file_bytes, size);
    }
  }
}

TEST(CoreFile, LyingSegmentsAreRefusedOrCut) {
  const auto with = [](size_t field, uint64_t value) {
    std::string bytes = Good().Build();
    Put(bytes, CoreBytes::HeaderOf(0) + field, value);
    return bytes;
  };
  EXPECT_THAT(Complaint(with(offsetof(Elf64_Phdr, p_vaddr), UINT64_MAX - 9)),
              HasSubstr("address space"));
  EXPECT_THAT(Complaint(with(offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 1)),
              HasSubstr("address space"));
  EXPECT_THAT(Complaint(with(offsetof(Elf64_Phdr, p_filesz), 4097)),
              HasSubstr("address space"));
  const auto far = Parse(with(offsetof(Elf64_Phdr, p_offset), 1 << 30));
  ASSERT_TRUE(far.ok());
  EXPECT_EQ(far->segments[0].file_bytes, 0u);
  EXPECT_EQ(far->cut_off_bytes, 5u);
}

TEST(CoreFile, LyingHeadersAreRefused) {
  std::string bytes = Good().Build();
  Put<Elf64_Off>(bytes, offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8);
  EXPECT_THAT(Complaint(bytes), HasSubstr("program headers"));
  bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_phnum), 0xfffe);
  EXPECT_THAT(Complaint(bytes), HasSubstr("program headers"));
  bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_phentsize), 8);
  EXPECT_THAT(Complaint(bytes), HasSubstr("program headers"));
  // PN_XNUM: section 0 has the number, here more than any core has.
  bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_phnum), PN_XNUM);
  Put<Elf64_Off>(bytes, offsetof(Elf64_Ehdr, e_shoff), bytes.size());
  Elf64_Shdr section = {};
  section.sh_info = UINT32_MAX;
  Put(bytes, bytes.size(), section);
  EXPECT_THAT(Complaint(bytes), HasSubstr("too many program headers"));
}

TEST(CoreFile, AsManyProgramHeadersAsSectionZeroSays) {
  std::string bytes = Good().Build();
  Put<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_phnum), PN_XNUM);
  Put<Elf64_Off>(bytes, offsetof(Elf64_Ehdr, e_shoff), bytes.size());
  Elf64_Shdr section = {};
  section.sh_info = 3;
  Put(bytes, bytes.size(), section);
  const auto core = Parse(bytes);
  ASSERT_TRUE(core.ok()) << core.status();
  EXPECT_THAT(core->segments, SizeIs(2));
}

// A note of NT_FILE as it stands, whatever it says.
absl::StatusOr<CoreContents> WithFileNote(uint64_t count, uint64_t page_bytes,
                                          const std::string& rest) {
  CoreBytes core;
  core.AddThread({.tid = 1});
  std::string note;
  Put(note, 0, count);
  Put(note, 8, page_bytes);
  core.AddNote(NT_FILE, note + rest);
  return Parse(core.Build());
}

TEST(CoreFile, ALyingListOfFilesIsLeftOut) {
  std::string entry;
  for (const uint64_t word : {0x1000, 0x2000, 3})
    Put(entry, entry.size(), word);
  EXPECT_THAT(WithFileNote(1, 4096, entry + "/x")->mappings, SizeIs(1));
  EXPECT_THAT(WithFileNote(2, 4096, entry + "/x")->mappings, SizeIs(0));
  EXPECT_THAT(WithFileNote(UINT64_MAX, 4096, entry)->mappings, SizeIs(0));
  EXPECT_THAT(WithFileNote(UINT64_MAX / 24 + 2, 4096, entry)->mappings,
              SizeIs(0));
  EXPECT_THAT(WithFileNote(1, UINT64_MAX / 2, entry + "/x")->mappings,
              SizeIs(0));
  EXPECT_THAT(WithFileNote(1, 4096, entry)->mappings, SizeIs(0));
  std::string backwards;
  for (const uint64_t word : {0x2000, 0x1000, 0}) {
    Put(backwards, backwards.size(), word);
  }
  EXPECT_THAT(WithFileNote(1, 4096, backwards + "/x")->mappings, SizeIs(0));
}

// As a kernel for addresses of 39 bits tells.
TEST(CoreFile, TellsWhereAThreadsSignaturesAre) {
  std::string bits;
  Put<uint64_t>(bits, 0, 0x007fff80'00000000);  // data's
  Put<uint64_t>(bits, 8, 0x007fff80'00000000);
  CoreBytes core;
  core.AddNote(NT_ARM_PAC_MASK, bits, "LINUX");  // nobody's
  core.AddThread({.tid = 5});
  core.AddThread({.tid = 6});
  core.AddNote(NT_ARM_PAC_MASK, bits, "LINUX");
  const auto parsed = Parse(core.Build());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_THAT(parsed->threads, SizeIs(2));
  const uint64_t stored = 0x0035aaff'b0001234;
  EXPECT_EQ(parsed->threads[0].registers.WithoutSignature(stored),
            Registers().WithoutSignature(stored));
  EXPECT_EQ(parsed->threads[1].registers.WithoutSignature(stored),
            Address(0x0000007f'b0001234));
}

TEST(CoreFile, NotesOfAnotherSizeAreLeftOut) {
  CoreBytes core;
  core.AddNote(NT_PRSTATUS, std::string(335, 'x'));
  core.AddNote(NT_PRSTATUS, "");
  core.AddNote(NT_PRPSINFO, "x");
  core.AddNote(NT_SIGINFO, "x");
  core.AddNote(NT_FILE, "x");
  core.AddNote(NT_AUXV, "x");
  core.AddThread({.tid = -1});
  core.AddThread({.tid = 5});
  core.AddNote(NT_ARM_PAC_MASK, "x", "LINUX");
  const auto parsed = Parse(core.Build());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->threads, SizeIs(1));
  EXPECT_EQ(parsed->pid, 5);
}

}  // namespace
}  // namespace hubspy
