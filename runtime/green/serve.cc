#include "green/serve.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "green/fd_calls.h"
#include "green/green_pool.h"
#include "green/report.h"
#include "green/socket_fd_do.h"
#include "green/wait_list.h"

namespace green {

using internal::Direction;

namespace {

constexpr int64_t kFirstPauseNs = 5'000'000;
constexpr int64_t kLongestPauseNs = 1'000'000'000;

// What is short may be there again later; the connection waits meanwhile.
bool IsShortage(const std::error_code& code) {
  if (code.category() != std::generic_category()) return false;
  switch (code.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Shared with the handlers, which may outlive the call of Serve.
class Server : public std::enable_shared_from_this<Server> {
 public:
  Server(std::function<void(Socket)> handler, int concurrency)
      : handler_(std::move(handler)),
        concurrency_(concurrency),
        pool_(concurrency) {}

  void Run(Listener& listener) {
    listener.fd_.RequireOpen("Serve");
    struct Listening {
      ~Listening() { server.listener_ = nullptr; }
      Server& server;
    } listening{*this};
    listener_ = &listener;
    while (!stopped_ && listener.is_open()) {
      if (running_ >= concurrency_) {
        handler_ended_.Wait({.reason = abi::WaitReason::kPool});
      } else {
        AcceptOne(listener);
      }
    }
  }

 private:
  // Or none, when the server was stopped, or something is short.
  void AcceptOne(Listener& listener) {
    constexpr int64_t kStopped = INT64_MAX;
    int64_t fd;
    try {
      internal::Patience patience(internal::WaitList::kForever);
      fd = listener.fd_.Do(
          Direction::kRead, patience, "Accept", [this](int from) {
            return stopped_ ? kStopped : internal::AcceptStream(from);
          });
    } catch (const IoClosed&) {
      stopped_ = true;
      return;
    } catch (const std::system_error& error) {
      if (!IsShortage(error.code())) throw;
      Pause();
      return;
    }
    if (fd == kStopped) return;
    pause_ns_ = 0;
    Start(Socket(static_cast<int>(fd), listener.family_));
  }

  // One of the handlers that may run at a time. It goes with the call, which
  // may be dropped before it begins.
  class Place {
   public:
    explicit Place(std::shared_ptr<Server> server)
        : server_(std::move(server)) {
      ++server_->running_;
    }
    Place(Place&&) noexcept = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (server_ == nullptr) return;
      --server_->running_;
      server_->handler_ended_.NotifyAll();
    }
    Server& server() const { return *server_; }

   private:
    std::shared_ptr<Server> server_;
  };

  void Start(Socket connection) {
    try {
      pool_.SpawnN([](const Place& place,
                      Socket its) { place.server().Handle(std::move(its)); },
                   Place(shared_from_this()), std::move(connection));
    } catch (const std::bad_alloc&) {
      Pause();
    }
  }

  void Handle(Socket connection) {
    try {
      handler_(std::move(connection));
    } catch (const StopServe&) {
      stopped_ = true;
      if (listener_ != nullptr) listener_->fd_.Nudge(Direction::kRead);
    }
  }

  // Within a catch.
  void Pause() {
    if (pause_ns_ == 0) {
      internal::Report("green::Serve: no more connections for now",
                       std::current_exception());
    }
    pause_ns_ = std::clamp(2 * pause_ns_, kFirstPauseNs, kLongestPauseNs);
    handler_ended_.Wait({.reason = abi::WaitReason::kPool}, pause_ns_);
  }

  const std::function<void(Socket)> handler_;
  const int concurrency_;
  GreenPool pool_;
  internal::WaitList handler_ended_;
  Listener* listener_ = nullptr;  // while Run() goes on
  int running_ = 0;
  bool stopped_ = false;
  int64_t pause_ns_ = 0;  // until the next try, while something is short
};

void Serve(Listener& listener, std::function<void(Socket)> handler,
           const ServeOptions& options) {
  if (options.concurrency < 1) {
    throw std::invalid_argument("green::Serve: concurrency must be at least 1");
  }
  std::make_shared<Server>(std::move(handler), options.concurrency)
      ->Run(listener);
}

}  // namespace green
