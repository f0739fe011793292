#include "green/worker_threads.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

#include "green/thread_id.h"

namespace green::internal {
namespace {

constinit std::atomic<WorkerThreads*> instance = nullptr;

// While it lives, what the calling thread starts takes no signals: those are
// for the program's own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

WorkerThreads& WorkerThreads::Get() {
  [[maybe_unused]] static const bool once = [] {
    instance = new WorkerThreads;
    AroundFork([] { instance.load()->mutex_.lock(); },
               [] { instance.load()->mutex_.unlock(); },
               &WorkerThreads::ReplaceAfterFork);
    return true;
  }();
  return *instance;
}

void WorkerThreads::ReplaceAfterFork() {
  auto* const replacement = new WorkerThreads;
  replacement->parents_ = instance;
  replacement->limit_ = replacement->parents_->limit_;
  instance = replacement;
}

void WorkerThreads::SetLimit(int limit) {
  const std::lock_guard lock(mutex_);
  limit_ = limit;
  while (threads_ < limit_ && idle_ < static_cast<int>(waiting_.size()))
    Start();
  changed_.notify_all();
}

void WorkerThreads::Add(std::shared_ptr<Work> work) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(work));
  if (idle_ < static_cast<int>(waiting_.size()) && threads_ < limit_) {
    try {
      Start();
    } catch (...) {
      // Those that there are will come to it.
      if (threads_ == 0) {
        waiting_.pop_back();
        throw;
      }
    }
  }
  changed_.notify_one();
}

void WorkerThreads::Start() {
  const SignalsBlocked blocked;
  std::thread([this] { Main(); }).detach();
  ++threads_;
  ++idle_;
}

void WorkerThreads::Main() {
  NameCurrentThread("green-offload");
  std::unique_lock lock(mutex_);
  while (threads_ <= limit_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    std::shared_ptr<Work> work = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_;
    lock.unlock();
    work->Run();
    work.reset();
    lock.lock();
    ++idle_;
  }
  --threads_;
  --idle_;
}

}  // namespace green::internal
