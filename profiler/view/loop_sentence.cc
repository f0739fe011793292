#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "view/annotation.h"

namespace hubspy {
namespace {

using Loop = Annotation::Loop;

// "lock cmpxchgl %edx, (%rdi)" -> "lock cmpxchgl".
std::string Mnemonic(const std::string& text) {
  const size_t from = absl::StartsWith(text, "lock ") ? 5 : 0;
  return text.substr(0, text.find(' ', from));
}

// What compilers for aarch64 call in place of an instruction that the oldest of
// these processors do not have (gcc's -moutline-atomics), in libgcc.
bool IsOutlinedAtomic(absl::string_view function) {
  if (!absl::ConsumePrefix(&function, "__aarch64_")) return false;
  for (const char* const operation :
       {"cas", "swp", "ldadd", "ldclr", "ldeor", "ldset"}) {
    if (absl::StartsWith(function, operation)) return true;
  }
  return false;
}

// Distinct texts, in the order in which they were first met.
class Names {
 public:
  void Add(const std::string& name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
      names_.push_back(name);
    }
  }
  bool empty() const { return names_.empty(); }
  size_t size() const { return names_.size(); }
  // "a", "a and b", "a, b and 5 more".
  std::string Join() const {
    constexpr size_t kMax = 3;
    std::vector<std::string> shown = names_;
    if (shown.size() > kMax) {
      shown.resize(kMax - 1);
      shown.push_back(absl::StrCat(names_.size() - shown.size(), " more"));
    }
    const std::string last = shown.back();
    shown.pop_back();
    if (shown.empty()) return last;
    return absl::StrCat(absl::StrJoin(shown, ", "), " and ", last);
  }

 private:
  std::vector<std::string> names_;
};

// What the instructions of a loop do, besides computing.
struct Deeds {
  Names waits;  // atomic operations, pause
  Names calls;
  Names system_calls;
};

Deeds DeedsOf(const Annotation& annotation, const Loop& loop) {
  Deeds deeds;
  for (size_t i = loop.first; i <= loop.last; ++i) {
    const Annotation::Instruction& instruction = annotation.instructions[i];
    switch (instruction.role) {
      case InstructionRole::kSystemCall:
        deeds.system_calls.Add(instruction.system_call_name);
        break;
      case InstructionRole::kPause:
      case InstructionRole::kAtomic:
        deeds.waits.Add(Mnemonic(instruction.text));
        break;
      case InstructionRole::kOther:
        break;
    }
    if (!instruction.is_call) continue;
    if (IsOutlinedAtomic(instruction.target_name)) {
      deeds.waits.Add(instruction.target_name);
      continue;
    }
    deeds.calls.Add(!instruction.target ? "a computed address"
                    : instruction.target_name.empty()
                        ? annotation.function
                        : instruction.target_name);
  }
  return deeds;
}

std::string SystemCalls(const Deeds& deeds) {
  if (deeds.system_calls.empty()) {
    return deeds.calls.empty() ? "makes no system call"
                               : "makes no system call of its own";
  }
  // One that nothing is known of has no name.
  if (deeds.system_calls.size() == 1 && deeds.system_calls.Join().empty()) {
    return "makes a system call";
  }
  return absl::StrCat("makes the system call",
                      deeds.system_calls.size() > 1 ? "s " : " ",
                      deeds.system_calls.Join());
}

// The shortest of those that hold about as much as any other: of a nest, the
// innermost that it is about.
const Loop* HottestLoop(const Annotation& annotation) {
  int64_t most = 0;
  for (const Loop& loop : annotation.loops) most = std::max(most, loop.total);
  if (most == 0 || most * 10 < annotation.total) return nullptr;
  const Loop* hottest = nullptr;
  for (const Loop& loop : annotation.loops) {
    if (loop.total * 10 < most * 9) continue;
    if (hottest == nullptr ||
        loop.last - loop.first < hottest->last - hottest->first) {
      hottest = &loop;
    }
  }
  return hottest;
}

}  // namespace

std::string LoopSentence(const Annotation& annotation) {
  const Loop* const loop = HottestLoop(annotation);
  if (loop == nullptr) return "";
  const Deeds deeds = DeedsOf(annotation, *loop);
  std::vector<std::string> clauses;
  if (!deeds.waits.empty()) {
    // Who only tries and pauses waits for another thread. Who does more counts,
    // or takes a lock, on its way.
    const bool spins = deeds.calls.empty() && deeds.system_calls.empty();
    clauses.push_back(
        absl::StrCat(spins ? "spins on " : "uses ", deeds.waits.Join()));
  }
  if (!deeds.calls.empty()) {
    clauses.push_back(absl::StrCat("calls ", deeds.calls.Join()));
  }
  clauses.push_back(SystemCalls(deeds));
  if (clauses.size() > 1) clauses.back() = "and " + clauses.back();
  return absl::StrFormat(
      "%.0f %% of the samples of %s are in the loop 0x%x..0x%x, which %s.",
      100.0 * loop->total / annotation.total, annotation.function,
      annotation.instructions[loop->first].address.value(),
      annotation.instructions[loop->last].address.value(),
      absl::StrJoin(clauses, ", "));
}

}  // namespace hubspy
