#include "view/dump.h"
#include "view/json.h"

namespace hubspy {

std::string RenderDumpJson(const Dump& dump) {
  Json threads = Json::array();
  for (const Dump::Thread& thread : dump.threads) {
    Json json = {{"tid", thread.tid},
                 {"name", thread.name},
                 {"state", std::string(ThreadStateName(thread.state))},
                 {"frames", FramesToJson(thread.stack.frames)}};
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
  return ToText({{"schema", "hubspy.dump/1"},
                 {"pid", dump.pid},
                 {"threads", std::move(threads)},
                 {"green_threads", std::move(green_threads)}});
}

}  // namespace hubspy
