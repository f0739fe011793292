#include "green/task.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "green/control_block.h"
#include "green/green_pool.h"
#include "green/hub.h"
#include "green/report.h"

namespace green::internal {
namespace {

std::string Describe(const ControlBlock* block) {
  if (block == nullptr) return "a call by a full pool's own green thread";
  const GreenRecord& record = block->record;
  const absl::string_view name(record.name,
                               strnlen(record.name, sizeof(record.name)));
  return name.empty()
             ? absl::StrCat("green thread ", record.id.Get())
             : absl::StrCat("green thread ", record.id.Get(), " (", name, ")");
}

}  // namespace

struct Task::Failure {
  std::exception_ptr exception;
  std::string who;
  bool was_seen = false;
};

Task::Task(uint64_t entry) : entry_(entry) {}

Task::~Task() {
  if (failure_ == nullptr || failure_->was_seen) return;
  Report(absl::StrCat(failure_->who,
                      " ended with an exception that nobody waited for"),
         failure_->exception);
}

void Task::Execute() noexcept {
  try {
    Invoke();
  } catch (const GreenExit&) {
    Fail(std::current_exception());
    failure_->was_seen = true;
  } catch (...) {
    Fail(std::current_exception());
  }
  DestroyCall();
  Finish();
}

void Task::Abandon(std::exception_ptr why) noexcept {
  Fail(std::move(why));
  failure_->was_seen = hub_->closing_;
  DestroyCall();
  Finish();
}

void Task::Fail(std::exception_ptr why) {
  failure_ = std::make_unique<Failure>();
  failure_->exception = std::move(why);
  failure_->who = Describe(block_);
}

void Task::Finish() noexcept {
  finished_ = true;
  if (block_ != nullptr) block_->record.state.Set(abi::GreenState::kFinished);
  // First the pool: who waited for this one finds its place free.
  if (pool_ != nullptr) {
    pool_->Leave();
    pool_.reset();
  }
  if (!waiters_.empty()) hub_->ReadyAll(waiters_);
}

void Task::Wait() {
  if (!finished_) {
    Hub& hub = Hub::Current();
    if (hub_ != &hub) {
      throw std::logic_error(
          "green::GreenThread::Wait: it belongs to another thread's hub");
    }
    if (hub.current_ == block_) {
      throw std::logic_error(
          "green::GreenThread::Wait: a green thread cannot wait for itself");
    }
    while (!finished_) hub.WaitIn(waiters_, abi::WaitReason::kJoin);
  }
  if (failure_ == nullptr) return;
  failure_->was_seen = true;
  std::rethrow_exception(failure_->exception);
}

void Task::SetName(absl::string_view name) {
  if (block_ == nullptr) return;
  char(&field)[GreenRecord::kNameSize] = block_->record.name;
  const size_t size = std::min(name.size(), sizeof(field));
  std::memcpy(field, name.data(), size);
  std::memset(field + size, 0, sizeof(field) - size);
}

void Start(Task& task) {
  Hub& hub = Hub::Current();
  hub.Ready(hub.NewGreenThread(task));
}

void StartAfter(Task& task, int64_t delay_ns) {
  Hub& hub = Hub::Current();
  hub.WakeAfter(hub.NewGreenThread(task), delay_ns);
}

}  // namespace green::internal
