#include "green/task.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "green/code_names.h"
#include "green/control_block.h"
#include "green/green_pool.h"
#include "green/hub.h"
#include "green/report.h"
#include "green/throw_watch.h"
#include "green/traceback.h"

namespace green::internal {
namespace {

std::string Describe(const ControlBlock* block) {
  return block == nullptr ? "a call by a full pool's own green thread"
                          : DescribeGreenThread(*block);
}

void Call(const std::function<void()>& function) noexcept {
  try {
    function();
  } catch (...) {
    Report("a function linked to the end of a green thread threw",
           std::current_exception());
  }
}

}  // namespace

struct Task::Failure {
  std::exception_ptr exception;
  std::string who;
  uint64_t spawn_site = 0;
  std::unique_ptr<Traceback> thrown_at;  // nullptr: not known
  bool was_seen = false;

  // Names cost a thousand times what addresses do, so only when they are read.
  std::string Details() const {
    std::string text;
    if (thrown_at != nullptr) {
      text = absl::StrCat(
          "  it was thrown in:\n",
          FrameLines(*thrown_at, FramesOfThrowing(*thrown_at), "    "));
    }
    if (spawn_site != 0) {
      absl::StrAppend(&text, "  it was spawned in ", PlaceName(spawn_site - 1),
                      "\n");
    }
    return text;
  }
};

struct Task::Links {
  struct Entry {
    LinkId id;
    std::function<void()> function;
  };

  uint64_t next_id = 1;
  std::vector<Entry> entries;
};

Task::Task(uint64_t entry) : entry_(entry) {}

Task::~Task() {
  if (failure_ == nullptr || failure_->was_seen) return;
  Report(absl::StrCat(failure_->who,
                      " ended with an exception that nobody waited for"),
         failure_->exception, failure_->Details());
}

void Task::Execute() noexcept {
  // Of a call by a full pool's own green thread, it is not known.
  ThrowWatch watch(block_ == nullptr
                       ? StackBounds()
                       : StackBounds{block_->record.stack_begin.Get(),
                                     block_->record.stack_end.Get()});
  try {
    watch.Call([](void* task) { static_cast<Task*>(task)->Invoke(); }, this);
  } catch (const GreenExit&) {
    Fail(std::current_exception());
    failure_->was_seen = true;
  } catch (...) {
    Fail(std::current_exception());
    failure_->thrown_at = watch.Take();
  }
  DestroyCall();
  Finish();
}

void Task::ExecuteInPlace() {
  ControlBlock& caller = *Hub::Current().current_;
  InPlaceCall call{caller.in_place, caller.in_place_depth() + 1, {}};
  caller.in_place = &call;
  Execute();
  caller.in_place = call.outer;
  if (!failed()) return;
  const std::vector<std::exception_ptr>& thrown = call.thrown_from_outside;
  if (std::find(thrown.begin(), thrown.end(), failure_->exception) ==
      thrown.end()) {
    return;
  }
  failure_->was_seen = true;
  std::rethrow_exception(failure_->exception);
}

void Task::Abandon(std::exception_ptr why) noexcept {
  Fail(std::move(why));
  failure_->was_seen = true;
  DestroyCall();
  Finish();
}

void Task::Fail(std::exception_ptr why) {
  failure_ = std::make_unique<Failure>();
  failure_->exception = std::move(why);
  failure_->who = Describe(block_);
  if (block_ != nullptr) failure_->spawn_site = block_->record.spawn_site.Get();
}

// First the pool: who waited for this one finds its place free.
void Task::Finish() noexcept {
  finished_ = true;
  if (block_ != nullptr) block_->record.state.Set(abi::GreenState::kFinished);
  if (pool_ != nullptr) {
    pool_->Leave();
    pool_.reset();
  }
  waiters_.NotifyAll();
  if (links_ == nullptr) return;
  const std::unique_ptr<Links> links = std::move(links_);
  for (const Links::Entry& entry : links->entries) Call(entry.function);
}

Hub& Task::RequireItsHub(const char* method) const {
  Hub& hub = Hub::Current();
  if (hub_ == &hub) return hub;
  throw std::logic_error(
      absl::StrCat("green::GreenThread::", method,
                   ": it belongs to another OS thread's hub"));
}

void Task::Join() {
  if (finished_) return;
  const Hub& hub = RequireItsHub("Wait");
  if (hub.current_ == block_) {
    throw std::logic_error(
        "green::GreenThread::Wait: a green thread cannot wait for itself");
  }
  while (!finished_) waiters_.Wait({abi::WaitReason::kJoin, id()});
}

void Task::Wait() {
  Join();
  if (!failed()) return;
  failure_->was_seen = true;
  std::rethrow_exception(failure_->exception);
}

void Task::Kill(std::exception_ptr why) {
  if (!finished_) RequireItsHub("Kill").Kill(*block_, std::move(why));
}

void Task::KillWithoutWaiting(std::exception_ptr why) {
  if (finished_) return;
  RequireItsHub("Kill").KillWithoutWaiting(*block_, std::move(why));
}

bool Task::Cancel() {
  if (finished_) return false;
  return RequireItsHub("Cancel").EndUnbegun(
      *block_, std::make_exception_ptr(GreenExit()));
}

LinkId Task::Link(std::function<void()> function) {
  if (finished_) {
    Call(function);
    return LinkId{0};
  }
  RequireItsHub("Link");
  if (links_ == nullptr) links_ = std::make_unique<Links>();
  const auto id = static_cast<LinkId>(links_->next_id++);
  links_->entries.push_back({id, std::move(function)});
  return id;
}

bool Task::Unlink(LinkId id) {
  if (finished_) return false;
  RequireItsHub("Unlink");
  return links_ != nullptr &&
         std::erase_if(links_->entries, [id](const Links::Entry& entry) {
           return entry.id == id;
         }) > 0;
}

uint64_t Task::id() const {
  return block_ == nullptr ? 0 : block_->record.id.Get();
}

void Task::SetName(absl::string_view name) {
  if (block_ == nullptr) return;
  char(&field)[GreenRecord::kNameSize] = block_->record.name;
  const size_t size = std::min(name.size(), sizeof(field));
  std::memcpy(field, name.data(), size);
  std::memset(field + size, 0, sizeof(field) - size);
}

void StartFrom(uint64_t spawn_site, Task& task) {
  Hub& hub = Hub::Current();
  hub.Ready(hub.NewGreenThread(task, spawn_site));
}

void Start(Task& task) {
  StartFrom(reinterpret_cast<uint64_t>(__builtin_return_address(0)), task);
}

void StartAfter(Task& task, int64_t delay_ns) {
  const auto site = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  Hub& hub = Hub::Current();
  hub.WakeAfter(hub.NewGreenThread(task, site), delay_ns);
}

void StartAfterLocal(Task& task, int64_t delay_ns) {
  const auto site = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  Hub& hub = Hub::Current();
  if (hub.current_ == nullptr) {
    throw std::logic_error(
        "green::SpawnAfterLocal: a hub's callback is no green thread that "
        "anything could be local to");
  }
  ControlBlock& block = hub.NewGreenThread(task, site);
  hub.WakeAfter(block, delay_ns);
  AddLocal(*hub.current_, block);
}

}  // namespace green::internal
