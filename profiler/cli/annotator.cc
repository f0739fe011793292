#include "cli/annotator.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "target/system_call_name.h"

namespace hubspy {
namespace {

// More than any function has; a bound for what a hostile symbol can cost.
constexpr uint64_t kMaxCodeBytes = 1 << 20;

}  // namespace

Annotator::Annotator(Attachment& attachment, Symbolizer& symbolizer,
                     const std::string& function)
    : attachment_(attachment),
      symbolizer_(symbolizer),
      code_(attachment.modules()),
      function_(function) {}

std::vector<CodePlace> Annotator::FindPlaces(const Recording& recording,
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
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const CodePlace& a, const CodePlace& b) { return a.count > b.count; });
  return sorted;
}

Annotation Annotator::Annotate(const CodePlace& place) {
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

absl::Span<const SymbolFrame> Annotator::ResolveAt(CodeAddress address) {
  return symbolizer_.Resolve(attachment_.modules().Find(address.lookup()),
                             address, &attachment_.jit_names());
}
absl::Span<const SymbolFrame> Annotator::Resolve(const CodePlace& place,
                                                 Address listed) {
  return ResolveAt(CodeAddress::Exact(listed + place.bias()));
}

bool Annotator::IsWanted(absl::Span<const SymbolFrame> frames) const {
  return std::any_of(
      frames.begin(), frames.end(),
      [this](const SymbolFrame& f) { return f.function == function_; });
}

CodePlace* Annotator::PlaceOf(CodeAddress address, Found& found) {
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

void Annotator::AddSample(const Stack& stack, int64_t count, Found& found) {
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

Annotator::Code Annotator::ReadCode(const CodePlace& place) {
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

void Annotator::NameInstructions(const CodePlace& place,
                                 Annotation& annotation) {
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

void Annotator::NameTarget(const CodePlace& place,
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

}  // namespace hubspy
