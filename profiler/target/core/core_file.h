// What an ELF core file says, as values: threads, memory, mappings.
//
//   absl::StatusOr<CoreContents> core = ParseCore(read, file_size);
//
// Every offset, size and count in the file is hostile until checked here; what
// is returned lies inside the file and inside the address space. Notes that do
// not parse are left out; a core without one thread is an error.
//
// The surprising part: a core is rarely whole. The kernel leaves out code that
// it can expect to find in the mapped file (core(5), coredump_filter), gdb does
// not even mention such memory, and a full disk or a limit cuts the file off.
#ifndef HUBSPY_TARGET_CORE_CORE_FILE_H_
#define HUBSPY_TARGET_CORE_CORE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/address.h"
#include "model/mapping.h"
#include "model/snapshot.h"
#include "target/core/elf_pieces.h"

namespace hubspy {

// A PT_LOAD segment: memory of the process, and how much of it is in the file.
struct CoreSegment {
  AddressRange range;
  uint64_t file_offset = 0;
  uint64_t file_bytes = 0;  // from range.begin on; less than range.size() where
                            // the rest was left out or cut off
  bool readable = false;
  bool writable = false;
  bool executable = false;
};

struct CoreThread {
  ThreadId tid = 0;
  Registers registers;
  std::vector<std::byte> user_registers;  // as in the file: user_registers.h
};

struct CoreContents {
  int32_t pid = 0;
  std::string name;       // of the main thread
  std::string arguments;  // their beginning (80 bytes)
  bool stopped = false;   // by job control, before it was dumped
  // As in the file: the first is the one that took the signal, if any did.
  std::vector<CoreThread> threads;
  std::optional<SignalTaken> signal;
  std::vector<CoreSegment> segments;  // by address
  // Those that have a file, by address. How they are protected and which file
  // it is today is not known from here.
  std::vector<Mapping> mappings;
  std::optional<Address> vdso;
  uint64_t cut_off_bytes = 0;  // that segments should have in the file, but the
                               // file ends before them
};

// InvalidArgument: why it is no core of a process of this machine.
absl::StatusOr<CoreContents> ParseCore(ReadAt read, uint64_t file_size);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_CORE_FILE_H_
