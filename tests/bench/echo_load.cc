// Loads a TCP echo server: so many connections, on each one message at a time,
// and the next one as soon as the answer is there.
//
//   echo_load [--connections=100] [--size=512] [--seconds=2]
//             [--server-cpu=0] [--load-cpu=1] SERVER [ARGUMENT...]
//
// Starts SERVER, which prints the port that it listens on, pins it to one CPU
// and itself to another, and kills it at the end. Prints how many requests a
// second were answered, and what each took of the server's CPU time, in which
// the neighbours' noise is not.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bench/measure.h"

namespace {

struct Options {
  double connections = 100;
  double size = 512;
  double seconds = 2;
  double server_cpu = 0;
  double load_cpu = 1;
  char** server = nullptr;  // its argv
};

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "echo_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int Check(int result, const char* what) {
  if (result < 0) Die(what);
  return result;
}

Options ParseOptions(char** argv) {
  Options options;
  const std::pair<const char*, double*> numbers[] = {
      {"--connections=", &options.connections},
      {"--size=", &options.size},
      {"--seconds=", &options.seconds},
      {"--server-cpu=", &options.server_cpu},
      {"--load-cpu=", &options.load_cpu}};
  char** argument = argv + 1;
  for (; *argument != nullptr; ++argument) {
    absl::string_view text = *argument;
    bool known = false;
    for (const auto& [name, value] : numbers) {
      if (absl::ConsumePrefix(&text, name)) {
        known = absl::SimpleAtod(text, value);
      }
    }
    if (!known) break;
  }
  options.server = argument;
  if (*argument == nullptr ||
      absl::string_view(*argument).substr(0, 2) == "--") {
    std::fprintf(stderr,
                 "usage: echo_load [--connections=N] [--size=BYTES] "
                 "[--seconds=S] [--server-cpu=N] [--load-cpu=N] "
                 "SERVER [ARGUMENT...]\n");
    std::exit(2);
  }
  return options;
}

// Does nothing on a machine that has no such CPU.
void PinTo(double cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

class Server {
 public:
  explicit Server(const Options& options) {
    int pipe_fds[2];
    Check(pipe(pipe_fds), "pipe");
    pid_ = Check(fork(), "fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      PinTo(options.server_cpu);
      dup2(pipe_fds[1], STDOUT_FILENO);
      close(pipe_fds[0]);
      close(pipe_fds[1]);
      execvp(options.server[0], options.server);
      Die(options.server[0]);
    }
    close(pipe_fds[1]);
    std::FILE* const output = fdopen(pipe_fds[0], "r");
    if (std::fscanf(output, "%d", &port_) != 1) {
      std::fprintf(stderr, "echo_load: %s printed no port\n",
                   options.server[0]);
      std::exit(1);
    }
    std::fclose(output);
    errno = clock_getcpuclockid(pid_, &cpu_clock_);
    if (errno != 0) Die("clock_getcpuclockid");
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  int port() const { return port_; }
  int64_t CpuNs() const { return bench::ReadNs(cpu_clock_); }

 private:
  pid_t pid_;
  int port_ = 0;
  clockid_t cpu_clock_;
};

int ConnectTo(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = Check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  Check(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
        "connect");
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return fd;
}

class Load {
 public:
  Load(const Options& options, int port)
      : message_(static_cast<size_t>(options.size), 'x'),
        answer_(message_.size(), '\0'),
        epoll_(Check(epoll_create1(0), "epoll_create1")) {
    for (size_t i = 0; i < message_.size(); ++i) {
      message_[i] = static_cast<char>('a' + i % 26);
    }
    connections_.resize(static_cast<size_t>(options.connections));
    for (Connection& connection : connections_) {
      connection.fd = ConnectTo(port);
      epoll_event event = {.events = EPOLLIN, .data = {.ptr = &connection}};
      Check(epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event),
            "epoll_ctl");
      Ask(connection);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const Connection& connection : connections_) close(connection.fd);
    close(epoll_);
  }

  // How many requests were answered.
  int64_t RunUntil(int64_t deadline_ns) {
    const int64_t answered_before = answered_;
    while (bench::NowNs() < deadline_ns) {
      epoll_event events[256];
      const int count = epoll_wait(epoll_, events, 256, 100);
      for (int i = 0; i < count; ++i) {
        Answer(*static_cast<Connection*>(events[i].data.ptr));
      }
    }
    return answered_ - answered_before;
  }

 private:
  struct Connection {
    int fd = -1;
    size_t got = 0;  // of the answer
  };

  // A message is smaller than a socket's buffer, which is empty.
  void Ask(const Connection& connection) {
    const ssize_t sent =
        send(connection.fd, message_.data(), message_.size(), 0);
    if (sent != static_cast<ssize_t>(message_.size())) Die("send");
  }

  void Answer(Connection& connection) {
    const size_t wanted = message_.size() - connection.got;
    const ssize_t size = recv(connection.fd, answer_.data(), wanted, 0);
    if (size <= 0) Die("recv");
    if (message_.compare(connection.got, static_cast<size_t>(size),
                         answer_.data(), static_cast<size_t>(size)) != 0) {
      std::fprintf(stderr, "echo_load: the answer is not what was asked\n");
      std::exit(1);
    }
    connection.got += static_cast<size_t>(size);
    if (connection.got < message_.size()) return;
    connection.got = 0;
    ++answered_;
    Ask(connection);
  }

  std::string message_;
  std::string answer_;
  int epoll_;
  std::vector<Connection> connections_;
  int64_t answered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argv);
  const Server server(options);
  PinTo(options.load_cpu);
  Load load(options, server.port());
  const auto duration_ns = static_cast<int64_t>(options.seconds * 1e9);
  load.RunUntil(bench::NowNs() + duration_ns / 10);  // to warm up

  const int64_t start_ns = bench::NowNs();
  const int64_t start_cpu_ns = server.CpuNs();
  const auto answered =
      static_cast<double>(load.RunUntil(start_ns + duration_ns));
  const auto cpu_ns = static_cast<double>(server.CpuNs() - start_cpu_ns);
  const auto real_ns = static_cast<double>(bench::NowNs() - start_ns);
  bench::Print("requests_per_s", answered / real_ns * 1e9);
  bench::Print("server_cpu_ns_per_request", cpu_ns / answered);
  bench::Print("server_cpu_share", cpu_ns / real_ns);
}
