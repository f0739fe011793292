#include "absl/strings/str_cat.h"
#include "model/dump.h"
#include "view/diagnosis.h"
#include "view/json.h"

namespace hubspy {
namespace {

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

Json TimersToJson(const std::vector<LateTimer>& timers) {
  Json json = Json::array();
  for (const LateTimer& timer : timers) {
    Json entry = {{"green_thread", timer.green_thread}};
    if (!timer.name.empty()) entry["name"] = timer.name;
    entry["remaining_hub_seconds"] = Seconds(timer.remaining_hub_ns);
    if (timer.due_in_real_ns != INT64_MAX) {
      entry["due_in_seconds"] = Seconds(timer.due_in_real_ns);
    }
    json.push_back(std::move(entry));
  }
  return json;
}

void AddCall(const CallFacts& call, Json& json) {
  json["system_call"] = call.name;
  if (!call.text.empty()) json["call"] = call.text;
  if (call.fd) json["fd"] = FdToJson(*call.fd);
  if (call.futex) {
    json["futex"] = absl::StrCat("0x", absl::Hex(call.futex.value()));
  }
  if (call.mutex_holder) json["mutex_holder_tid"] = *call.mutex_holder;
}

Json ThreadsToJson(const std::vector<ThreadWait>& threads) {
  Json json = Json::array();
  for (const ThreadWait& thread : threads) {
    Json entry = {{"tid", thread.tid},
                  {"name", thread.name},
                  {"state", std::string(ThreadStateName(thread.state))}};
    if (thread.call) AddCall(*thread.call, entry);
    if (!thread.stack.empty()) entry["frames"] = FramesToJson(thread.stack);
    json.push_back(std::move(entry));
  }
  return json;
}

Json HotLinesToJson(const std::vector<HotLine>& lines) {
  Json json = Json::array();
  for (const HotLine& line : lines) {
    Json entry = {{"function", line.frame.function}, {"share", line.share}};
    if (line.frame.line > 0) {
      entry["file"] = line.frame.file;
      entry["line"] = line.frame.line;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json LinksToJson(const std::vector<WaitLink>& links) {
  Json json = Json::array();
  for (const WaitLink& link : links) {
    Json entry = {{"green_thread", link.waiter.id}};
    if (!link.waiter.name.empty()) entry["name"] = link.waiter.name;
    entry["waits_for"] = std::string(WaitReasonName(link.waiter.waiting_for));
    if (link.waiter.waiting_for != WaitReason::kJoin &&
        link.waiter.waits_on != 0) {
      entry["object"] = absl::StrCat("0x", absl::Hex(link.waiter.waits_on));
    }
    if (link.needs) entry["needs"] = *link.needs;
    if (!link.stack.empty()) entry["frames"] = FramesToJson(link.stack);
    json.push_back(std::move(entry));
  }
  return json;
}

Json EvidenceToJson(const Verdict& verdict) {
  Json json = {{"watched_seconds", Seconds(verdict.watched_ns)},
               {"iterations", verdict.iterations},
               {"timers", verdict.timers},
               {"green_threads", verdict.green_threads}};
  if (verdict.one_instant) json["one_instant"] = true;
  if (verdict.clock) {
    const ClockEvidence& clock = *verdict.clock;
    json["rate"] = clock.rate;
    json["timebase"] =
        absl::StrCat(clock.timebase_numer, "/", clock.timebase_denom);
    json["cause"] = std::string(ClockCauseName(clock.cause));
    if (clock.step_ns != 0) json["step_seconds"] = Seconds(clock.step_ns);
    json["measured_over_seconds"] = Seconds(clock.measured_over_ns);
    json["late_timers"] = TimersToJson(clock.timers);
  }
  if (verdict.deadlock) {
    json["cycle"] = LinksToJson(verdict.deadlock->cycle);
    if (verdict.deadlock->cycle.empty()) {
      json["waiting"] = LinksToJson(verdict.deadlock->waiting);
    }
    json["others"] = verdict.deadlock->others;
  }
  if (verdict.stop) {
    json["stopped_by"] = std::string(StopCauseName(verdict.stop->cause));
    if (verdict.stop->tracer.pid != 0) {
      json["tracer"] = {{"pid", verdict.stop->tracer.pid},
                        {"name", verdict.stop->tracer.name}};
    }
    if (!verdict.stop->group.empty()) json["group"] = verdict.stop->group;
  }
  if (verdict.starved) {
    const StarvedEvidence& starved = *verdict.starved;
    json["ran_share"] = starved.ran;
    json["waited_share"] = starved.waited;
    if (starved.throttled_by) {
      json["throttled_by"] = {
          {"group", starved.throttled_by->group},
          {"cpus", starved.throttled_by->cpus},
          {"throttled_seconds", Seconds(starved.throttled_by->throttled_ns)}};
    }
    json["cpu_users"] = Json::array();
    for (const CpuUser& user : starved.others) {
      json["cpu_users"].push_back(
          {{"pid", user.pid}, {"name", user.name}, {"cpus", user.cpus}});
    }
  }
  if (verdict.lost) {
    const LostEvidence& lost = *verdict.lost;
    json["lost"] = std::string(LostWhatName(lost.what));
    if (lost.green_thread) json["green_thread"] = lost.green_thread->id;
    if (lost.fd) json["fd"] = FdToJson(*lost.fd);
    if (lost.what == LostWhat::kObject) {
      json["waits_for"] =
          std::string(WaitReasonName(lost.green_thread->waiting_for));
      json["object"] =
          absl::StrCat("0x", absl::Hex(lost.green_thread->waits_on));
      json["available"] = *lost.green_thread->available;
    }
    if (lost.is_polled) json["polled"] = *lost.is_polled;
    if (lost.since_ns > 0) json["since_seconds"] = Seconds(lost.since_ns);
  }
  if (verdict.busy) {
    const BusyEvidence& busy = *verdict.busy;
    json["kept_awake_by"] = std::string(WakerName(busy.waker));
    json["turns_per_second"] = busy.turns_per_second;
    if (busy.waker != Waker::kCallbacks) {
      json["green_thread"] = busy.green_thread->id;
      json["switches_per_second"] = busy.switches_per_second;
    }
    if (busy.fd) json["fd"] = FdToJson(*busy.fd);
  }
  if (verdict.culprit) json["green_thread"] = verdict.culprit->id;
  if (verdict.call) AddCall(*verdict.call, json);
  if (!verdict.holders.empty())
    json["holders"] = ThreadsToJson(verdict.holders);
  if (!verdict.hot_lines.empty()) {
    json["hot_lines"] = HotLinesToJson(verdict.hot_lines);
  }
  if (!verdict.loop.empty()) json["loop"] = verdict.loop;
  if (!verdict.stack.empty()) json["frames"] = FramesToJson(verdict.stack);
  return json;
}

}  // namespace

std::string RenderDiagnosisJson(const Diagnosis& diagnosis) {
  Json hubs = Json::array();
  for (const Verdict& verdict : diagnosis.hubs) {
    hubs.push_back({{"tid", verdict.tid},
                    {"verdict", std::string(VerdictName(verdict.kind))},
                    {"summary", verdict.summary},
                    {"evidence", EvidenceToJson(verdict)},
                    {"remedy", verdict.remedy}});
  }
  Json json = {{"schema", "hubspy.diagnose/1"}, {"pid", diagnosis.pid}};
  if (!diagnosis.core.empty()) json["core"] = diagnosis.core;
  if (!diagnosis.gaps.empty()) json["gaps"] = diagnosis.gaps;
  json["hubs"] = std::move(hubs);
  if (!diagnosis.threads.empty()) {
    json["threads"] = ThreadsToJson(diagnosis.threads);
  }
  return ToText(json);
}

}  // namespace hubspy
