#include "view/json.h"

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

std::string ToText(const Json& json) {
  return json.dump(1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

}  // namespace hubspy
