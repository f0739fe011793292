// Our half of tools/compare_unwinds: unwinds threads of a process that somebody
// else (gdb) holds still.
//
//   unwind_stopped PID
//
// Each line on standard input is one thread of this instant: the 17 registers
// in hexadecimal, by DWARF number (model/registers.h). The answer is two lines:
// by all registers, and by pc and sp alone, as a thread asleep is seen. Each is
// the reason for the end, and the frames, innermost first: the address, "t" or
// "-" for a frame with or without an unwind table.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_replace.h"
#include "image/module_map.h"
#include "model/registers.h"
#include "model/stack.h"
#include "profiler/unwind/live_capture.h"
#include "unwind/fde_table.h"
#include "unwind/unwinder.h"

namespace hubspy {
namespace {

// Deep enough for every program but those that are about depth.
constexpr size_t kMaxStackBytes = 256 * 1024;
// As in cli/attachment.cc.
constexpr int kMaxOtherStacks = 2;

class StoppedProcess {
 public:
  explicit StoppedProcess(pid_t pid) : pid_(pid) { Refresh(); }

  // Both lines, each with its newline.
  std::string Answer(const Registers& all) {
    const MemoryCopy copy = CopyStack(pid_, all.sp(), kMaxStackBytes);
    Stack stack = Unwind(all, copy);
    if (LeavesKnownModules(stack)) {
      Refresh();
      stack = Unwind(all, copy);
    }
    const Stack asleep =
        Unwind(Registers::FromPcAndSp(all.pc(), all.sp()), copy);
    return Line(stack) + Line(asleep);
  }

 private:
  Stack Unwind(const Registers& registers, const MemoryCopy& copy) {
    Stack stack = unwinder_->Unwind(registers, copy);
    for (int i = 0; i < kMaxOtherStacks; ++i) {
      const std::optional<Address> sp = unwinder_->OtherStackSp();
      if (!sp) break;
      stack = unwinder_->Continue(std::move(stack),
                                  CopyStack(pid_, *sp, kMaxStackBytes));
    }
    return stack;
  }

  void Refresh() {
    tables_.clear();
    modules_ = ReadModules(pid_);
    unwinder_ = std::make_unique<Unwinder>(
        modules_, [this](Address from, absl::Span<std::byte> into) {
          return ReadMemory(pid_, from, into);
        });
  }

  bool LeavesKnownModules(const Stack& stack) const {
    for (const CodeAddress frame : stack.frames) {
      if (modules_.Find(frame.lookup()) == nullptr) return true;
    }
    return false;
  }

  bool HasTable(CodeAddress frame) {
    const LoadedModule* const module = modules_.Find(frame.lookup());
    if (module == nullptr || module->image == nullptr) return false;
    std::unique_ptr<FdeTable>& table = tables_[module->image.get()];
    if (table == nullptr) table = std::make_unique<FdeTable>(*module->image);
    return table->Find(module->module.ToImage(frame.lookup())) != nullptr;
  }

  std::string Line(const Stack& stack) {
    std::ostringstream line;
    // One word.
    line << absl::StrReplaceAll(StackEndName(stack.end), {{" ", "_"}});
    for (const CodeAddress frame : stack.frames) {
      line << ' ' << std::hex << frame.address().value()
           << (HasTable(frame) ? 't' : '-');
    }
    line << '\n';
    return line.str();
  }

  const pid_t pid_;
  ModuleMap modules_;
  std::unique_ptr<Unwinder> unwinder_;
  absl::flat_hash_map<const Image*, std::unique_ptr<FdeTable>> tables_;
};

int Main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: unwind_stopped PID\n";
    return 2;
  }
  StoppedProcess process(std::atoi(argv[1]));
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    Registers registers;
    uint64_t value = 0;
    for (int i = 0; i < Registers::kCount && words >> std::hex >> value; ++i) {
      registers.Set(static_cast<Reg>(i), value);
    }
    std::cout << process.Answer(registers) << std::flush;
  }
  return 0;
}

}  // namespace
}  // namespace hubspy

int main(int argc, char** argv) { return hubspy::Main(argc, argv); }
