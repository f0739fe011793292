// Other people's programs, asleep in their event loops: gdb must find the same
// frames.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "profiler/unwind/live_capture.h"
#include "support/child.h"
#include "unwind/unwinder.h"

namespace hubspy {
namespace {

struct Program {
  std::string name;
  std::string path;
  std::vector<std::string> arguments;
};

// For the test's name, which otherwise shows the bytes of pointers.
void PrintTo(const Program& program, std::ostream* out) {
  *out << program.name;
}

// Physical frames, innermost first, as gdb sees them. It shows inlined ones as
// frames, too; those share the address of the frame they are in.
std::vector<uint64_t> FramesByGdb(pid_t pid) {
  constexpr char kScript[] =
      "python\n"
      "frame = gdb.newest_frame()\n"
      "while frame is not None:\n"
      "  if frame.type() != gdb.INLINE_FRAME: print('PC %d' % frame.pc())\n"
      "  frame = frame.older()\n"
      "end\n";
  const std::string script =
      absl::StrCat(testing::TempDir(), "/frames.", pid, ".gdb");
  std::ofstream(script) << kScript;
  Child gdb = Child::Exec(
      {"gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex",
       "set backtrace past-main on", "-ex", "set backtrace past-entry on", "-p",
       std::to_string(pid), "-x", script});
  std::vector<uint64_t> frames;
  while (const std::optional<std::string> line = gdb.NextLine()) {
    if (!absl::StartsWith(*line, "PC ")) continue;
    frames.push_back(std::strtoull(line->c_str() + 3, nullptr, 10));
  }
  gdb.Wait();
  unlink(script.c_str());
  return frames;
}

class Foreign : public testing::TestWithParam<Program> {
 protected:
  Foreign() {
    std::string name = testing::TempDir() + "foreign_XXXXXX";
    directory_ = mkdtemp(name.data());
    // One process, in the foreground, that serves nothing.
    std::ofstream(directory_ + "/nginx.conf")
        << "daemon off; master_process off; events {}\n"
        << "pid " << directory_ << "/nginx.pid;\n";
  }
  ~Foreign() override { std::filesystem::remove_all(directory_); }

  // Whatever the program has to write lies in {dir}.
  std::vector<std::string> CommandLine() const {
    std::vector<std::string> argv = {GetParam().path};
    for (const std::string& argument : GetParam().arguments) {
      argv.push_back(absl::StrReplaceAll(argument, {{"{dir}", directory_}}));
    }
    return argv;
  }

 private:
  std::string directory_;
};

TEST_P(Foreign, FramesAreTheOnesGdbFinds) {
  Child child = Child::Exec(CommandLine());
  AwaitSystemCall(child.pid(), {SYS_epoll_wait, SYS_epoll_pwait});

  // Timers of its own may wake it; stopped, it stays where both can look.
  child.Signal(SIGSTOP);
  AwaitStopped(child.pid());
  const ModuleMap modules = ReadModules(child.pid());
  const LiveCapture capture = CaptureAsleep(child.pid());
  Unwinder unwinder(modules);
  const Stack stack = unwinder.Unwind(capture.registers, capture.stack);

  std::vector<uint64_t> frames;
  for (const CodeAddress frame : stack.frames) {
    frames.push_back(frame.address().value());
  }
  EXPECT_THAT(frames, testing::ElementsAreArray(FramesByGdb(child.pid())));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

INSTANTIATE_TEST_SUITE_P(
    Programs, Foreign,
    testing::Values(Program{"Redis",
                            "/usr/bin/redis-server",
                            {"--port", "0", "--save", "", "--loglevel",
                             "warning", "--unixsocket", "{dir}/redis.sock"}},
                    Program{
                        "Node", "node", {"-e", "setTimeout(() => {}, 1e6)"}},
                    Program{"Python",
                            "/usr/bin/python3",
                            {"-c",
                             "import selectors\n"
                             "def wait(n): return wait(n - 1) if n else "
                             "selectors.EpollSelector().select(1000)\n"
                             "wait(5)"}},
                    Program{"Nginx",
                            "/usr/sbin/nginx",
                            {"-e", "/dev/null", "-c", "{dir}/nginx.conf"}}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace hubspy
