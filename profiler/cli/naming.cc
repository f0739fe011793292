#include "cli/naming.h"

namespace hubspy {

std::vector<SymbolFrame> NameStack(const Stack& stack, const ModuleMap& modules,
                                   Symbolizer& symbolizer) {
  std::vector<SymbolFrame> frames;
  for (CodeAddress address : stack.frames) {
    for (const SymbolFrame& frame :
         symbolizer.Resolve(modules.Find(address.lookup()), address)) {
      frames.push_back(frame);
    }
  }
  return frames;
}

Profile NameProfile(Recording& recording, Attachment& attachment,
                    Symbolizer& symbolizer, const NamingOptions& options) {
  for (const auto& [tid, name] : attachment.thread_names()) {
    recording.NameThread(tid, name);
  }
  Profile profile =
      NameRecording(recording, attachment.modules(), symbolizer, options);
  profile.pid = attachment.process().pid();
  profile.command = attachment.process().CommandLine();
  return profile;
}

}  // namespace hubspy
