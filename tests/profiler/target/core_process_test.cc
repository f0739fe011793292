#include "target/core/core_process.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "core_bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kCode = 0x400000;
constexpr uint64_t kPage = 4096;

class CoreProcessTest : public ::testing::Test {
 protected:
  CoreProcessTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("hubspy_core_process_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~CoreProcessTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::unique_ptr<Process> Open(const CoreBytes& core) {
    absl::StatusOr<std::unique_ptr<Process>> process =
        CoreProcess::Open(Write("core", core.Build()));
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  std::filesystem::path folder_;
};

// A library of two pages, the second of them its code.
std::string Library(const std::string& build_id) {
  const std::string note = NoteBytes("GNU", NT_GNU_BUILD_ID, build_id);
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_machine = kElfMachine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  std::string bytes;
  Put(bytes, 0, header);
  Elf64_Phdr notes = {};
  notes.p_type = PT_NOTE;
  notes.p_offset = sizeof(header) + 2 * sizeof(Elf64_Phdr);
  notes.p_filesz = note.size();
  Put(bytes, sizeof(header), notes);
  Elf64_Phdr code = {};
  code.p_type = PT_LOAD;
  code.p_flags = PF_R | PF_X;
  code.p_offset = code.p_vaddr = kPage;
  code.p_filesz = code.p_memsz = 100;
  Put(bytes, sizeof(header) + sizeof(notes), code);
  bytes += note;
  bytes.resize(kPage);
  bytes += "this is code";
  bytes.resize(2 * kPage);
  return bytes;
}

// Of a process that had `library` mapped from `path`; only its first page is
// in the core.
CoreBytes CoreWith(const std::string& library, const std::string& path) {
  CoreBytes core;
  core.AddThread({.tid = 7});
  core.AddFiles({{kCode, kCode + kPage, 0, path},
                 {kCode + kPage, kCode + 2 * kPage, 1, path}});
  core.AddSegment(kCode, library.substr(0, kPage), kPage, PF_R);
  return core;
}

std::string ReadText(const Process& process, uint64_t at, size_t size) {
  std::string text(size, '\0');
  text.resize(process.memory().Read(
      Address(at),
      absl::MakeSpan(reinterpret_cast<std::byte*>(text.data()), text.size())));
  return text;
}

TEST_F(CoreProcessTest, CodeThatTheCoreLeftOutIsReadFromTheSameBuild) {
  const std::string library = Library("one");
  const auto process = Open(CoreWith(library, Write("lib.so", library)));
  EXPECT_EQ(ReadText(*process, kCode + kPage, 12), "this is code");
  // Across the border of both, and not beyond the mapping.
  EXPECT_EQ(ReadText(*process, kCode, 3 * kPage), library);
  EXPECT_THAT(process->Gaps(), IsEmpty());
  const auto mappings = process->Mappings();
  ASSERT_EQ(mappings->size(), 2u);
  EXPECT_FALSE((*mappings)[0].executable);
  EXPECT_TRUE((*mappings)[1].executable);
  EXPECT_EQ((*mappings)[1].open_path, (*mappings)[1].path);
}

TEST_F(CoreProcessTest, AnotherBuildIsNotBelieved) {
  const std::string path = Write("lib.so", Library("two"));
  const auto process = Open(CoreWith(Library("one"), path));
  EXPECT_EQ(ReadText(*process, kCode + kPage, 12), "");
  EXPECT_THAT(process->Gaps(),
              ElementsAre("code of " + path +
                          " is not in the core, and the file here is of "
                          "another build"));
  EXPECT_EQ((*process->Mappings())[1].open_path, "");
}

TEST_F(CoreProcessTest, AFileThatIsGoneOrCannotBeComparedIsAGap) {
  EXPECT_THAT(Open(CoreWith(Library("one"), "/nowhere"))->Gaps(),
              ElementsAre(HasSubstr("no such file")));
  const std::string nameless(kPage, '\0');
  EXPECT_THAT(Open(CoreWith(nameless, Write("lib.so", Library("one"))))->Gaps(),
              ElementsAre(HasSubstr("no build id")));
  // A folder is a file, too.
  EXPECT_THAT(Open(CoreWith(Library("one"), folder_))->Gaps(),
              ElementsAre(HasSubstr("no such file")));
}

TEST_F(CoreProcessTest, AFileOfDataIsNoCodeThatIsMissing) {
  const std::string nameless(kPage, '\0');
  const std::string path = Write("locale", "no ELF image");
  EXPECT_THAT(Open(CoreWith(nameless, path))->Gaps(), IsEmpty());
}

TEST_F(CoreProcessTest, WhatCouldBeWrittenIsNotTakenFromTheFile) {
  const std::string library = Library("one");
  CoreBytes core = CoreWith(library, Write("lib.so", library));
  core.AddSegment(kCode + kPage, "", kPage, PF_R | PF_W);
  EXPECT_EQ(ReadText(*Open(core), kCode + kPage, 12), "");
}

TEST_F(CoreProcessTest, ThreadsAreSortedAndTheFirstTookTheSignal) {
  CoreBytes core;
  core.AddThread({.tid = 9, .signal = 6});
  core.AddProcess(8, "main");
  core.AddSleepingThread(8, 6);
  const auto process = Open(core);
  const auto threads = process->Threads();
  ASSERT_EQ(threads->size(), 2u);
  EXPECT_EQ((*threads)[0].tid, 8);
  EXPECT_EQ((*threads)[0].name, "main");
  EXPECT_EQ((*threads)[0].state, ThreadState::kSleeping);
  EXPECT_FALSE((*threads)[0].signal);
  EXPECT_EQ((*threads)[1].name, "");
  EXPECT_EQ((*threads)[1].state, ThreadState::kRunning);
  EXPECT_EQ((*threads)[1].signal->name, "SIGABRT");
  EXPECT_EQ(process->CommandLine(), "./main --flag");
}

TEST_F(CoreProcessTest, ACaptureIsBoundedAndAsAsked) {
  CoreBytes core;
  core.AddThread({.tid = 7, .pc = 1, .sp = 0x7004});
  core.AddSegment(0x7000, "0123456789", kPage);
  const auto process = Open(core);
  const auto snapshot =
      process->Capture({.tid = 7,
                        .max_stack_bytes = 4,
                        .also = {{Address(0x7001), Address(0x7003)},
                                 {Address(0x9000), Address(0x9008)}}});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->stack.begin, Address(0x7004));
  EXPECT_EQ((*snapshot)->stack.bytes.size(), 4u);
  EXPECT_EQ((*snapshot)->extra[0].Read<char>(Address(0x7001)), '1');
  EXPECT_THAT((*snapshot)->extra[1].bytes, IsEmpty());
  // What is behind the bytes in the file is not made up.
  EXPECT_EQ((*process->Capture({.tid = 7}))->stack.bytes.size(), 6u);
  EXPECT_TRUE(absl::IsNotFound(process->Capture({.tid = 8}).status()));
}

TEST_F(CoreProcessTest, TheVdsosBytesAreTheCores) {
  CoreBytes core;
  core.AddThread({.tid = 7});
  core.AddVdso(0x9000);
  core.AddSegment(0x9000, "vdso", kPage, PF_R | PF_X);
  const auto mappings = Open(core)->Mappings();
  ASSERT_EQ(mappings->size(), 1u);
  EXPECT_EQ((*mappings)[0].path, "[vdso]");
  EXPECT_EQ((*mappings)[0].range,
            (AddressRange{Address(0x9000), Address(0xa000)}));
}

TEST_F(CoreProcessTest, WhatIsNoCoreFileIsRefusedWithItsName) {
  EXPECT_THAT(CoreProcess::Open(folder_).status().message(),
              HasSubstr("not a regular file"));
  EXPECT_TRUE(absl::IsNotFound(CoreProcess::Open(folder_ / "no").status()));
  EXPECT_THAT(CoreProcess::Open(Write("text", "text")).status().message(),
              HasSubstr("as a core: it is no ELF file"));
}

}  // namespace
}  // namespace hubspy
