// A process, and if wanted those that it starts, looked at as one.
//
//   auto family = Family::Open(pid, {.open = ..., .children = true});
//   Sampler sampler([&] { return (*family)->Look(); }, waiter, options);
//
// It is there as long as its first process is. What its members were is known
// to the end (programs(), thread_names()).
#ifndef HUBSPY_CLI_FAMILY_H_
#define HUBSPY_CLI_FAMILY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cli/attachment.h"
#include "cli/program_list.h"
#include "sample/sampler.h"
#include "target/process.h"
#include "target/process_tree.h"

namespace hubspy {

class Family {
 public:
  struct Options {
    OpenOptions open;
    bool children = false;
    Attachment::GreenLooks green;
  };

  // Errors as Process::Open's, of the first process.
  static absl::StatusOr<std::unique_ptr<Family>> Open(int32_t pid,
                                                      const Options& options);

  // Every thread of every member, once. NotFound: the first process is gone.
  absl::StatusOr<std::vector<ThreadLook>> Look();
  // Follows its members, and what they become, without a look at any thread.
  // NotFound: the first process is gone.
  absl::Status Refresh();
  absl::Span<const std::unique_ptr<Attachment>> members() const {
    return members_;
  }
  void ChangeRate(double rate_hz);
  // Of those that it has and will have.
  void LookAtGreenThreads(const Attachment::GreenLooks& looks);
  // How many there were at the latest Look.
  size_t threads() const;

  absl::flat_hash_map<ThreadId, std::string> thread_names() const;
  absl::flat_hash_map<Recording::GreenId, Recording::GreenName> green_names()
      const;
  // All that its members were; the first process's first one is the first.
  absl::Span<const Program> programs() const { return programs_->all(); }
  void LearnJitNames(absl::Span<const Stack> stacks);

  // The process that it was opened for.
  Attachment& first() { return *members_.front(); }
  // Children that could not be looked at, and why the latest could not.
  int64_t refused() const { return refused_; }
  const absl::Status& refusal() const { return refusal_; }

 private:
  Family(int32_t pid, const Options& options) : options_(options), tree_(pid) {}

  absl::Status Add(int32_t pid);
  void AddChildren();
  void Remove(size_t index, const absl::Status& why);

  Options options_;
  ProcessTree tree_;
  std::shared_ptr<ProgramList> programs_ = std::make_shared<ProgramList>();
  std::vector<std::unique_ptr<Attachment>> members_;
  // Of members that are gone.
  absl::flat_hash_map<ThreadId, std::string> past_names_;
  absl::flat_hash_map<Recording::GreenId, Recording::GreenName>
      past_green_names_;
  int64_t children_due_ns_ = 0;
  int64_t refused_ = 0;
  absl::Status refusal_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_FAMILY_H_
