#include "symbolize/name_recording.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"

namespace hubspy {
namespace {

// What makes two frames the same in a profile: everything but their address.
struct FrameKey {
  std::string function;
  std::string file;
  int line = 0;
  int function_line = 0;
  std::string module;
  bool inlined = false;
  bool marker = false;
  friend bool operator==(const FrameKey&, const FrameKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const FrameKey& k) {
    return H::combine(std::move(h), k.function, k.file, k.line, k.function_line,
                      k.module, k.inlined, k.marker);
  }
};

struct SampleKey {
  uint32_t process = 0;
  ThreadId tid = 0;
  bool idle = false;
  ThreadActivity activity;
  std::optional<GreenActivity> green;
  StackEnd end = StackEnd::kComplete;
  uint32_t stack = 0;
  friend bool operator==(const SampleKey&, const SampleKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SampleKey& k) {
    return H::combine(std::move(h), k.process, k.tid, k.idle, k.activity,
                      k.green.has_value(), k.green.value_or(GreenActivity()),
                      k.end, k.stack);
  }
};

class Namer {
 public:
  Namer(const Recording& recording, absl::Span<const Program> programs,
        Symbolizer& symbolizer)
      : recording_(recording), programs_(programs), symbolizer_(symbolizer) {}

  Profile Run() {
    profile_.rate_hz = recording_.rate_hz;
    profile_.duration_ns = recording_.duration_ns;
    profile_.quality = recording_.quality;
    AddProcesses();
    // Stacks in the order in which they were first seen, so that the same
    // recording gives the same profile; a hash map's order is another each run.
    std::vector<uint32_t> named_stacks;
    named_stacks.reserve(recording_.stacks().size());
    for (const Stack& stack : recording_.stacks()) {
      named_stacks.push_back(InternStack(NameStack(stack)));
    }
    const auto named = [&](const Recording::Key& key) -> SampleKey {
      const Stack& stack = recording_.stacks()[key.stack];
      return {processes_[stack.program],
              key.tid,
              key.idle,
              key.activity,
              key.green,
              stack.end,
              named_stacks[key.stack]};
    };
    absl::flat_hash_map<SampleKey, int64_t> counts;
    for (const auto& [key, count] : recording_.counts()) {
      counts[named(key)] += count;
    }
    AddSamples(counts);
    AddThreads();
    AddGreenThreads();
    AddImages();
    if (const Recording::Timed* timed = recording_.timed()) {
      AddLanes(*timed, named);
    }
    return std::move(profile_);
  }

 private:
  void AddSamples(const absl::flat_hash_map<SampleKey, int64_t>& counts) {
    std::vector<SampleKey> keys;
    keys.reserve(counts.size());
    for (const auto& [key, count] : counts) keys.push_back(key);
    const auto order = [this](const SampleKey& k) {
      return std::tie(k.process, k.tid, k.green, k.idle, k.activity, k.end,
                      stacks_[k.stack]);
    };
    std::sort(keys.begin(), keys.end(),
              [&](const SampleKey& a, const SampleKey& b) {
                return order(a) < order(b);
              });
    for (const SampleKey& key : keys) {
      sample_ids_[key] = static_cast<uint32_t>(profile_.samples.size());
      profile_.samples.push_back(
          {.process = key.process,
           .tid = key.tid,
           .idle = key.idle,
           .state = key.activity.state,
           .system_call = NameSystemCall(key.activity.system_call),
           .green = key.green,
           .end = key.end,
           .frames = stacks_[key.stack],
           .count = counts.at(key)});
    }
  }

  std::string NameSystemCall(int64_t number) const {
    const auto name = recording_.system_call_names().find(number);
    return name == recording_.system_call_names().end() ? "" : name->second;
  }

  std::vector<uint32_t> NameStack(const Stack& stack) {
    std::vector<uint32_t> frames;
    for (size_t i = 0; i < stack.frames.size(); ++i) {
      if (stack.left_out.count > 0 && i == stack.left_out.after) {
        frames.push_back(InternFrame(LeftOutMarker()));
      }
      const std::vector<uint32_t>& named =
          NameAddress(stack.program, stack.frames[i]);
      frames.insert(frames.end(), named.begin(), named.end());
    }
    return frames;
  }

  const std::vector<uint32_t>& NameAddress(ProgramId id, CodeAddress address) {
    auto [it, inserted] = addresses_.try_emplace({id, address});
    if (inserted) {
      const Program& program = programs_[id];
      for (const SymbolFrame& frame :
           symbolizer_.Resolve(program.modules->Find(address.lookup()), address,
                               program.jit_names.get())) {
        it->second.push_back(InternFrame(frame));
      }
    }
    return it->second;
  }

  uint32_t InternFrame(SymbolFrame frame) {
    const auto next = static_cast<uint32_t>(profile_.frames.size());
    auto [it, inserted] = frames_.try_emplace(
        FrameKey{frame.function, frame.file, frame.line, frame.function_line,
                 frame.module, frame.inlined, frame.marker},
        next);
    if (inserted) profile_.frames.push_back(std::move(frame));
    return it->second;
  }

  uint32_t InternStack(std::vector<uint32_t> frames) {
    auto [it, inserted] =
        stack_ids_.try_emplace(frames, static_cast<uint32_t>(stacks_.size()));
    if (inserted) stacks_.push_back(std::move(frames));
    return it->second;
  }

  // Programs that look the same to a user are one.
  void AddProcesses() {
    absl::flat_hash_map<std::pair<int32_t, std::string>, uint32_t> known;
    for (const Program& program : programs_) {
      const auto next = static_cast<uint32_t>(profile_.processes.size());
      const auto [it, inserted] =
          known.try_emplace({program.pid, program.command}, next);
      if (inserted) {
        profile_.processes.push_back({program.pid, program.command});
      }
      processes_.push_back(it->second);
    }
    if (programs_.empty()) return;
    profile_.pid = programs_[0].pid;
    profile_.command = programs_[0].command;
  }

  // Every thread that has a name or a sample.
  void AddThreads() {
    absl::flat_hash_map<ThreadId, std::string> names =
        recording_.thread_names();
    for (const Profile::Sample& sample : profile_.samples) {
      names.try_emplace(sample.tid);
    }
    for (auto& [tid, name] : names) {
      profile_.threads.push_back({tid, std::move(name)});
    }
    std::sort(profile_.threads.begin(), profile_.threads.end(),
              [](const Profile::Thread& a, const Profile::Thread& b) {
                return a.tid < b.tid;
              });
  }

  void AddGreenThreads() {
    for (const auto& [id, green] : recording_.green_names()) {
      const Program& program = programs_[green.program];
      profile_.green_threads.push_back(
          {id.first, id.second,
           NameGreenThread(green.name, green.entry, *program.modules,
                           symbolizer_)});
    }
    std::sort(profile_.green_threads.begin(), profile_.green_threads.end(),
              [](const auto& a, const auto& b) {
                return std::tie(a.tid, a.id) < std::tie(b.tid, b.id);
              });
  }

  void AddImages() {
    absl::flat_hash_set<std::string> used;
    for (const SymbolFrame& frame : profile_.frames) used.insert(frame.module);
    for (const Program& program : programs_) {
      for (const LoadedModule& loaded : program.modules->modules()) {
        const Module& module = loaded.module;
        if (used.erase(module.path) == 0) continue;
        profile_.images.push_back({module.path, module.build_id, module.range});
      }
    }
  }

  template <typename NameKey>
  void AddLanes(const Recording::Timed& timed, NameKey named) {
    profile_.times_end_ns = timed.times.full_at_ns();
    std::vector<std::optional<uint32_t>> sample_of;
    for (Recording::Key key : timed.keys) {
      key.idle &= recording_.counts().contains(key);
      const auto sample = sample_ids_.find(named(key));
      sample_of.push_back(sample == sample_ids_.end()
                              ? std::nullopt
                              : std::optional(sample->second));
    }
    for (uint32_t i = 0; i < timed.times.lanes(); ++i) {
      Profile::Lane lane{timed.lanes[i].first, timed.lanes[i].second, {}};
      for (const Timeline::Span& span : timed.times.Spans(i)) {
        if (!sample_of[span.what]) continue;
        AddSpan(lane, {*sample_of[span.what], span.begin_ns, span.end_ns,
                       span.samples});
      }
      profile_.lanes.push_back(std::move(lane));
    }
    std::sort(profile_.lanes.begin(), profile_.lanes.end(),
              [](const Profile::Lane& a, const Profile::Lane& b) {
                return std::tie(a.tid, a.green) < std::tie(b.tid, b.green);
              });
  }

  // Addresses that have the same names are one sample.
  static void AddSpan(Profile::Lane& lane, const Profile::Lane::Span& span) {
    if (!lane.spans.empty() && lane.spans.back().sample == span.sample &&
        lane.spans.back().end_ns == span.begin_ns) {
      lane.spans.back().end_ns = span.end_ns;
      lane.spans.back().count += span.count;
    } else {
      lane.spans.push_back(span);
    }
  }

  const Recording& recording_;
  absl::Span<const Program> programs_;
  Symbolizer& symbolizer_;
  Profile profile_;
  std::vector<uint32_t> processes_;  // of each program
  absl::flat_hash_map<std::pair<ProgramId, CodeAddress>, std::vector<uint32_t>>
      addresses_;
  absl::flat_hash_map<FrameKey, uint32_t> frames_;
  std::vector<std::vector<uint32_t>> stacks_;
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> stack_ids_;
  absl::flat_hash_map<SampleKey, uint32_t> sample_ids_;
};

}  // namespace

std::string NameGreenThread(const std::string& name, Address entry,
                            const ModuleMap& modules, Symbolizer& symbolizer) {
  const LoadedModule* const module = modules.Find(entry);
  if (!name.empty() || module == nullptr) return name;
  const std::string& function =
      symbolizer.Resolve(module, CodeAddress::Exact(entry)).back().function;
  return absl::StartsWith(function, "green::internal::") ? "" : function;
}

Profile NameRecording(const Recording& recording,
                      absl::Span<const Program> programs,
                      Symbolizer& symbolizer) {
  return Namer(recording, programs, symbolizer).Run();
}

}  // namespace hubspy
