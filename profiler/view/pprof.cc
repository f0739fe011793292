#include "view/pprof.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gzip/gzip.h"
#include "model/words.h"
#include "protozero/pbf_writer.hpp"
#include "view/facts.h"
#include "view/fold.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {
namespace {

// Field numbers of profile.proto.
namespace profile_field {
enum : protozero::pbf_tag_type {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kStringTable = 6,
  kTimeNanos = 9,
  kDurationNanos = 10,
  kPeriodType = 11,
  kPeriod = 12,
  kComment = 13,
  kDefaultSampleType = 14,
};
}  // namespace profile_field
namespace value_type_field {
enum : protozero::pbf_tag_type { kType = 1, kUnit = 2 };
}  // namespace value_type_field
namespace sample_field {
enum : protozero::pbf_tag_type { kLocationId = 1, kValue = 2, kLabel = 3 };
}  // namespace sample_field
namespace label_field {
enum : protozero::pbf_tag_type { kKey = 1, kStr = 2, kNum = 3 };
}  // namespace label_field
namespace mapping_field {
enum : protozero::pbf_tag_type {
  kId = 1,
  kMemoryStart = 2,
  kMemoryLimit = 3,
  kFilename = 5,
  kBuildId = 6,
  kHasFunctions = 7,
  kHasFilenames = 8,
  kHasLineNumbers = 9,
  kHasInlineFrames = 10,
};
}  // namespace mapping_field
namespace location_field {
enum : protozero::pbf_tag_type {
  kId = 1,
  kMappingId = 2,
  kAddress = 3,
  kLine = 4,
};
}  // namespace location_field
namespace line_field {
enum : protozero::pbf_tag_type { kFunctionId = 1, kLine = 2 };
}  // namespace line_field
namespace function_field {
enum : protozero::pbf_tag_type {
  kId = 1,
  kName = 2,
  kSystemName = 3,
  kFilename = 4,
  kStartLine = 5,
};
}  // namespace function_field

class PprofWriter {
 public:
  PprofWriter(const Profile& profile, const PprofOptions& options)
      : profile_(profile),
        folded_(Fold(profile,
                     {.include_idle = options.include_idle, .others = false})),
        pbf_(bytes_) {
    String("");  // the first one, always
  }

  std::string Run() {
    ValueType(profile_field::kSampleType, "samples", "count");
    ValueType(profile_field::kSampleType, "wall", "nanoseconds");
    AddMappings();
    for (const FoldedStack& stack : folded_.stacks) AddSample(stack);
    AddFacts();
    // What was interned on the way.
    for (const std::string& text : strings_) {
      pbf_.add_string(profile_field::kStringTable, text);
    }
    return Gzip(bytes_);
  }

 private:
  int64_t String(absl::string_view text) {
    std::string clean = CleanText(text);
    const auto [it, inserted] =
        string_ids_.try_emplace(clean, static_cast<int64_t>(strings_.size()));
    if (inserted) strings_.push_back(std::move(clean));
    return it->second;
  }

  void ValueType(protozero::pbf_tag_type field, absl::string_view type,
                 absl::string_view unit) {
    protozero::pbf_writer value(pbf_, field);
    value.add_int64(value_type_field::kType, String(type));
    value.add_int64(value_type_field::kUnit, String(unit));
  }

  // The first one is by convention the program.
  void AddMappings() {
    for (const Profile::Image& image : profile_.images) AddMapping(image);
  }

  void AddMapping(const Profile::Image& image) {
    mappings_.emplace(image.path, &image);
    protozero::pbf_writer mapping(pbf_, profile_field::kMapping);
    mapping.add_uint64(mapping_field::kId, MappingId(image));
    mapping.add_uint64(mapping_field::kMemoryStart, image.range.begin.value());
    mapping.add_uint64(mapping_field::kMemoryLimit, image.range.end.value());
    mapping.add_int64(mapping_field::kFilename, String(image.path));
    mapping.add_int64(mapping_field::kBuildId, String(image.build_id));
    // That nobody tries to find names that were not to be found.
    mapping.add_bool(mapping_field::kHasFunctions, true);
    mapping.add_bool(mapping_field::kHasFilenames, true);
    mapping.add_bool(mapping_field::kHasLineNumbers, true);
    mapping.add_bool(mapping_field::kHasInlineFrames, true);
  }

  uint64_t MappingId(const Profile::Image& image) const {
    return static_cast<uint64_t>(&image - profile_.images.data()) + 1;
  }

  uint64_t FunctionId(const Label& label) {
    SymbolFrame frame;
    if (label.frame) frame = profile_.frames[*label.frame];
    // The place is told apart from the name, except where it has no file.
    std::string name = !label.frame || !HasName(frame) || frame.file.empty()
                           ? label.text
                           : frame.function;
    const auto next = static_cast<uint64_t>(functions_.size()) + 1;
    const auto [it, inserted] =
        functions_.try_emplace({name, frame.file, frame.function_line}, next);
    if (!inserted) return it->second;
    const int64_t name_id = String(name);
    const int64_t file_id = String(frame.file);
    protozero::pbf_writer function(pbf_, profile_field::kFunction);
    function.add_uint64(function_field::kId, next);
    function.add_int64(function_field::kName, name_id);
    function.add_int64(function_field::kSystemName, name_id);
    function.add_int64(function_field::kFilename, file_id);
    function.add_int64(function_field::kStartLine, frame.function_line);
    return next;
  }

  // Of labels of one address: inlined ones, and behind them that which they are
  // inlined into.
  uint64_t LocationId(const std::vector<uint32_t>& labels) {
    const auto next = static_cast<uint64_t>(locations_.size()) + 1;
    const auto [it, inserted] = locations_.try_emplace(labels, next);
    if (!inserted) return it->second;
    std::vector<std::pair<uint64_t, int>> lines;
    for (const uint32_t l : labels) {
      const Label& label = folded_.labels[l];
      lines.emplace_back(FunctionId(label),
                         label.frame ? profile_.frames[*label.frame].line : 0);
    }
    protozero::pbf_writer location(pbf_, profile_field::kLocation);
    location.add_uint64(location_field::kId, next);
    if (const auto frame = folded_.labels[labels.back()].frame) {
      AddPlace(location, profile_.frames[*frame]);
    }
    for (const auto& [function, line_number] : lines) {
      protozero::pbf_writer line(location, location_field::kLine);
      line.add_uint64(line_field::kFunctionId, function);
      line.add_int64(line_field::kLine, line_number);
    }
    return next;
  }

  void AddPlace(protozero::pbf_writer& location, const SymbolFrame& frame) {
    const auto image = mappings_.find(frame.module);
    if (image == mappings_.end()) return;
    location.add_uint64(location_field::kMappingId, MappingId(*image->second));
    // In another process it may have lain elsewhere.
    if (!image->second->range.Contains(frame.address)) return;
    location.add_uint64(location_field::kAddress, frame.address.value());
  }

  void AddSample(const FoldedStack& stack) {
    std::vector<uint64_t> locations;
    std::vector<uint32_t> here;
    for (auto l = stack.labels.rbegin(); l != stack.labels.rend(); ++l) {
      here.push_back(*l);
      const bool last = l + 1 == stack.labels.rend();
      if (folded_.labels[*l].inlined && !last) continue;
      locations.push_back(LocationId(here));
      here.clear();
    }
    const std::vector<std::pair<std::string, std::string>> texts =
        TextLabels(profile_.samples[stack.sample]);
    std::vector<std::pair<int64_t, int64_t>> labels;
    for (const auto& [key, text] : texts) {
      labels.emplace_back(String(key), String(text));
    }
    const int64_t tid_key = String("tid");
    const int64_t green_key = String("green_id");
    const Profile::Sample& sample = profile_.samples[stack.sample];
    const int64_t values[] = {
        stack.count, std::llround(static_cast<double>(stack.count) * 1e9 /
                                  profile_.rate_hz)};

    protozero::pbf_writer out(pbf_, profile_field::kSample);
    out.add_packed_uint64(sample_field::kLocationId, locations.begin(),
                          locations.end());
    out.add_packed_int64(sample_field::kValue, std::begin(values),
                         std::end(values));
    for (const auto& [key, text] : labels) {
      protozero::pbf_writer label(out, sample_field::kLabel);
      label.add_int64(label_field::kKey, key);
      label.add_int64(label_field::kStr, text);
    }
    AddNumber(out, tid_key, sample.tid);
    if (sample.green && sample.green->id != 0) {
      AddNumber(out, green_key, static_cast<int64_t>(sample.green->id));
    }
  }

  static void AddNumber(protozero::pbf_writer& sample, int64_t key,
                        int64_t number) {
    protozero::pbf_writer label(sample, sample_field::kLabel);
    label.add_int64(label_field::kKey, key);
    label.add_int64(label_field::kNum, number);
  }

  std::vector<std::pair<std::string, std::string>> TextLabels(
      const Profile::Sample& sample) const {
    std::vector<std::pair<std::string, std::string>> labels = {
        {"thread", ThreadName(profile_, sample.tid)}};
    if (profile_.processes.size() > 1) {
      const Profile::Process& process = profile_.processes[sample.process];
      labels.emplace_back("process",
                          absl::StrCat(process.pid, " ", process.command));
    }
    if (sample.green) {
      if (sample.green->id != 0) {
        labels.emplace_back(
            "green_thread",
            GreenThreadName(profile_, sample.tid, sample.green->id));
      }
    }
    labels.emplace_back("state", words::State(sample));
    return labels;
  }

  void AddFacts() {
    for (const auto& [name, value] : Facts(profile_)) {
      pbf_.add_int64(profile_field::kComment,
                     String(absl::StrCat(name, ": ", value)));
    }
    pbf_.add_int64(profile_field::kTimeNanos, profile_.made.begin_unix_ns);
    pbf_.add_int64(profile_field::kDurationNanos, profile_.duration_ns);
    ValueType(profile_field::kPeriodType, "wall", "nanoseconds");
    pbf_.add_int64(profile_field::kPeriod,
                   std::llround(1e9 / profile_.rate_hz));
    pbf_.add_int64(profile_field::kDefaultSampleType, String("wall"));
  }

  const Profile& profile_;
  const FoldedProfile folded_;
  std::string bytes_;
  protozero::pbf_writer pbf_;
  std::vector<std::string> strings_;
  absl::flat_hash_map<std::string, int64_t> string_ids_;
  absl::flat_hash_map<std::string, const Profile::Image*> mappings_;
  absl::flat_hash_map<std::tuple<std::string, std::string, int>, uint64_t>
      functions_;
  absl::flat_hash_map<std::vector<uint32_t>, uint64_t> locations_;
};

}  // namespace

std::string RenderPprof(const Profile& profile, const PprofOptions& options) {
  return PprofWriter(profile, options).Run();
}

}  // namespace hubspy
