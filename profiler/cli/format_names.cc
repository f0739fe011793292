#include "cli/format_names.h"

#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hubspy {
namespace {

struct FormatName {
  absl::string_view name;
  Format format;
  std::vector<absl::string_view> endings;  // of files
};

const std::vector<FormatName>& Formats() {
  static const auto& formats = *new std::vector<FormatName>{
      {"flamegraph", Format::kFlamegraph, {".svg"}},
      {"html", Format::kHtml, {".html"}},
      {"flat", Format::kFlat, {".txt"}},
      {"raw", Format::kRaw, {".folded", ".raw"}},
      {"speedscope", Format::kSpeedscope, {".speedscope.json"}},
      {"chrometrace", Format::kChromeTrace, {".trace.json"}},
      {"pprof", Format::kPprof, {".pb.gz"}},
      {"firefox", Format::kFirefox, {".firefox.json"}},
      {"hubspy", Format::kHubspy, {".hubspy"}},
  };
  return formats;
}

}  // namespace

std::string FormatList() {
  std::string list;
  for (const FormatName& format : Formats()) {
    const bool last = format.format == Formats().back().format;
    absl::StrAppend(&list,
                    list.empty() ? ""
                    : last       ? " or "
                                 : ", ",
                    format.name, " (", absl::StrJoin(format.endings, ", "),
                    ")");
  }
  return list;
}

absl::StatusOr<Format> FormatNamed(absl::string_view name) {
  for (const FormatName& format : Formats()) {
    if (format.name == name) return format.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown format \"", name, "\": use -f ", FormatList()));
}

absl::StatusOr<Format> ChooseFormat(absl::string_view name,
                                    absl::string_view output) {
  if (!name.empty()) return FormatNamed(name);
  if (const auto format = FormatOfFile(output)) return *format;
  if (output == "-") return Format::kFlat;
  return absl::InvalidArgumentError(
      absl::StrCat("cannot tell the format from \"", output,
                   "\": add -f, or name it as one: ", FormatList()));
}

std::optional<Format> FormatOfFile(absl::string_view file) {
  for (const FormatName& format : Formats()) {
    for (const absl::string_view ending : format.endings) {
      if (absl::EndsWith(file, ending)) return format.format;
    }
  }
  return std::nullopt;
}

std::string NumberedFile(absl::string_view file, int number) {
  const size_t name = file.rfind('/') + 1;  // 0 when there is none
  size_t at = file.rfind('.');
  if (at == absl::string_view::npos || at < name) at = file.size();
  for (const FormatName& format : Formats()) {
    for (const absl::string_view ending : format.endings) {
      if (absl::EndsWith(file, ending)) at = file.size() - ending.size();
    }
  }
  return absl::StrCat(file.substr(0, at), ".", number, file.substr(at));
}

}  // namespace hubspy
