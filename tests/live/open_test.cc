// What can be asked of a process besides captures, and who is turned away.
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/shared.h"
#include "target/linux/proc_files.h"
#include "target/process.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every refusal is one line.
std::string Message(const absl::StatusOr<std::unique_ptr<Process>>& process) {
  const std::string message(process.status().message());
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  return message;
}

Child ForkWaiting() {
  return Child::Fork([](ChildPipes& parent) {
    parent.ReadLine();
    return 0;
  });
}

TEST(Open, SaysThatThereIsNoSuchProcess) {
  int32_t pid;
  {
    const Child child = ForkWaiting();
    pid = child.pid();
  }
  const auto process = Process::Open(pid);
  EXPECT_TRUE(absl::IsNotFound(process.status())) << process.status();
  EXPECT_THAT(Message(process), HasSubstr(absl::StrCat("no process ", pid)));
}

TEST(Open, RefusesWhatIsNoProcessId) {
  EXPECT_TRUE(absl::IsInvalidArgument(Process::Open(0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Process::Open(-1).status()));
}

TEST(Open, RefusesItself) {
  const auto process = Process::Open(getpid());
  EXPECT_TRUE(absl::IsInvalidArgument(process.status())) << process.status();
  EXPECT_THAT(Message(process), HasSubstr("itself"));
}

TEST(Open, SaysThatAZombieHasExited) {
  Child child = Child::Fork([](ChildPipes&) { return 3; });
  siginfo_t info;
  ASSERT_EQ(
      waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT),
      0);
  const auto process = Process::Open(child.pid());
  EXPECT_TRUE(absl::IsNotFound(process.status())) << process.status();
  EXPECT_THAT(Message(process), HasSubstr("has exited"));
  EXPECT_EQ(child.Wait(), 3);
}

TEST(Open, NamesTheProcessOfAThread) {
  Child child = Child::Fork([](ChildPipes& parent) {
    std::thread thread([&] {
      parent.WriteLine(absl::StrCat(gettid()));
      parent.ReadLine();
    });
    thread.join();
    return 0;
  });
  const int32_t tid = std::stoi(child.ReadLine());
  const auto process = Process::Open(tid);
  EXPECT_TRUE(absl::IsInvalidArgument(process.status())) << process.status();
  EXPECT_THAT(Message(process),
              HasSubstr(absl::StrCat("thread of process ", child.pid())));
}

TEST(Open, RefusesAKernelThread) {
  std::ifstream stat("/proc/2/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  const auto parsed = ParseStat(text);
  if (!parsed.ok() || !parsed->kernel_thread) {
    GTEST_SKIP() << "process 2 is no kernel thread here (a container)";
  }
  const auto process = Process::Open(2);
  EXPECT_TRUE(absl::IsInvalidArgument(process.status())) << process.status();
  EXPECT_THAT(Message(process), HasSubstr("kernel thread"));
}

TEST(Open, TellsWhoMayNotLookWhatToDo) {
  const Child target = ForkWaiting();
  constexpr uid_t kNobody = 65534;
  Child child = Child::Fork([&](ChildPipes& parent) {
    // Whoever we are, this process may not look at that one.
    if (geteuid() != 0) {
      parent.WriteLine(Process::Open(1).status().ToString());
      return 0;
    }
    if (setuid(kNobody) != 0) return 1;
    parent.WriteLine(Process::Open(target.pid()).status().ToString());
    return 0;
  });
  const std::string status = child.ReadLine();
  EXPECT_THAT(status, HasSubstr("PERMISSION_DENIED"));
  EXPECT_THAT(status, HasSubstr("use sudo"));
}

// A whole 32-bit program: pause() forever.
std::string ThirtyTwoBitProgram() {
  constexpr uint32_t kLoadAddress = 0x08048000;
  const std::array<unsigned char, 9> code = {
      0xb8, 29,   0, 0, 0,  // mov $29, %eax (pause)
      0xcd, 0x80,           // int $0x80
      0xeb, 0xf7,           // jmp to the start
  };
  Elf32_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_386;
  header.e_version = EV_CURRENT;
  header.e_entry = kLoadAddress + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);
  header.e_phoff = sizeof(Elf32_Ehdr);
  header.e_ehsize = sizeof(Elf32_Ehdr);
  header.e_phentsize = sizeof(Elf32_Phdr);
  header.e_phnum = 1;
  Elf32_Phdr segment = {};
  segment.p_type = PT_LOAD;
  segment.p_vaddr = kLoadAddress;
  segment.p_filesz = sizeof(header) + sizeof(segment) + sizeof(code);
  segment.p_memsz = segment.p_filesz;
  segment.p_flags = PF_R | PF_X;
  segment.p_align = 4096;
  std::string program(reinterpret_cast<const char*>(&header), sizeof(header));
  program.append(reinterpret_cast<const char*>(&segment), sizeof(segment));
  program.append(reinterpret_cast<const char*>(code.data()), code.size());
  return program;
}

TEST(Open, RefusesA32BitProgram) {
  const std::string path =
      absl::StrCat(testing::TempDir(), "pause32.", getpid());
  {
    std::ofstream file(path);
    file << ThirtyTwoBitProgram();
  }
  chmod(path.c_str(), 0755);
  Child child = Child::Fork([&](ChildPipes& parent) {
    // The write end closes itself as the exec succeeds.
    execl(path.c_str(), path.c_str(), nullptr);
    parent.WriteLine("cannot run it");
    return 0;
  });
  const bool runs = child.ReadToEnd().empty();
  unlink(path.c_str());
  if (!runs) GTEST_SKIP() << "this kernel runs no 32-bit programs";
  const auto process = Process::Open(child.pid());
  EXPECT_TRUE(absl::IsFailedPrecondition(process.status())) << process.status();
  EXPECT_THAT(Message(process), HasSubstr("32-bit"));
}

TEST(Process, ListsItsThreadsByIdWithTheirNames) {
  Child child = Child::Fork([](ChildPipes& parent) {
    prctl(PR_SET_NAME, "a) R 1 \x1b[2J");
    std::thread thread([&] {
      prctl(PR_SET_NAME, "worker");
      parent.WriteLine(absl::StrCat(gettid()));
      parent.ReadLine();
    });
    thread.join();
    return 0;
  });
  const int32_t tid = std::stoi(child.ReadLine());
  AwaitSystemCall(child.pid(), {SYS_futex});
  AwaitSystemCall(tid, SYS_read);
  const auto process = Process::Open(child.pid());
  ASSERT_TRUE(process.ok()) << process.status();
  const auto threads = (*process)->Threads();
  ASSERT_TRUE(threads.ok()) << threads.status();
  ASSERT_GE(threads->size(), 2u);  // a sanitizer may have one of its own
  EXPECT_EQ(threads->front().tid, child.pid());
  EXPECT_EQ(threads->front().name, "a) R 1 ?[2J");
  EXPECT_EQ(threads->front().state, ThreadState::kSleeping);
  EXPECT_EQ(threads->back().tid, tid);
  EXPECT_EQ(threads->back().name, "worker");
}

// A fork has it where we have it.
constexpr char kKnown[] = "known to parent and child";

TEST(Process, OutlivesItsMainThread) {
  Child child = Child::Fork([](ChildPipes& parent) {
    static ChildPipes* pipes = &parent;
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          pipes->ReadLine();
          pipes->WriteLine(absl::StrCat(gettid()));
          pipes->ReadLine();
          _exit(0);
        },
        nullptr);
    // Not pthread_exit, which unwinds, and a sanitizer's runtime with it.
    syscall(SYS_exit, 0);
    return 0;
  });
  child.WriteLine("go");
  const int32_t tid = std::stoi(child.ReadLine());
  AwaitSystemCall(tid, SYS_read);
  const auto process = Process::Open(child.pid());
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE((*process)->Alive());
  const auto mappings = (*process)->Mappings();
  ASSERT_TRUE(mappings.ok()) << mappings.status();
  ASSERT_FALSE(mappings->empty());
  std::array<std::byte, sizeof(kKnown)> known;
  EXPECT_EQ(
      (*process)->memory().Read(Address(reinterpret_cast<uint64_t>(&kKnown)),
                                absl::MakeSpan(known)),
      known.size());
  EXPECT_EQ(std::memcmp(known.data(), &kKnown, sizeof(kKnown)), 0);
  const auto snapshot = (*process)->Capture({.tid = tid});
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  const auto gone = (*process)->Capture({.tid = child.pid()});
  EXPECT_TRUE(absl::IsNotFound(gone.status())) << gone.status();
}

TEST(Process, ShowsItsCommandLine) {
  Child child = Child::Exec({"cat", "-", "a b"});
  AwaitSystemCall(child.pid(), SYS_read);
  const auto process = Process::Open(child.pid());
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ((*process)->CommandLine(), "cat - a b");
  EXPECT_EQ((*process)->pid(), child.pid());
}

TEST(Process, ReadsMemoryUpToWhereItEnds) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* const pages =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  mprotect(pages + page, page, PROT_NONE);
  std::memcpy(pages + page - 5, "bytes", 5);
  const Child child = ForkWaiting();
  const auto process = Process::Open(child.pid());
  ASSERT_TRUE(process.ok()) << process.status();
  const Address end(reinterpret_cast<uint64_t>(pages + page));
  std::array<std::byte, 64> into;
  EXPECT_EQ((*process)->memory().Read(end - 5, absl::MakeSpan(into)), 5u);
  EXPECT_EQ(std::memcmp(into.data(), "bytes", 5), 0);
  EXPECT_EQ((*process)->memory().Read(end, absl::MakeSpan(into)), 0u);
  EXPECT_EQ((*process)->memory().Read(Address(~uint64_t{0} - 3),
                                      absl::MakeSpan(into)),
            0u);
  munmap(pages, 2 * page);
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Maps a file named `name` in this process, for a child to inherit, and
// returns the child's mapping of it.
class MappedFile : public testing::Test {
 protected:
  std::string MakeFile(const std::string& name) {
    path_ = absl::StrCat(testing::TempDir(), name, ".", getpid());
    {
      std::ofstream file(path_);
      file << "contents";
    }
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    memory_ = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return path_;
  }
  void TearDown() override {
    munmap(memory_, 4096);
    unlink(path_.c_str());
  }

  Mapping MappingIn(int32_t pid) {
    const auto process = Process::Open(pid);
    if (!process.ok()) return {};
    const auto mappings = (*process)->Mappings();
    if (!mappings.ok()) return {};
    for (const Mapping& mapping : *mappings) {
      if (mapping.range.begin.value() == reinterpret_cast<uint64_t>(memory_)) {
        return mapping;
      }
    }
    return {};
  }

 private:
  std::string path_;
  void* memory_ = nullptr;
};

TEST_F(MappedFile, IsOpenedByItsOwnPathWhereThatIsTheSameFile) {
  const std::string path = MakeFile("with space\nand newline");
  const Child child = ForkWaiting();
  const Mapping mapping = MappingIn(child.pid());
  EXPECT_EQ(mapping.path, path);
  EXPECT_FALSE(mapping.deleted);
  EXPECT_TRUE(mapping.readable);
  EXPECT_FALSE(mapping.writable);
  EXPECT_FALSE(mapping.executable);
  EXPECT_EQ(mapping.open_path, path);
}

TEST_F(MappedFile, IsFoundEvenWhenDeletedAndReplaced) {
  const std::string path = MakeFile("replaced");
  unlink(path.c_str());
  std::ofstream(path) << "something else";
  const Child child = ForkWaiting();
  const Mapping mapping = MappingIn(child.pid());
  EXPECT_EQ(mapping.path, path);
  EXPECT_TRUE(mapping.deleted);
  if (mapping.open_path.empty()) {
    GTEST_SKIP() << "needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE";
  }
  EXPECT_EQ(Contents(mapping.open_path), "contents");
}

TEST(MappedFileElsewhere, IsOpenedThroughTheTargetsOwnRoot) {
  // At one path, we see one file and the child, in a mount namespace of its
  // own, another.
  const std::string directory =
      absl::StrCat(testing::TempDir(), "elsewhere.", getpid());
  const std::string path = absl::StrCat(directory, "/file");
  mkdir(directory.c_str(), 0755);
  std::ofstream(path) << "ours";
  Child child = Child::Fork([&](ChildPipes& parent) {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", directory.c_str(), "tmpfs", 0, nullptr) != 0) {
      parent.WriteLine("needs CAP_SYS_ADMIN");
      return 0;
    }
    std::ofstream(path) << "theirs";
    void* const memory = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE,
                              open(path.c_str(), O_RDONLY | O_CLOEXEC), 0);
    parent.WriteLine(memory == MAP_FAILED ? "cannot map" : "mapped");
    parent.ReadLine();
    return 0;
  });
  const std::string answer = child.ReadLine();
  std::string contents;
  if (answer == "mapped") {
    const auto process = Process::Open(child.pid());
    ASSERT_TRUE(process.ok()) << process.status();
    const auto mappings = (*process)->Mappings();
    ASSERT_TRUE(mappings.ok()) << mappings.status();
    for (const Mapping& mapping : *mappings) {
      if (mapping.path == path) contents = Contents(mapping.open_path);
    }
  }
  unlink(path.c_str());
  rmdir(directory.c_str());
  if (answer != "mapped") GTEST_SKIP() << answer;
  EXPECT_EQ(contents, "theirs");
}

}  // namespace
}  // namespace hubspy
