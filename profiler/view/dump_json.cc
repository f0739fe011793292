#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "view/dump.h"
#include "view/facts.h"
#include "view/json.h"

namespace hubspy {
namespace {

std::string Hex(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

std::string Quoted(absl::string_view text) {
  return ToLine(Json(std::string(text)));
}

Json ThreadToJson(const Dump::Thread& thread) {
  Json json = {{"tid", thread.tid}};
  if (!thread.name.empty()) json["name"] = thread.name;
  json["state"] = std::string(ThreadStateName(thread.state));
  if (thread.call) {
    json["system_call"] = thread.call->name;
    if (!thread.call->text.empty()) json["call"] = thread.call->text;
    if (thread.call->fd) json["fd"] = FdToJson(*thread.call->fd);
  }
  if (thread.signal) {
    json["signal"] = thread.signal->name;
    if (const auto address = thread.signal->fault_address) {
      json["fault_address"] = Hex(address->value());
    }
  }
  json["frames"] = FramesToJson(thread.stack.frames);
  if (thread.stack.end != StackEnd::kComplete) {
    json["cut_short"] = std::string(StackEndName(thread.stack.end));
  }
  if (!thread.problem.empty()) json["problem"] = thread.problem;
  return json;
}

// What many green threads have in common is put into text once.
class GreenWriter {
 public:
  GreenWriter(const Dump& dump, const DumpView& view)
      : dump_(dump), in_place_(!view.distinct) {
    for (const NamedStack& stack : dump.stacks) {
      frames_.push_back(ToLine(FramesToJson(stack.frames)));
    }
    for (const SymbolFrame& site : dump.spawn_sites) {
      sites_.push_back(ToLine(FramesToJson({site})[0]));
    }
    for (const auto& [number, fd] : dump.fds)
      fds_[number] = ToLine(FdToJson(fd));
  }

  std::vector<std::string> Stacks() const {
    std::vector<std::string> stacks;
    for (size_t i = 0; i < frames_.size(); ++i) {
      JsonLine line;
      AddStack(i, line);
      stacks.push_back(line.Take());
    }
    return stacks;
  }
  const std::vector<std::string>& sites() const { return sites_; }

  std::string Line(const Dump::GreenThread& green) const {
    const GreenThreadView& view = green.view;
    JsonLine line;
    line.AddNumber("id", view.id);
    if (!view.name.empty()) line.AddText("name", Quoted(view.name));
    line.AddNumber("hub_tid", static_cast<uint64_t>(view.hub_tid));
    line.AddText("state", Quoted(GreenStateName(view.state)));
    if (view.state == GreenState::kWaiting) AddWait(green, line);
    if (green.since_run_ns) {
      line.AddSeconds("last_run_seconds_ago", *green.since_run_ns);
    }
    line.AddNumber("switches", view.switches);
    if (view.parent != 0) line.AddNumber("spawned_by", view.parent);
    if (green.spawned_at && in_place_) {
      line.AddText("spawned_at", sites_[*green.spawned_at]);
    } else if (green.spawned_at) {
      line.AddNumber("spawn_site", *green.spawned_at);
    }
    if (green.times) {
      line.AddSeconds("busy_seconds", green.times->busy_ns);
      line.AddSeconds("ready_seconds", green.times->ready_ns);
      line.AddSeconds("waiting_seconds", green.times->waiting_ns);
    }
    if (!green.problem.empty()) line.AddText("problem", Quoted(green.problem));
    if (!in_place_ && green.stack) {
      line.AddNumber("stack", *green.stack);
    } else if (green.stack) {
      AddStack(*green.stack, line);
    } else if (in_place_) {
      line.AddText("frames", "[]");
    }
    return line.Take();
  }

 private:
  void AddStack(size_t index, JsonLine& line) const {
    line.AddText("frames", frames_[index]);
    const StackEnd end = dump_.stacks[index].end;
    if (end != StackEnd::kComplete) {
      line.AddText("cut_short", Quoted(StackEndName(end)));
    }
  }

  void AddWait(const Dump::GreenThread& green, JsonLine& line) const {
    const GreenThreadView& view = green.view;
    if (view.waiting_for != WaitReason::kNone) {
      line.AddText("waiting_for", Quoted(WaitReasonName(view.waiting_for)));
    }
    if (view.waiting_for == WaitReason::kFd) {
      AddFd(view, line);
    } else if (view.waiting_for == WaitReason::kJoin && view.waits_on != 0) {
      line.AddNumber("needs", view.waits_on);
    } else if (view.waits_on != 0) {
      line.AddText("object", Quoted(Hex(view.waits_on)));
      if (view.mutex_holder) line.AddNumber("needs", *view.mutex_holder);
    }
    if (green.due_in_ns) line.AddSeconds("due_in_seconds", *green.due_in_ns);
  }

  void AddFd(const GreenThreadView& view, JsonLine& line) const {
    if (view.fd) {
      const auto known = fds_.find(*view.fd);
      line.AddText("fd", known == fds_.end()
                             ? ToLine(Json({{"number", *view.fd}}))
                             : known->second);
    }
    const auto direction = static_cast<FdDirection>(view.waits_on);
    if (direction == FdDirection::kRead) {
      line.AddText("to", "\"read\"");
    } else if (direction == FdDirection::kWrite) {
      line.AddText("to", "\"write\"");
    }
  }

  const Dump& dump_;
  const bool in_place_;
  std::vector<std::string> frames_;  // of each of Dump::stacks
  std::vector<std::string> sites_;
  absl::flat_hash_map<int32_t, std::string> fds_;
};

Json ProvenanceToJson(const Dump& dump) {
  const Provenance& made = dump.made;
  Json json = Json::object();
  if (!made.version.empty()) json["hubspy"] = made.version;
  if (!made.command_line.empty()) json["command_line"] = made.command_line;
  if (!made.host.empty()) json["host"] = made.host;
  if (made.begin_unix_ns != 0) {
    json["time"] = UtcTime(made.begin_unix_ns);
  }
  return json;
}

Json HubToJson(const Dump::Hub& hub) {
  return {{"tid", hub.tid}, {"clock_rate", hub.clock_rate}};
}

// A document that is one object, a member after the other; of an array, each
// item is a line.
class Document {
 public:
  void Add(absl::string_view key, const Json& value) {
    Begin(key);
    text_ += ToLine(value);
  }
  void AddLines(absl::string_view key, const std::vector<std::string>& lines) {
    Begin(key);
    text_ += '[';
    for (size_t i = 0; i < lines.size(); ++i) {
      absl::StrAppend(&text_, i == 0 ? "\n  " : ",\n  ", lines[i]);
    }
    text_ += ']';
  }
  std::string Take() { return std::move(text_.append("\n}\n")); }

 private:
  void Begin(absl::string_view key) {
    absl::StrAppend(&text_, text_.size() > 1 ? ",\n \"" : "\n \"", key, "\": ");
  }

  std::string text_ = "{";
};

}  // namespace

std::string RenderDumpJson(const Dump& dump, const DumpView& view) {
  Document document;
  document.Add("schema", view.distinct ? "hubspy.dump/2" : "hubspy.dump/1");
  if (Json made = ProvenanceToJson(dump); !made.empty()) {
    document.Add("made", made);
  }
  document.Add("pid", dump.pid);
  if (!dump.command.empty()) document.Add("command", dump.command);
  if (!dump.core.empty()) document.Add("core", dump.core);
  if (!dump.gaps.empty()) document.Add("gaps", dump.gaps);
  if (dump.watched_ns > 0) {
    document.Add("watched_seconds", static_cast<double>(dump.watched_ns) / 1e9);
  }
  std::vector<std::string> lines;
  for (const Dump::Thread& thread : dump.threads) {
    lines.push_back(ToLine(ThreadToJson(thread)));
  }
  document.AddLines("threads", lines);
  lines.clear();
  for (const Dump::Hub& hub : dump.hubs) {
    lines.push_back(ToLine(HubToJson(hub)));
  }
  document.AddLines("hubs", lines);
  const GreenWriter writer(dump, view);
  lines.clear();
  for (const Dump::GreenThread& green : dump.green_threads) {
    lines.push_back(writer.Line(green));
  }
  document.AddLines("green_threads", lines);
  if (view.distinct) {
    document.AddLines("stacks", writer.Stacks());
    document.AddLines("spawn_sites", writer.sites());
  }
  const PartialCounts partial = CountPartial(dump);
  Json cut_short = Json::object();
  for (const StackEnd end : kPartialEnds) {
    if (partial.Of(end) == 0) continue;
    cut_short[std::string(StackEndName(end))] = partial.Of(end);
  }
  document.Add("cut_short", cut_short);
  return document.Take();
}

}  // namespace hubspy
