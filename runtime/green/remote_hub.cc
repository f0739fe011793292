#include "green/remote_hub.h"

#include <cstdint>
#include <exception>

#include "green/inbox.h"
#include "green/report.h"

namespace green {
namespace {

class Call final : public internal::Message {
 public:
  explicit Call(std::function<void()> function)
      : function_(std::move(function)) {}

  void Deliver() override {
    const std::function<void()> function = std::move(function_);
    try {
      function();
    } catch (...) {
      internal::Report("a posted function ended with an exception",
                       std::current_exception());
    }
  }

 private:
  std::function<void()> function_;
};

class Birth final : public internal::Message {
 public:
  Birth(uint64_t spawn_site, internal::TaskPointer<internal::Task> task)
      : spawn_site_(spawn_site), task_(std::move(task)) {}

  void Deliver() override {
    const internal::TaskPointer<internal::Task> task = std::move(task_);
    try {
      internal::StartFrom(spawn_site_, *task);
    } catch (...) {
      internal::Report("a green thread could not be spawned",
                       std::current_exception());
    }
  }

 private:
  const uint64_t spawn_site_;
  internal::TaskPointer<internal::Task> task_;
};

}  // namespace

bool RemoteHub::Post(std::function<void()> function) const {
  return inbox_ != nullptr &&
         inbox_->Post(std::make_shared<Call>(std::move(function)));
}

bool RemoteHub::Start(internal::TaskPointer<internal::Task> task) const {
  const auto spawn_site =
      reinterpret_cast<uint64_t>(__builtin_return_address(0));
  return inbox_ != nullptr &&
         inbox_->Post(std::make_shared<Birth>(spawn_site, std::move(task)));
}

}  // namespace green
