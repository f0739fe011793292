// A child process driven over pipes, for tests that need something alive.
//
//   Child child = Child::Fork([](ChildPipes& parent) {
//     parent.WriteLine("ready");
//     parent.ReadLine();                     // until the test says go
//     return 0;                              // the exit status
//   });
//   ASSERT_EQ(child.ReadLine(), "ready");
//   child.WriteLine("go");
//   EXPECT_EQ(child.Wait(), 0);
//
//   Child tool = Child::Exec({"/usr/bin/gdb", "--version"});
//
// Promises: the child is dead and reaped when its Child is destroyed, and dies
// with the test program, however that ends.
//
// The surprising part: Fork runs a copy of the test. What the function captured
// is the copy's, EXPECT_* inside it reaches nobody, and only one thread exists
// in it. Say things over the pipe. And make a child before anything that starts
// threads: TSan refuses threads in a child of a threaded process.
#ifndef HUBSPY_TESTS_SUPPORT_CHILD_H_
#define HUBSPY_TESTS_SUPPORT_CHILD_H_

#include <sys/syscall.h>
#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace hubspy {

// Both ends of a conversation in lines, over file descriptors that it owns.
class ChildPipes {
 public:
  ChildPipes(int read_fd, int write_fd)
      : read_fd_(read_fd), write_fd_(write_fd) {}
  ~ChildPipes();
  ChildPipes(ChildPipes&& other) noexcept;
  ChildPipes& operator=(ChildPipes&&) = delete;

  // The next line without its newline; blocks until there is one. At the end
  // of the stream: what is left, and then nullopt.
  std::optional<std::string> NextLine();
  // As NextLine; the end of the stream is an empty string.
  std::string ReadLine() { return NextLine().value_or(""); }
  // Everything up to the end of the stream.
  std::string ReadToEnd();
  // Writes `line` and a newline. A reader that is gone is not an error.
  void WriteLine(absl::string_view line);
  // The other side reads an end of stream.
  void CloseWriteEnd();

  int read_fd() const { return read_fd_; }

 private:
  int read_fd_;
  int write_fd_;
  std::string buffer_;
};

class Child {
 public:
  // Runs `main` in a fork of this process; what it returns is the exit status.
  static Child Fork(const std::function<int(ChildPipes& parent)>& main);
  // Runs argv[0] (looked up in PATH) with pipes at its standard input and
  // output; standard error stays ours. `environment` holds "NAME=value"s to
  // set besides our own.
  static Child Exec(const std::vector<std::string>& argv,
                    const std::vector<std::string>& environment = {});

  ~Child();  // kills and reaps
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  pid_t pid() const { return pid_; }

  std::optional<std::string> NextLine() { return pipes_.NextLine(); }
  std::string ReadLine() { return pipes_.ReadLine(); }
  std::string ReadToEnd() { return pipes_.ReadToEnd(); }
  void WriteLine(absl::string_view line) { pipes_.WriteLine(line); }
  void CloseWriteEnd() { pipes_.CloseWriteEnd(); }

  void Signal(int signal) const;
  // Waits for its end: the exit status, or minus the signal that killed it.
  int Wait();

 private:
  Child(pid_t pid, ChildPipes pipes) : pid_(pid), pipes_(std::move(pipes)) {}

  pid_t pid_;
  ChildPipes pipes_;
  std::optional<int> end_;
};

// What the C library's epoll_wait() and pause() make. Machines that came later
// do not have the first ones.
#if defined(SYS_epoll_wait)
inline constexpr long kEpollWait = SYS_epoll_wait;
inline constexpr long kPause = SYS_pause;
#else
inline constexpr long kEpollWait = SYS_epoll_pwait;
inline constexpr long kPause = SYS_ppoll;
#endif

// Returns once the kernel says that thread `tid` of any process is blocked in
// one of these system calls (SYS_*): how a test knows that its child "is
// there", which no line written before the call can say. Dies when the thread
// is gone.
void AwaitSystemCall(pid_t tid, std::initializer_list<long> any_of);
inline void AwaitSystemCall(pid_t tid, long number) {
  AwaitSystemCall(tid, {number});
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_CHILD_H_
