#include "absl/strings/str_cat.h"
#include "view/dump.h"
#include "view/json.h"

namespace hubspy {

std::string RenderDumpJson(const Dump& dump) {
  Json threads = Json::array();
  for (const Dump::Thread& thread : dump.threads) {
    Json json = {{"tid", thread.tid}};
    if (!thread.name.empty()) json["name"] = thread.name;
    json["state"] = std::string(ThreadStateName(thread.state));
    if (thread.signal) {
      json["signal"] = thread.signal->name;
      if (const auto address = thread.signal->fault_address) {
        json["fault_address"] = absl::StrCat("0x", absl::Hex(address->value()));
      }
    }
    json["frames"] = FramesToJson(thread.stack.frames);
    if (thread.stack.end != StackEnd::kComplete) {
      json["cut_short"] = std::string(StackEndName(thread.stack.end));
    }
    if (!thread.problem.empty()) json["problem"] = thread.problem;
    threads.push_back(std::move(json));
  }
  Json green_threads = Json::array();
  for (const Dump::GreenThread& green : dump.green_threads) {
    Json json = {{"id", green.view.id}};
    if (!green.view.name.empty()) json["name"] = green.view.name;
    json["hub_tid"] = green.view.hub_tid;
    json["state"] = std::string(GreenStateName(green.view.state));
    if (green.view.waiting_for != WaitReason::kNone) {
      json["waiting_for"] = std::string(WaitReasonName(green.view.waiting_for));
    }
    json["frames"] = FramesToJson(green.stack.frames);
    if (green.stack.end != StackEnd::kComplete) {
      json["cut_short"] = std::string(StackEndName(green.stack.end));
    }
    green_threads.push_back(std::move(json));
  }
  Json json = {{"schema", "hubspy.dump/1"}, {"pid", dump.pid}};
  if (!dump.core.empty()) json["core"] = dump.core;
  if (!dump.gaps.empty()) json["gaps"] = dump.gaps;
  json["threads"] = std::move(threads);
  json["green_threads"] = std::move(green_threads);
  const PartialCounts partial = CountPartial(dump);
  json["cut_short"] = Json::object();
  for (const StackEnd end : kPartialEnds) {
    if (partial.Of(end) == 0) continue;
    json["cut_short"][std::string(StackEndName(end))] = partial.Of(end);
  }
  return ToText(json);
}

}  // namespace hubspy
