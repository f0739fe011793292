#include "cli/family.h"

#include <iterator>

#include "target/now.h"

namespace hubspy {
namespace {

// A child that lives for less may be missed. Listing a machine's processes
// takes a hundred microseconds or two.
constexpr int64_t kChildrenIntervalNs = 25'000'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Family>> Family::Open(int32_t pid,
                                                     const Options& options) {
  std::unique_ptr<Family> family(new Family(pid, options));
  if (absl::Status added = family->Add(pid); !added.ok()) return added;
  return family;
}

absl::Status Family::Add(int32_t pid) {
  absl::StatusOr<std::unique_ptr<Attachment>> member =
      Attachment::Open(pid, options_.open, programs_);
  if (!member.ok()) return member.status();
  (*member)->LookAtGreenThreads(options_.green);
  members_.push_back(*std::move(member));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ThreadLook>> Family::Look() {
  if (options_.children && NowNs() >= children_due_ns_) AddChildren();
  absl::StatusOr<std::vector<ThreadLook>> looks = first().Look();
  if (!looks.ok()) return looks;
  for (size_t i = 1; i < members_.size();) {
    absl::StatusOr<std::vector<ThreadLook>> more = members_[i]->Look();
    if (!more.ok()) {
      Remove(i, more.status());
      continue;
    }
    looks->insert(looks->end(), std::make_move_iterator(more->begin()),
                  std::make_move_iterator(more->end()));
    ++i;
  }
  return looks;
}

absl::Status Family::Refresh() {
  if (options_.children && NowNs() >= children_due_ns_) AddChildren();
  if (absl::Status status = first().Refresh(); !status.ok()) return status;
  for (size_t i = 1; i < members_.size();) {
    if (absl::Status status = members_[i]->Refresh(); !status.ok()) {
      Remove(i, status);
    } else {
      ++i;
    }
  }
  return absl::OkStatus();
}

void Family::AddChildren() {
  for (const int32_t pid : tree_.FindNew()) {
    const absl::Status added = Add(pid);
    if (!added.ok() && !absl::IsNotFound(added)) {
      ++refused_;
      refusal_ = added;
    }
  }
  children_due_ns_ = NowNs() + kChildrenIntervalNs;
}

void Family::Remove(size_t index, const absl::Status& why) {
  if (!absl::IsNotFound(why)) {
    ++refused_;
    refusal_ = why;
  }
  for (const auto& [tid, name] : members_[index]->thread_names()) {
    past_names_[tid] = name;
  }
  for (const auto& [id, name] : members_[index]->green_names()) {
    past_green_names_[id] = name;
  }
  members_.erase(members_.begin() + static_cast<ptrdiff_t>(index));
}

void Family::ChangeRate(double rate_hz) {
  options_.open.rate_hz = rate_hz;
  for (const auto& member : members_) member->process().ChangeRate(rate_hz);
}

void Family::LookAtGreenThreads(const Attachment::GreenLooks& looks) {
  options_.green = looks;
  for (const auto& member : members_) member->LookAtGreenThreads(looks);
}

size_t Family::threads() const {
  size_t threads = 0;
  for (const auto& member : members_) threads += member->threads();
  return threads;
}

absl::flat_hash_map<ThreadId, std::string> Family::thread_names() const {
  absl::flat_hash_map<ThreadId, std::string> names = past_names_;
  for (const auto& member : members_) {
    for (const auto& [tid, name] : member->thread_names()) names[tid] = name;
  }
  return names;
}

absl::flat_hash_map<Recording::GreenId, Recording::GreenName>
Family::green_names() const {
  absl::flat_hash_map<Recording::GreenId, Recording::GreenName> names =
      past_green_names_;
  for (const auto& member : members_) {
    for (const auto& [id, name] : member->green_names()) names[id] = name;
  }
  return names;
}

void Family::LearnJitNames(absl::Span<const Stack> stacks) {
  for (const auto& member : members_) member->LearnJitNames(stacks);
}

}  // namespace hubspy
