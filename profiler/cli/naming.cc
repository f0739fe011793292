#include "cli/naming.h"

#include "diagnose/facts.h"
#include "target/system_call_name.h"

namespace hubspy {

std::vector<SymbolFrame> NameStack(const Stack& stack,
                                   const Attachment& attachment,
                                   Symbolizer& symbolizer) {
  const Program& program = attachment.programs()[stack.program];
  std::vector<SymbolFrame> frames;
  for (size_t i = 0; i < stack.frames.size(); ++i) {
    if (stack.left_out.count > 0 && i == stack.left_out.after) {
      frames.push_back(LeftOutMarker(stack.left_out.count));
    }
    const CodeAddress address = stack.frames[i];
    for (const SymbolFrame& frame :
         symbolizer.Resolve(program.modules->Find(address.lookup()), address,
                            program.jit_names.get())) {
      frames.push_back(frame);
    }
  }
  return frames;
}

SymbolFrame NameSpawnSite(Address spawn_site, const Program& program,
                          Symbolizer& symbolizer) {
  const CodeAddress call = CodeAddress::Return(spawn_site);
  const absl::Span<const SymbolFrame> frames = symbolizer.Resolve(
      program.modules->Find(call.lookup()), call, program.jit_names.get());
  for (const SymbolFrame& frame : frames) {
    if (!facts::IsOfTheRuntime(frame) && !facts::IsOfTheSystem(frame)) {
      return frame;
    }
  }
  return frames.back();
}

Profile NameProfile(Recording& recording, Family& family,
                    Symbolizer& symbolizer, const NamingOptions& options) {
  for (const auto& [tid, name] : family.thread_names()) {
    recording.NameThread(tid, name);
  }
  for (const auto& [id, name] : family.green_names()) {
    recording.NameGreen(id, name);
  }
  for (const auto& [key, count] : recording.counts()) {
    const int64_t call = key.activity.system_call;
    if (call >= 0 && !recording.system_call_names().contains(call)) {
      recording.NameSystemCall(call, SystemCallName(call));
    }
  }
  family.LearnJitNames(recording.stacks());
  return Renamed(NameRecording(recording, family.programs(), symbolizer),
                 options);
}

}  // namespace hubspy
