#include "view/firefox.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "view/facts.h"
#include "view/fold.h"
#include "view/frame_label.h"
#include "view/lanes.h"
#include "view/prefix_tree.h"
#include "view/text.h"

namespace hubspy {
namespace {

constexpr int kProcessedVersion = 61;
constexpr int kGeckoVersion = 33;    // of the same time
constexpr int kLibraryResource = 1;  // resourceTypes.library

struct Category {
  absl::string_view name;
  absl::string_view colour;  // one of CategoryColor
};
enum CategoryId { kOther, kNative, kHub, kWaiting, kState, kMissing };
// One must be grey: what has no other is of it.
constexpr Category kCategories[] = {
    {"Name not known", "grey"}, {"Running", "yellow"},
    {"Hub", "green"},           {"Waiting", "lightblue"},
    {"State", "magenta"},       {"Frames missing", "orange"},
};

CategoryId CategoryOf(LabelKind kind, bool waits) {
  if (waits) return kWaiting;
  switch (kind) {
    case LabelKind::kCode:
      return kNative;
    case LabelKind::kHub:
      return kHub;
    case LabelKind::kUnknown:
      return kOther;
    case LabelKind::kMissing:
      return kMissing;
    case LabelKind::kThread:
      return kOther;
    case LabelKind::kState:
      return kState;
  }
  return kOther;
}

// How its marker chart and table show long turns; a marker names its schema.
constexpr absl::string_view kLongTurnSchema =
    "{\"name\":\"LongTurn\",\"display\":[\"marker-chart\",\"marker-table\","
    "\"timeline-overview\"],\"tooltipLabel\":\"Long turn of the hub's loop\","
    "\"tableLabel\":\"{marker.data.who}\",\"chartLabel\":\"{marker.data.who}\","
    "\"fields\":[{\"key\":\"who\",\"label\":\"Who\",\"format\":\"string\"}]}";
constexpr int kIntervalMarker = 1;  // MarkerPhase

// A column of one of its tables.
class Column {
 public:
  explicit Column(absl::string_view name) : name_(name) {}
  void Add(int64_t value) { values_.push_back(absl::StrCat(value)); }
  void AddNull() { values_.push_back("null"); }
  void AddText(std::string json) { values_.push_back(std::move(json)); }
  size_t size() const { return values_.size(); }
  std::string Json() const {
    return absl::StrCat("\"", name_, "\":[", absl::StrJoin(values_, ","), "]");
  }

 private:
  absl::string_view name_;
  std::vector<std::string> values_;
};

// A column that is the same in every row.
std::string Same(absl::string_view name, absl::string_view json, size_t rows) {
  return absl::StrCat(
      "\"", name, "\":[",
      absl::StrJoin(std::vector<absl::string_view>(rows, json), ","), "]");
}

std::string Milliseconds(int64_t ns) {
  return absl::StrFormat("%.3f", static_cast<double>(ns) / 1e6);
}

class FirefoxWriter {
 public:
  FirefoxWriter(const Profile& profile, const FirefoxOptions& options)
      : profile_(profile),
        folded_(Fold(profile, {.include_idle = options.include_idle,
                               .by_state = options.by_state})),
        lanes_(LanesOf(profile, folded_)) {
    for (uint32_t i = 0; i < profile.images.size(); ++i) {
      resources_.emplace(profile.images[i].path, i);
    }
  }

  std::string Run() {
    std::vector<std::string> threads;
    for (const Lane& lane : lanes_) threads.push_back(Thread(lane));
    return absl::StrCat("{\"meta\":{", Meta(), "},\n\"libs\":[", Libraries(),
                        "],\n\"threads\":[\n", absl::StrJoin(threads, ",\n"),
                        "],\n\"shared\":{", Shared(), "}}\n");
  }

 private:
  std::string Meta() const {
    std::vector<std::string> categories, entries;
    for (const Category& category : kCategories) {
      categories.push_back(absl::StrCat("{\"name\":", JsonText(category.name),
                                        ",\"color\":\"", category.colour,
                                        "\",\"subcategories\":[\"Other\"]}"));
    }
    const auto entry = [&](absl::string_view name, absl::string_view value) {
      entries.push_back(absl::StrCat(
          "{\"label\":", JsonText(name),
          ",\"format\":\"string\",\"value\":", JsonText(value), "}"));
    };
    for (const auto& [name, value] : Facts(profile_)) entry(name, value);
    if (const std::string note = UntimedNote(profile_, lanes_); !note.empty()) {
      entry("times", note);
    }
    return absl::StrCat(
        "\"version\":", kGeckoVersion,
        ",\"preprocessedProfileVersion\":", kProcessedVersion,
        ",\"processType\":0,\"stackwalk\":1,\"symbolicated\":true,"
        "\"sourceCodeIsNotOnSearchfox\":true,\"usesOnlyOneStackType\":true,"
        "\"markerSchema\":[",
        kLongTurnSchema, "],\"importedFrom\":\"hubspy\",\"interval\":",
        absl::StrFormat("%.6g", 1000 / profile_.rate_hz),
        ",\"startTime\":", Milliseconds(profile_.made.begin_unix_ns),
        ",\"product\":", JsonText(profile_.command),
        ",\"oscpu\":", JsonText(profile_.made.host),
        ",\"arguments\":", JsonText(profile_.made.command_line),
        ",\n\"categories\":[", absl::StrJoin(categories, ","),
        "],\n\"extra\":[{\"label\":\"hubspy\",\"entries\":[",
        absl::StrJoin(entries, ",\n"), "]}]");
  }

  std::string Libraries() const {
    std::vector<std::string> libraries;
    for (const Profile::Image& image : profile_.images) {
      const std::string path = JsonText(image.path);
      const std::string name =
          JsonText(image.path.substr(image.path.rfind('/') + 1));
      libraries.push_back(absl::StrCat(
          "{\"arch\":\"\",\"name\":", name, ",\"path\":", path,
          ",\"debugName\":", name, ",\"debugPath\":", path, ",\"breakpadId\":",
          JsonText(BreakpadId(image.build_id)), ",\"codeId\":",
          image.build_id.empty() ? "null" : JsonText(image.build_id), "}"));
    }
    return absl::StrJoin(libraries, ",\n");
  }

  // The first 16 bytes, as a GUID has them (its first three fields little
  // endian), and an age of 0: what Breakpad makes of a build id.
  static std::string BreakpadId(const std::string& build_id) {
    std::string hex = absl::AsciiStrToUpper(build_id);
    if (hex.empty()) return "";
    hex.resize(32, '0');
    std::string id;
    for (const int byte :
         {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}) {
      id += hex.substr(static_cast<size_t>(byte) * 2, 2);
    }
    return id + "0";
  }

  std::string Thread(const Lane& lane) {
    Column stacks("stack"), times("time"), weights("weight");
    int64_t end_ns = 0;
    const double period_ns = 1e9 / profile_.rate_hz;
    const auto add_nothing = [&](int64_t at_ns) {
      stacks.AddNull();
      times.AddText(Milliseconds(at_ns));
      weights.Add(0);
    };
    for (const LaneSpan& span : lane.spans) {
      if (static_cast<double>(span.begin_ns - end_ns) > period_ns) {
        add_nothing(end_ns);
      }
      stacks.Add(StackOf(folded_.stacks[span.stack]));
      times.AddText(Milliseconds(span.begin_ns));
      weights.Add(span.count);
      end_ns = span.end_ns;
    }
    add_nothing(end_ns);
    const Profile::Process process = ProcessOf(profile_, lane);
    return absl::StrCat(
        "{\"processType\":\"default\",\"processStartupTime\":0,"
        "\"processShutdownTime\":null,\"registerTime\":0,"
        "\"unregisterTime\":null,\"pausedRanges\":[],\"name\":",
        JsonText(lane.name), ",\"processName\":", JsonText(process.command),
        ",\"isMainThread\":",
        lane.green == 0 && lane.tid == process.pid ? "true" : "false",
        ",\"pid\":\"", process.pid, "\",\"tid\":", lane.tid,
        ",\n\"samples\":{\"length\":", stacks.size(),
        ",\"weightType\":\"samples\",\n", stacks.Json(), ",\n", times.Json(),
        ",\n", weights.Json(), "},\n\"markers\":{", Markers(lane), "}}");
  }

  // Of the hub whose thread it is.
  std::string Markers(const Lane& lane) {
    Column data("data"), names("name"), begins("startTime"), ends("endTime"),
        phases("phase"), categories("category");
    for (const Profile::LongTurn& turn : profile_.long_turns) {
      if (lane.green != 0 || turn.tid != lane.tid ||
          turn.process != lane.process) {
        continue;
      }
      data.AddText(absl::StrCat(
          "{\"type\":\"LongTurn\",\"who\":", JsonText(WhoIn(turn)), "}"));
      names.Add(String("Long turn"));
      begins.AddText(Milliseconds(std::max<int64_t>(turn.begin_ns, 0)));
      ends.AddText(Milliseconds(std::max<int64_t>(turn.end_ns, 0)));
      phases.Add(kIntervalMarker);
      categories.Add(kHub);
    }
    return absl::StrCat("\"length\":", names.size(), ",", data.Json(), ",",
                        names.Json(), ",", begins.Json(), ",", ends.Json(), ",",
                        phases.Json(), ",", categories.Json());
  }

  // Of a stack, which is never empty.
  int64_t StackOf(const FoldedStack& stack) {
    uint32_t node = PrefixTree::kNone;
    for (size_t i = 0; i < stack.labels.size(); ++i) {
      const bool waits = stack.waits && i + 1 == stack.labels.size();
      node = stacks_.Intern(
          node, static_cast<uint32_t>(FrameOf(stack.labels[i], waits)));
    }
    return node;
  }

  int64_t FrameOf(uint32_t label_id, bool waits) {
    const auto next = static_cast<int64_t>(frame_functions_.size());
    const auto [it, inserted] = frame_ids_.try_emplace({label_id, waits}, next);
    if (!inserted) return it->second;
    const Label& label = folded_.labels[label_id];
    frame_functions_.Add(FunctionOf(label));
    frame_categories_.Add(CategoryOf(label.kind, waits));
    const int line = label.frame ? profile_.frames[*label.frame].line : 0;
    if (line > 0) {
      frame_lines_.Add(line);
    } else {
      frame_lines_.AddNull();
    }
    return next;
  }

  int64_t FunctionOf(const Label& label) {
    SymbolFrame frame;
    if (label.frame) frame = profile_.frames[*label.frame];
    const std::string name =
        absl::StrCat(frame.file.empty() ? label.text : frame.function,
                     label.inlined ? kInlinedMark : "");
    const auto next = static_cast<int64_t>(function_names_.size());
    const auto [it, inserted] =
        function_ids_.try_emplace({name, frame.file, frame.module}, next);
    if (!inserted) return it->second;
    function_names_.Add(String(name));
    const auto resource = resources_.find(frame.module);
    function_resources_.Add(
        resource == resources_.end() ? -1 : int64_t{resource->second});
    if (frame.file.empty()) {
      function_sources_.AddNull();
    } else {
      function_sources_.Add(SourceOf(frame.file));
    }
    if (frame.function_line > 0) {
      function_lines_.Add(frame.function_line);
    } else {
      function_lines_.AddNull();
    }
    return next;
  }

  int64_t SourceOf(const std::string& file) {
    const auto next = static_cast<int64_t>(source_files_.size());
    const auto [it, inserted] = source_ids_.try_emplace(file, next);
    if (inserted) source_files_.Add(String(file));
    return it->second;
  }

  int64_t String(absl::string_view text) {
    const auto next = static_cast<int64_t>(strings_.size());
    const auto [it, inserted] = string_ids_.try_emplace(JsonText(text), next);
    if (inserted) strings_.push_back(it->first);
    return it->second;
  }

  std::string Shared() {
    Column resource_names("name"), resource_libraries("lib");
    for (const Profile::Image& image : profile_.images) {
      resource_libraries.Add(static_cast<int64_t>(resource_names.size()));
      resource_names.Add(String(image.path.substr(image.path.rfind('/') + 1)));
    }
    Column stack_frames("frame"), stack_prefixes("prefix");
    for (const PrefixTree::Node& node : stacks_.nodes()) {
      stack_frames.Add(node.what);
      if (node.prefix == PrefixTree::kNone) {
        stack_prefixes.AddNull();
      } else {
        stack_prefixes.Add(node.prefix);
      }
    }
    const size_t frames = frame_functions_.size();
    const size_t functions = function_names_.size();
    const size_t sources = source_files_.size();
    const size_t resources = resource_names.size();
    return absl::StrCat(
        Table("stackTable", stack_frames.size(),
              {stack_frames.Json(), stack_prefixes.Json()}),
        Table("frameTable", frames,
              {frame_functions_.Json(), frame_categories_.Json(),
               frame_lines_.Json(), Same("subcategory", "0", frames),
               Same("address", "-1", frames), Same("inlineDepth", "0", frames),
               Same("nativeSymbol", "null", frames),
               Same("innerWindowID", "0", frames),
               Same("column", "null", frames)}),
        Table("funcTable", functions,
              {function_names_.Json(), function_resources_.Json(),
               function_sources_.Json(), function_lines_.Json(),
               Same("isJS", "false", functions),
               Same("relevantForJS", "false", functions),
               Same("columnNumber", "null", functions)}),
        Table("resourceTable", resources,
              {resource_names.Json(), resource_libraries.Json(),
               Same("host", "null", resources),
               Same("type", absl::StrCat(kLibraryResource), resources)}),
        Table("nativeSymbols", 0,
              {Same("libIndex", "", 0), Same("address", "", 0),
               Same("name", "", 0), Same("functionSize", "", 0)}),
        Table(
            "sources", sources,
            {source_files_.Json(), Same("id", "null", sources),
             Same("startLine", "1", sources), Same("startColumn", "1", sources),
             Same("sourceMapURL", "null", sources)}),
        "\"stringArray\":[", absl::StrJoin(strings_, ",\n"), "]");
  }

  static std::string Table(absl::string_view name, size_t rows,
                           const std::vector<std::string>& columns) {
    return absl::StrCat("\"", name, "\":{\"length\":", rows, ",\n",
                        absl::StrJoin(columns, ",\n"), "},\n");
  }

  const Profile& profile_;
  const FoldedProfile folded_;
  const std::vector<Lane> lanes_;
  PrefixTree stacks_;  // of frames
  Column frame_functions_{"func"}, frame_categories_{"category"},
      frame_lines_{"line"};
  Column function_names_{"name"}, function_resources_{"resource"},
      function_sources_{"source"}, function_lines_{"lineNumber"};
  Column source_files_{"filename"};
  std::vector<std::string> strings_;
  absl::flat_hash_map<std::pair<uint32_t, bool>, int64_t> frame_ids_;
  absl::flat_hash_map<std::tuple<std::string, std::string, std::string>,
                      int64_t>
      function_ids_;
  absl::flat_hash_map<std::string, int64_t> source_ids_;
  absl::flat_hash_map<std::string, int64_t> string_ids_;
  absl::flat_hash_map<std::string, uint32_t> resources_;  // by module
};

}  // namespace

std::string RenderFirefox(const Profile& profile,
                          const FirefoxOptions& options) {
  return FirefoxWriter(profile, options).Run();
}

}  // namespace hubspy
