// The target's memory by process_vm_readv(2): no stop, no attach, no copy in
// between.
//
// The surprising part: one call reads many ranges, but it ends at the first
// byte that is not mapped, whatever ranges come after that. Hence the stack is
// asked for last: it is the one that normally runs off the end of its mapping.
#ifndef HUBSPY_TARGET_LINUX_PROCESS_VM_H_
#define HUBSPY_TARGET_LINUX_PROCESS_VM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/address.h"
#include "model/snapshot.h"
#include "target/linux/proc_dir.h"
#include "target/memory.h"

namespace hubspy {

class ProcessVmMemory : public Memory {
 public:
  // Borrows `process`.
  explicit ProcessVmMemory(const ProcDir& process)
      : process_(process), tid_(process.pid()) {}

  size_t Read(Address from, absl::Span<std::byte> into) const override;
  void ReadEach(absl::Span<MemoryPiece> pieces) const override;

 private:
  // False: no thread of the process is left.
  bool FindLivingThread() const;

  // A thread of the process; the kernel shows its memory through living
  // threads only, and the main thread may be the first to end.
  const ProcDir& process_;
  mutable std::atomic<int32_t> tid_;
};

// Copies what one capture wants, a stack and some ranges besides, with as few
// system calls as possible and nothing else between the first and the last:
//
//   StackReader reader;                       // kept: it keeps its buffer
//   reader.Prepare(also, max_stack_bytes);    // allocates
//   reader.Read(tid, sp);                     // the thread does not move now
//   snapshot.stack = reader.Stack();
class StackReader {
 public:
  // More than this in one capture is a mistake of whoever computed the ranges,
  // or a target that lies about its own structures.
  static constexpr uint64_t kMaxBytes = 64 << 20;

  // InvalidArgument: a range that ends before it begins, or too much.
  absl::Status Prepare(absl::Span<const AddressRange> also,
                       size_t max_stack_bytes);
  // Of the stack, at most `most_stack_bytes` of what was prepared for.
  void Read(int32_t tid, Address sp, size_t most_stack_bytes = SIZE_MAX);
  MemoryCopy Stack() const;
  std::vector<MemoryCopy> Extra() const;  // in the order of `also`

 private:
  std::vector<MemoryPiece> pieces_;  // the stack is the last one
  size_t max_stack_bytes_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PROCESS_VM_H_
