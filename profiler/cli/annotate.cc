#include "annotate/annotate.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/attachment.h"
#include "cli/choose_function.h"
#include "cli/commands.h"
#include "cli/naming.h"
#include "cli/notes.h"
#include "cli/signal_waiter.h"
#include "cli/source_text.h"
#include "sample/sampler.h"
#include "target/system_call_name.h"
#include "unwind/code_reader.h"
#include "view/annotation.h"
#include "view/fold.h"

namespace hubspy {
namespace {

// More than any function has; a bound for what a hostile symbol can cost.
constexpr uint64_t kMaxCodeBytes = 1 << 20;
// A function may be inlined into hundreds: those where it was hottest are
// shown.
constexpr size_t kMaxPlaces = 4;

// One function's code, in which the wanted function was seen: it itself, or one
// that it is inlined into.
struct CodePlace {
  const LoadedModule* module = nullptr;  // null: code made at run time
  std::vector<AddressRange> ranges;
  std::vector<FunctionSample> samples;  // as the listing numbers addresses
  int64_t count = 0;

  uint64_t bias() const {
    return module == nullptr ? 0 : module->module.load_bias;
  }
};

// Counts, for every function seen, the samples with it in their stack.
std::vector<SeenFunction> SeenFunctions(const Profile& profile,
                                        bool include_idle) {
  absl::flat_hash_map<std::string, int64_t> counts;
  for (const Profile::Sample& sample : profile.samples) {
    if (sample.idle && !include_idle) continue;
    absl::flat_hash_set<absl::string_view> names;
    for (const uint32_t frame : sample.frames) {
      names.insert(profile.frames[frame].function);
    }
    for (const absl::string_view name : names) {
      counts[std::string(name)] += sample.count;
    }
  }
  std::vector<SeenFunction> seen;
  for (const auto& [name, count] : counts) seen.push_back({name, count});
  return seen;
}

class Annotator {
 public:
  Annotator(Attachment& attachment, Symbolizer& symbolizer,
            const std::string& function)
      : attachment_(attachment),
        symbolizer_(symbolizer),
        code_(attachment.modules()),
        function_(function) {}

  // Hottest first.
  std::vector<CodePlace> FindPlaces(const Recording& recording,
                                    bool include_idle) {
    Found found;
    for (const auto& [key, count] : recording.counts()) {
      if (key.idle && !include_idle) continue;
      // What the process was before an exec, or before other code was loaded in
      // its place, is not there to be shown.
      if (recording.stacks()[key.stack].program != attachment_.program_id()) {
        continue;
      }
      AddSample(recording.stacks()[key.stack], count, found);
    }
    std::vector<CodePlace> sorted;
    for (auto& [begin, place] : found.places) {
      sorted.push_back(std::move(place));
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const CodePlace& a, const CodePlace& b) {
                       return a.count > b.count;
                     });
    return sorted;
  }

  Annotation Annotate(const CodePlace& place) {
    const Code code = ReadCode(place);
    Annotation annotation = AnnotateCode(code.pieces, place.samples);
    annotation.function = function_;
    annotation.bytes_left_out = code.bytes_left_out;
    const SymbolFrame& holder =
        Resolve(place, place.ranges[0].begin - place.bias()).back();
    annotation.module = holder.module;
    if (holder.function != function_) annotation.inlined_into = holder.function;
    NameInstructions(place, annotation);
    return annotation;
  }

 private:
  struct Found {
    std::map<Address, CodePlace> places;  // by where their code begins
    absl::flat_hash_map<CodeAddress, CodePlace*> by_frame;
  };
  struct Code {
    std::vector<CodePiece> pieces;
    uint64_t bytes_left_out = 0;
  };

  absl::Span<const SymbolFrame> ResolveAt(CodeAddress address) {
    return symbolizer_.Resolve(attachment_.modules().Find(address.lookup()),
                               address, &attachment_.jit_names());
  }
  // `listed`: as the listing numbers addresses.
  absl::Span<const SymbolFrame> Resolve(const CodePlace& place,
                                        Address listed) {
    return ResolveAt(CodeAddress::Exact(listed + place.bias()));
  }

  bool IsWanted(absl::Span<const SymbolFrame> frames) const {
    return std::any_of(
        frames.begin(), frames.end(),
        [this](const SymbolFrame& f) { return f.function == function_; });
  }

  // Null: not in the wanted function, or where that ends is not known.
  CodePlace* PlaceOf(CodeAddress address, Found& found) {
    const auto [known, is_new] = found.by_frame.try_emplace(address, nullptr);
    if (!is_new) return known->second;
    if (!IsWanted(ResolveAt(address))) return nullptr;
    const LoadedModule* const module =
        attachment_.modules().Find(address.lookup());
    std::vector<AddressRange> ranges =
        symbolizer_.FunctionRanges(module, address, &attachment_.jit_names());
    if (ranges.empty()) return nullptr;
    CodePlace& place = found.places[ranges[0].begin];
    place.module = module;
    place.ranges = std::move(ranges);
    return known->second = &place;
  }

  void AddSample(const Stack& stack, int64_t count, Found& found) {
    absl::flat_hash_map<CodePlace*, FunctionSample> here;
    for (size_t i = 0; i < stack.frames.size(); ++i) {
      const CodeAddress frame = stack.frames[i];
      CodePlace* const place = PlaceOf(frame, found);
      if (place == nullptr) continue;
      FunctionSample& sample = here[place];
      const Address listed = frame.lookup() - place->bias();
      if (i == 0) {
        sample.own = listed;
      } else {
        sample.callers.push_back(listed);
      }
    }
    for (auto& [place, sample] : here) {
      sample.count = count;
      place->count += count;
      place->samples.push_back(std::move(sample));
    }
  }

  Code ReadCode(const CodePlace& place) {
    Code code;
    uint64_t room = kMaxCodeBytes;
    for (const AddressRange& range : place.ranges) {
      std::vector<uint8_t> bytes(std::min(range.size(), room));
      room -= bytes.size();
      // Code that is in no file is read in the target, as it is there now.
      size_t got = code_.Read(range.begin, absl::MakeSpan(bytes));
      if (got == 0) {
        got = attachment_.process().memory().Read(
            range.begin,
            absl::MakeSpan(reinterpret_cast<std::byte*>(bytes.data()),
                           bytes.size()));
      }
      bytes.resize(got);
      code.bytes_left_out += range.size() - got;
      if (got == 0) continue;
      code.pieces.push_back(
          {.begin = range.begin - place.bias(), .bytes = std::move(bytes)});
    }
    return code;
  }

  void NameInstructions(const CodePlace& place, Annotation& annotation) {
    std::map<std::pair<std::string, int>, size_t> sources;
    for (Annotation::Instruction& instruction : annotation.instructions) {
      const absl::Span<const SymbolFrame> frames =
          Resolve(place, instruction.address);
      if (!annotation.inlined_into.empty()) {
        instruction.is_inlined_part = IsWanted(frames);
      }
      const SymbolFrame& innermost = frames.front();
      if (innermost.line > 0) {
        const auto [source, is_new] = sources.try_emplace(
            {innermost.file, innermost.line}, annotation.sources.size());
        if (is_new) {
          annotation.sources.push_back(
              {.file = innermost.file,
               .line = innermost.line,
               .text = source_text_.Line(innermost.file, innermost.line)});
        }
        instruction.source = source->second;
      }
      if (instruction.target) NameTarget(place, instruction);
      if (instruction.system_call) {
        instruction.system_call_name =
            SystemCallName(static_cast<int64_t>(*instruction.system_call));
      }
    }
  }

  void NameTarget(const CodePlace& place,
                  Annotation::Instruction& instruction) {
    const Address target = *instruction.target + place.bias();
    // The last range that begins at or before it.
    const auto behind = std::upper_bound(
        place.ranges.begin(), place.ranges.end(), target,
        [](Address at, const AddressRange& range) { return at < range.begin; });
    const bool inside =
        behind != place.ranges.begin() && std::prev(behind)->Contains(target);
    if (inside) return;
    instruction.target_name =
        ResolveAt(CodeAddress::Exact(target)).back().function;
  }

  Attachment& attachment_;
  Symbolizer& symbolizer_;
  const CodeReader code_;
  const std::string function_;
  SourceText source_text_;
};

absl::Status Record(Family& family, const AnnotateOptions& options,
                    Recording& recording) {
  SignalWaiter waiter;
  std::cerr << absl::StrFormat(
      "Sampling process %d %g times a second for %g s.\n", options.pid,
      options.rate_hz, absl::ToDoubleSeconds(options.duration));
  Sampler sampler([&] { return family.Look(); }, waiter,
                  {.rate_hz = options.rate_hz, .seed = std::random_device{}()});
  const Sampler::Stop stop =
      SampleUntil(sampler, family, recording,
                  waiter.NowNs() + absl::ToInt64Nanoseconds(options.duration),
                  [](const std::string& note) { std::cerr << note << "\n"; });
  return CheckRecorded(recording, stop, options.pid);
}

absl::StatusOr<std::string> Choose(const Profile& profile,
                                   const AnnotateOptions& options) {
  absl::StatusOr<std::string> chosen = ChooseFunction(
      options.function, SeenFunctions(profile, options.include_idle));
  if (!absl::IsNotFound(chosen.status()) || options.include_idle) return chosen;
  if (ChooseFunction(options.function, SeenFunctions(profile, true)).ok()) {
    return absl::NotFoundError(
        absl::StrCat("threads only slept in \"", options.function,
                     "\": add -i to count them where they wait"));
  }
  return chosen;
}

bool ColorsWanted() {
  // https://no-color.org: present and not empty.
  const char* const no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 &&
         (no_color == nullptr || no_color[0] == '\0');
}

}  // namespace

absl::StatusOr<int> RunAnnotate(const AnnotateOptions& options) {
  absl::StatusOr<std::unique_ptr<Family>> family = Family::Open(
      options.pid,
      {.open = {.ways = options.capture, .rate_hz = options.rate_hz}});
  if (!family.ok()) return family.status();
  Attachment& attachment = (*family)->first();
  Recording recording;
  if (absl::Status status = Record(**family, options, recording);
      !status.ok()) {
    return status;
  }
  Symbolizer symbolizer;
  const Profile profile = NameProfile(recording, **family, symbolizer,
                                      {.lines = NamingOptions::Lines::kNoLine});
  const absl::StatusOr<std::string> function = Choose(profile, options);
  if (!function.ok()) return function.status();

  Annotator annotator(attachment, symbolizer, *function);
  const std::vector<CodePlace> places =
      annotator.FindPlaces(recording, options.include_idle);
  if (places.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "where ", *function,
        " begins and ends is not known: its module has no symbol for it"));
  }
  const size_t shown =
      options.all ? places.size() : std::min(places.size(), kMaxPlaces);
  const AnnotationTextOptions text{.all = options.all,
                                   .colors = ColorsWanted()};
  for (size_t i = 0; i < shown; ++i) {
    std::cout << (i > 0 ? "\n" : "")
              << RenderAnnotationText(annotator.Annotate(places[i]), text);
  }
  std::cout << std::flush;
  WarnOfMissingNames(attachment);
  if (shown < places.size()) {
    std::cerr << "It was in " << places.size() - shown
              << " more places, with fewer samples: --all shows them.\n";
  }
  std::cerr << SamplesLine(profile) << ".\n";
  return 0;
}

}  // namespace hubspy
