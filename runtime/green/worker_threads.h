// OS threads that run what is brought to them: Offload's.
//
// The surprising part: they are never joined. A process may end while they run,
// and a forked child, which has none of them, starts its own.
#ifndef GREEN_WORKER_THREADS_H_
#define GREEN_WORKER_THREADS_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace green::internal {

class Work {
 public:
  virtual ~Work() = default;

  // On a worker thread. Must not throw.
  virtual void Run() = 0;
};

class WorkerThreads {
 public:
  // The process's.
  static WorkerThreads& Get();

  // At most so many at a time, from now on; at least 1.
  void SetLimit(int limit);

  // Has `work` run when a thread is free. Throws std::system_error when there
  // is none, and none can be started.
  void Add(std::shared_ptr<Work> work);

 private:
  static void ReplaceAfterFork();
  void Start();
  void Main();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Work>> waiting_;
  int limit_ = 20;
  int threads_ = 0;
  int idle_ = 0;

  // A forked child's copy of its parent's. What is left in it stays.
  WorkerThreads* parents_ = nullptr;
};

}  // namespace green::internal

#endif  // GREEN_WORKER_THREADS_H_
