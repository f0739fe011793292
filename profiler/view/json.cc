#include "view/json.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

Json FrameToJson(const SymbolFrame& frame) {
  Json json = {{"function", frame.function}};
  if (frame.marker) {
    json["left_out"] = frame.left_out;
    return json;
  }
  if (!frame.file.empty()) json["file"] = frame.file;
  if (frame.line > 0) json["line"] = frame.line;
  if (!frame.module.empty()) json["module"] = frame.module;
  json["address"] = absl::StrCat("0x", absl::Hex(frame.address.value()));
  json["inlined"] = frame.inlined;
  return json;
}

}  // namespace

Json FramesToJson(const std::vector<SymbolFrame>& frames) {
  Json json = Json::array();
  for (const SymbolFrame& frame : frames) json.push_back(FrameToJson(frame));
  return json;
}

Json FdToJson(const FdFacts& fd) {
  Json json = {{"number", fd.fd}};
  if (!fd.what.empty()) json["what"] = fd.what;
  if (fd.readable) json["readable"] = *fd.readable;
  if (fd.writable) json["writable"] = *fd.writable;
  if (fd.hung_up) json["hung_up"] = true;
  if (fd.unread) json["unread"] = *fd.unread;
  return json;
}

std::string ToText(const Json& json) {
  return json.dump(1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

void JsonLine::AddText(absl::string_view key, absl::string_view json) {
  absl::StrAppend(&text_, text_.size() > 1 ? ",\"" : "\"", key, "\":", json);
}

void JsonLine::AddNumber(absl::string_view key, uint64_t number) {
  AddText(key, absl::AlphaNum(number).Piece());
}

void JsonLine::AddSeconds(absl::string_view key, int64_t ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t magnitude =
      ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  AddText(key, absl::StrCat(ns < 0 ? "-" : "", magnitude / kSecond, ".",
                            absl::Dec(magnitude % kSecond, absl::kZeroPad9)));
}

std::string JsonLine::Take() {
  text_ += '}';
  return std::move(text_);
}

}  // namespace hubspy
