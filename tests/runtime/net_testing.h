// What tests of sockets and of other file descriptors share.
#ifndef HUBSPY_TESTS_RUNTIME_NET_TESTING_H_
#define HUBSPY_TESTS_RUNTIME_NET_TESTING_H_

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "green/green.h"
#include "gtest/gtest.h"

namespace green {

class Pipe {
 public:
  Pipe() {
    if (pipe(fds_) != 0) std::abort();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseReadEnd();
    CloseWriteEnd();
  }

  int read_end() const { return fds_[0]; }
  int write_end() const { return fds_[1]; }

  // -1 from then on.
  void CloseReadEnd() { Close(fds_[0]); }
  void CloseWriteEnd() { Close(fds_[1]); }

  void Put(absl::string_view bytes) const {
    if (write(fds_[1], bytes.data(), bytes.size()) !=
        static_cast<ssize_t>(bytes.size())) {
      std::abort();
    }
  }
  char TakeByte() const {
    char byte = '\0';
    return read(fds_[0], &byte, 1) == 1 ? byte : '\0';
  }

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(std::exchange(fd, -1));
  }

  int fds_[2];
};

// Two that are connected over the loopback interface: who connected, who
// accepted. What they take without a reader is well below a megabyte.
inline std::pair<Socket, Socket> TcpPair() {
  Listener listener = Listen("127.0.0.1:0");
  Socket client = Connect(listener.address().ToString());
  std::pair<Socket, Socket> both = {std::move(client), listener.Accept()};
  const int size = 64 << 10;
  for (const int fd : {both.first.fd(), both.second.fd()}) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  }
  return both;
}

// What the exception of `body` says; "" when there is none.
inline std::string MessageOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

// The exit status of a forked child that returns body(); 255 when that throws.
// Nothing of EXPECT_* in it reaches anybody.
inline int StatusOfChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(body());
    } catch (...) {
      _exit(255);
    }
  }
  int status = -1;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

}  // namespace green

#endif  // HUBSPY_TESTS_RUNTIME_NET_TESTING_H_
