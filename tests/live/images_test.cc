// Programs whose files are no longer what they were when they were loaded, or
// lie in a file system that is not ours.
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

class Images : public testing::Test {
 protected:
  // In /tmp, and not where TempDir() may be, because nobody has to reach it.
  Images() : folder_(absl::StrCat("/tmp/hubspy_images.", getpid())) {
    fs::create_directory(folder_);
    fs::copy_file(IDLE_LOOP, program_);
    fs::copy_file(PARKED_LIBRARY_1, library_);
  }
  ~Images() override { fs::remove_all(folder_); }

  static Child Start(const std::vector<std::string>& argv) {
    Child child = Child::Exec(argv);
    EXPECT_EQ(child.ReadLine(), "ready");
    AwaitSystemCall(child.pid(), {kEpollWait, SYS_read});
    return child;
  }
  // Waits in the library, before any program's main.
  std::vector<std::string> InLibrary() const {
    return {"env", absl::StrCat("LD_PRELOAD=", library_.string()), program_};
  }
  static std::vector<std::string> AsNobody(std::vector<std::string> argv) {
    argv.insert(argv.begin(),
                {"setpriv", absl::StrCat("--reuid=", kNobody),
                 absl::StrCat("--regid=", kNobody), "--clear-groups"});
    return argv;
  }
  // As package managers do it: a new file takes over the name of the old one.
  void Replace(const fs::path& file, const fs::path& by) const {
    const fs::path newer = folder_ / "newer";
    fs::copy_file(by, newer);
    fs::rename(newer, file);
  }

  static ToolRun Dump(const Child& child, const ToolOptions& options = {}) {
    return RunHubspy({"dump", "-p", std::to_string(child.pid())}, options);
  }

  const fs::path folder_;
  const fs::path program_ = folder_ / "program";
  const fs::path library_ = folder_ / "library.so";
};

// The C library may have no names for what it keeps to itself.
void ExpectNamed(const ToolRun& run, const std::string& function) {
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr(absl::StrCat("\n    ", function, " (")),
                             Not(HasSubstr("program+0x")),
                             Not(HasSubstr("library.so+0x"))));
  EXPECT_THAT(run.err, IsEmpty());
}

// Of its library only where it lies, and `warning`, on one line.
void ExpectPlacedOnly(const ToolRun& run, const std::string& warning) {
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("    library.so+0x"),
                             Not(HasSubstr("WaitInLibrary"))));
  EXPECT_EQ(run.err, absl::StrCat(warning, ".\n"));
}

TEST_F(Images, AProgramThatWasDeletedIsNamed) {
  const Child child = Start({program_});
  fs::remove(program_);
  ExpectNamed(Dump(child), "main");
}

TEST_F(Images, AProgramThatWasReplacedIsNamedByWhatRuns) {
  const Child child = Start({program_});
  Replace(program_, SPIN);
  ExpectNamed(Dump(child), "main");
}

// The kernel lists the link's target only.
TEST_F(Images, AProgramIsCalledByTheLinkThatItWasStartedBy) {
  const fs::path link = folder_ / "server";
  fs::create_symlink("program", link);
  const Child by_link = Start({link});
  EXPECT_THAT(Dump(by_link).out, HasSubstr("\n    _start (server)"));
  const Child by_name = Start({program_});
  EXPECT_THAT(Dump(by_name).out, HasSubstr("\n    _start (program)"));
  // The link says nothing any more of what runs.
  fs::remove(link);
  fs::create_symlink(SPIN, link);
  EXPECT_THAT(Dump(by_link).out, HasSubstr("\n    _start (program)"));
}

TEST_F(Images, ALibraryThatWasReplacedIsNamedByWhatRuns) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to read what was replaced";
  const Child child = Start(InLibrary());
  Replace(library_, PARKED_LIBRARY_2);
  ExpectNamed(Dump(child), "WaitInLibrary");
}

TEST_F(Images, WithoutAPrivilegeAProgramThatWasReplacedIsNamedStill) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become someone else";
  const Child child = Start(AsNobody({program_}));
  Replace(program_, SPIN);
  ExpectNamed(Dump(child, {.user = kNobody}), "main");
}

TEST_F(Images, WithoutAPrivilegeALibraryThatWasReplacedIsPlacedWithALine) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become someone else";
  const Child child = Start(AsNobody(InLibrary()));
  ExpectNamed(Dump(child, {.user = kNobody}), "WaitInLibrary");
  Replace(library_, PARKED_LIBRARY_2);
  ExpectPlacedOnly(
      Dump(child, {.user = kNobody}),
      absl::StrCat(library_.string(),
                   " was deleted or replaced on disk after it was loaded; its "
                   "functions can be named with sudo only"));
}

// An overlay file system gives a file that is written to another body under the
// same name and number, and who runs the old one goes on to.
TEST_F(Images, ALibraryThatWasChangedInPlaceIsPlacedWithALine) {
  const std::string merged = folder_ / "merged";
  const std::string scratch = folder_ / "scratch";
  const std::string lower = folder_ / "lower";
  for (const std::string& folder : {merged, scratch, lower}) {
    fs::create_directory(folder);
  }
  fs::copy_file(library_, absl::StrCat(lower, "/library.so"));
  const std::string library = absl::StrCat(merged, "/library.so");
  // The shell that mounts it becomes the program on the line "go".
  const std::string script = absl::StrCat(
      "mount -t tmpfs none ", scratch, " && mkdir ", scratch, "/upper ",
      scratch, "/work && mount -t overlay -o lowerdir=", lower,
      ",upperdir=", scratch, "/upper,workdir=", scratch, "/work none ", merged,
      " && LD_PRELOAD=", library, " exec ", program_.string());
  Child child = Child::Exec({"unshare", "--mount", "sh", "-c", script});
  if (child.ReadLine() != "ready") {
    GTEST_SKIP() << "no overlay file system to be had here";
  }
  AwaitSystemCall(child.pid(), SYS_read);
  ExpectNamed(Dump(child), "WaitInLibrary");

  Child writer = Child::Exec({"nsenter", "--mount", "--target",
                              std::to_string(child.pid()), "cp",
                              PARKED_LIBRARY_2, library});
  ASSERT_EQ(writer.Wait(), 0);
  ExpectPlacedOnly(Dump(child),
                   absl::StrCat(library,
                                " was changed on disk after it was loaded; its "
                                "functions cannot be named"));
}

// The first child of a process.
pid_t ChildOf(pid_t pid) {
  pid_t child = 0;
  std::ifstream(absl::StrCat("/proc/", pid, "/task/", pid, "/children")) >>
      child;
  return child;
}

// A folder that holds one thing for us, and another for a container: a process
// with user, mount and process ids of its own.
class Container : public Images {
 protected:
  // Runs there what `script` becomes once the folder is empty. Null where the
  // kernel makes no such things.
  std::optional<Child> StartIn(const std::string& script) const {
    Child outer = Child::Exec(
        {"unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
         "--kill-child", "sh", "-c",
         absl::StrCat("mount -t tmpfs none ", folder_.string(), " && cd ",
                      folder_.string(), " && ", script)});
    if (outer.ReadLine() != "ready") return std::nullopt;
    AwaitSystemCall(ChildOf(outer.pid()), {kEpollWait, SYS_read});
    return outer;
  }

  static ToolRun DumpIn(const Child& outer) {
    return RunHubspy({"dump", "-p", std::to_string(ChildOf(outer.pid()))});
  }
};

constexpr char kNoContainer[] = "no user and mount namespaces to be had here";

TEST_F(Container, ItsProgramIsMeantAndNotOursOfThatName) {
  fs::copy_file(SPIN, program_, fs::copy_options::overwrite_existing);
  const auto outer = StartIn(
      absl::StrCat("cp ", IDLE_LOOP, " program && exec ", program_.string()));
  if (!outer) GTEST_SKIP() << kNoContainer;
  const ToolRun run = DumpIn(*outer);
  ExpectNamed(run, "main");
  EXPECT_THAT(run.out, HasSubstr("epoll_wait"));
}

TEST_F(Container, ItsProgramThatWeDoNotHaveIsNamedAlsoOnceItIsDeleted) {
  fs::remove(program_);
  const auto outer = StartIn(
      absl::StrCat("cp ", IDLE_LOOP, " program && exec ", program_.string()));
  if (!outer) GTEST_SKIP() << kNoContainer;
  ExpectNamed(DumpIn(*outer), "main");
  const std::string pid = std::to_string(ChildOf(outer->pid()));
  fs::remove(absl::StrCat("/proc/", pid, "/root", program_.string()));
  ExpectNamed(DumpIn(*outer), "main");
}

TEST_F(Container, DebugFilesAreThoseOfItsOwnFileSystem) {
  const auto outer = StartIn(absl::StrCat(
      "cp ", PARKED_STRIPPED, " library.so && mkdir .debug && cp ",
      PARKED_DEBUG, " .debug/ && cp ", IDLE_LOOP, " program && LD_PRELOAD=",
      library_.string(), " exec ", program_.string()));
  if (!outer) GTEST_SKIP() << kNoContainer;
  const ToolRun run = DumpIn(*outer);
  ExpectNamed(run, "WaitInLibrary");
  EXPECT_THAT(run.out, HasSubstr("WaitInLibrary (parked_library.cc:"));
}

}  // namespace
}  // namespace hubspy
