#include "green/result_line.h"

#include <stdexcept>

#include "green/caller.h"

namespace green::internal {
namespace {

TaskPointer<Task> Share(Task& task) {
  task.AddReference();
  return TaskPointer<Task>(&task);
}

}  // namespace

ResultLine::Adding::Adding(std::shared_ptr<ResultLine> line)
    : line_(std::move(line)) {
  ++line_->adding_;
}

ResultLine::Adding::~Adding() {
  if (line_ != nullptr && --line_->adding_ == 0) line_->takers_.NotifyAll();
}

// All of them: one that is notified may be interrupted before it takes.
void ResultLine::Add(TaskPointer<Task> call) {
  calls_.push_back(std::move(call));
  takers_.NotifyAll();
}

void ResultLine::StartSpawner(TaskPointer<Task> spawner) {
  spawn_site_ = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  StartFrom(spawn_site_, *spawner);
  spawner_ = std::move(spawner);
}

bool ResultLine::WaitForRoom() {
  while (!abandoned_ && calls_.size() >= limit_) {
    room_.Wait({abi::WaitReason::kPool, address()});
  }
  return !abandoned_;
}

void ResultLine::StartAndAdd(TaskPointer<Task> call) {
  StartFrom(spawn_site_, *call);
  Add(std::move(call));
}

void ResultLine::Abandon() {
  abandoned_ = true;
  if (spawner_ == nullptr || spawner_->finished()) return;
  // Which unwinds it by itself.
  if (Caller::HubCloses()) return;
  spawner_->KillWithoutWaiting(std::make_exception_ptr(GreenExit()));
  if (reading_ && Caller::Block() != nullptr) Caller::YieldUninterrupted();
}

bool ResultLine::HasNext() {
  while (calls_.empty() && adding_ > 0) {
    takers_.Wait({abi::WaitReason::kPool, address()});
  }
  return !calls_.empty() || (spawner_ != nullptr && spawner_->failed());
}

void ResultLine::ThrowWhatEndedSpawner() {
  const TaskPointer<Task> spawner = Share(*spawner_);
  spawner->Join();
  const bool another_took_it = spawner_ == nullptr;
  if (another_took_it) return;
  spawner_.reset();
  spawner->Wait();
}

TaskPointer<Task> ResultLine::Take() {
  while (HasNext()) {
    if (calls_.empty()) {
      ThrowWhatEndedSpawner();
      continue;
    }
    const TaskPointer<Task> first = Share(*calls_.front());
    first->Join();
    const bool another_took_it =
        calls_.empty() || calls_.front().get() != first.get();
    if (another_took_it) continue;
    TaskPointer<Task> taken = std::move(calls_.front());
    calls_.pop_front();
    room_.NotifyOne();
    return taken;
  }
  return nullptr;
}

Task& ResultLine::Current() {
  if (current_ == nullptr) current_ = Take();
  if (current_ == nullptr) {
    throw std::logic_error("green: there are no more results");
  }
  current_->Wait();
  return *current_;
}

void ResultLine::Advance() {
  if (current_ != nullptr) {
    LeaveCurrent();
  } else if (!calls_.empty()) {
    calls_.pop_front();
    room_.NotifyOne();
  }
}

}  // namespace green::internal
