// The target's code, read from the files behind its modules, or where there is
// none from its memory.
#ifndef HUBSPY_UNWIND_CODE_READER_H_
#define HUBSPY_UNWIND_CODE_READER_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "decode/decoder.h"
#include "image/module_map.h"
#include "model/address.h"
#include "unwind/code_pages.h"

namespace hubspy {

// A call instruction, seen from behind it.
struct CallSite {
  // Nullopt for a call through a register or through memory.
  std::optional<Address> target;
};

class CodeReader {
 public:
  // Borrows both. Without `pages`, only files are read.
  explicit CodeReader(const ModuleMap& modules, CodePages* pages = nullptr)
      : modules_(&modules), pages_(pages) {}

  // In an executable segment of a module whose file we have, or in other
  // executable memory that can be read.
  bool IsCode(Address address) const;
  // Such code as changes while the target runs.
  bool IsInMemoryOnly(Address address) const;
  // Fills `into` as far as the segment goes; returns how far.
  size_t Read(Address from, absl::Span<uint8_t> into) const;
  std::optional<Instruction> DecodeAt(Address at) const;
  // An address that code reads from a table: of the file, as the linker left
  // it, or in such memory.
  std::optional<Address> ReadAddress(Address at) const;
  // The call that returns to `return_address`. Instructions have no marked
  // begin, so other bytes may look like one: a sign, not a proof.
  std::optional<CallSite> CallBefore(Address return_address) const;
  // Where a signal's handler returns to: code that calls rt_sigreturn.
  bool IsSignalTrampoline(Address pc) const;
  // Behind a call, or one of the places to which functions return that were
  // not called from there: the kernel makes a handler return to the signal
  // trampoline, Go's scheduler a goroutine's first function to runtime.goexit.
  // Looks at memory once more before it says no.
  bool MayReturnTo(Address return_address) const;

 private:
  bool LooksReturnedTo(Address return_address) const;
  bool IsGoExit(Address return_address) const;

  const ModuleMap* modules_;
  CodePages* pages_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CODE_READER_H_
