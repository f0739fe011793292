#include "support/child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// A test cannot go on without its child, and has no way to hand an error up.
[[noreturn]] void Die(const char* what) {
  perror(what);
  abort();
}

struct Pipe {
  int read_end;
  int write_end;
};

Pipe MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) Die("pipe2");
  return {ends[0], ends[1]};
}

// What every child does first.
void DieWithParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Yama lets only ancestors trace, and a test may put a tracer beside it.
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  if (getppid() != parent) _exit(1);  // it went before prctl took effect
}

void CloseIfOpen(int fd) {
  if (fd >= 0) close(fd);
}

}  // namespace

ChildPipes::~ChildPipes() {
  CloseIfOpen(read_fd_);
  CloseIfOpen(write_fd_);
}

ChildPipes::ChildPipes(ChildPipes&& other) noexcept
    : read_fd_(std::exchange(other.read_fd_, -1)),
      write_fd_(std::exchange(other.write_fd_, -1)),
      buffer_(std::move(other.buffer_)) {}

std::optional<std::string> ChildPipes::NextLine() {
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> chunk;
    const ssize_t n = read(read_fd_, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, {});
    }
    buffer_.append(chunk.data(), static_cast<size_t>(n));
  }
}

std::string ChildPipes::ReadToEnd() {
  std::string all = std::exchange(buffer_, {});
  for (;;) {
    std::array<char, 4096> chunk;
    const ssize_t n = read(read_fd_, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all;
    all.append(chunk.data(), static_cast<size_t>(n));
  }
}

void ChildPipes::WriteLine(absl::string_view line) {
  const std::string text = absl::StrCat(line, "\n");
  absl::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t n = write(write_fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    rest.remove_prefix(static_cast<size_t>(n));
  }
}

void ChildPipes::CloseWriteEnd() { CloseIfOpen(std::exchange(write_fd_, -1)); }

Child Child::Fork(const std::function<int(ChildPipes& parent)>& main) {
  signal(SIGPIPE, SIG_IGN);
  const Pipe to_child = MakePipe();
  const Pipe from_child = MakePipe();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) Die("fork");
  if (pid == 0) {
    DieWithParent(parent);
    close(to_child.write_end);
    close(from_child.read_end);
    ChildPipes pipes(to_child.read_end, from_child.write_end);
    _exit(main(pipes));
  }
  close(to_child.read_end);
  close(from_child.write_end);
  return Child(pid, ChildPipes(from_child.read_end, to_child.write_end));
}

Child Child::Exec(const std::vector<std::string>& argv,
                  const std::vector<std::string>& environment) {
  signal(SIGPIPE, SIG_IGN);
  const Pipe to_child = MakePipe();
  const Pipe from_child = MakePipe();
  std::vector<char*> arguments;
  for (const std::string& a : argv) {
    arguments.push_back(const_cast<char*>(a.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) Die("fork");
  if (pid == 0) {
    DieWithParent(parent);
    signal(SIGPIPE, SIG_DFL);  // an ignored signal survives exec
    dup2(to_child.read_end, STDIN_FILENO);
    dup2(from_child.write_end, STDOUT_FILENO);
    for (const std::string& variable : environment) {
      putenv(const_cast<char*>(variable.c_str()));
    }
    execvp(arguments[0], arguments.data());
    perror(arguments[0]);
    _exit(127);
  }
  close(to_child.read_end);
  close(from_child.write_end);
  return Child(pid, ChildPipes(from_child.read_end, to_child.write_end));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pipes_(std::move(other.pipes_)),
      end_(other.end_) {}

Child::~Child() {
  if (pid_ < 0 || end_) return;
  kill(pid_, SIGKILL);
  Wait();
}

void Child::Signal(int signal) const {
  if (kill(pid_, signal) != 0) Die("kill");
}

int Child::Wait() {
  if (end_) return *end_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) Die("waitpid");
  }
  end_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return *end_;
}

void AwaitSystemCall(pid_t tid, std::initializer_list<long> any_of) {
  const std::string path = absl::StrCat("/proc/", tid, "/syscall");
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Die(path.c_str());
  for (;;) {
    std::array<char, 256> text;
    const ssize_t n = pread(fd, text.data(), text.size(), 0);
    if (n < 0) Die(path.c_str());
    // "running", or the call's number in front of its arguments.
    const absl::string_view line(text.data(), static_cast<size_t>(n));
    if (absl::StartsWith(line, "-1 0x0 0x0")) {  // a zombie
      errno = ESRCH;
      Die(path.c_str());
    }
    long number;
    if (absl::SimpleAtoi(line.substr(0, line.find(' ')), &number) &&
        std::find(any_of.begin(), any_of.end(), number) != any_of.end()) {
      break;
    }
    sched_yield();
  }
  close(fd);
}

}  // namespace hubspy
