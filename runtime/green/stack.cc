#include "green/stack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "green/sanitizers.h"

namespace green::internal {
namespace {

// A guard in the page table instead of a mapping of its own: Linux 6.13,
// include/uapi/asm-generic/mman-common.h. Older headers do not have it.
constexpr int kMadvGuardInstall = 102;

constexpr size_t kMaxChunkStacks = 64;

void InstallGuard(void* page, size_t size) {
  if (madvise(page, size, kMadvGuardInstall) == 0) return;
  if (mprotect(page, size, PROT_NONE) != 0) throw std::bad_alloc();
}

}  // namespace

StackPool::StackPool(size_t stack_size)
    : page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
      stack_size_((std::max(stack_size, page_size_) + page_size_ - 1) /
                  page_size_ * page_size_) {}

StackPool::~StackPool() {
  for (const Chunk& chunk : chunks_) {
    UnpoisonMemory(chunk.address, chunk.size);
    munmap(chunk.address, chunk.size);
  }
}

Stack StackPool::Acquire() {
  if (idle_.empty()) MapChunk();
  const Stack stack = idle_.back();
  idle_.pop_back();
  clean_ = std::min(clean_, idle_.size());
  return stack;
}

void StackPool::Release(Stack stack) {
  // Frames that were left by a switch, not by a return, are still poisoned.
  UnpoisonMemory(reinterpret_cast<void*>(stack.begin), stack_size_);
  idle_.push_back(stack);
}

// The guards stay: MADV_DONTNEED keeps guard marks and protections.
size_t StackPool::GiveBack(size_t most) {
  const size_t touched = idle_.size() - clean_;
  const size_t count = std::min(most, touched - std::min(touched, kWarmStacks));
  const size_t all = clean_ + count;
  while (clean_ < all) {
    // Stacks that were taken one after the other are often released so, too:
    // one call for as many as lie side by side.
    Stack run = idle_[clean_++];
    while (clean_ < all && idle_[clean_].begin == run.end + page_size_) {
      run.end = idle_[clean_++].end;
    }
    madvise(reinterpret_cast<void*>(run.begin), run.end - run.begin,
            MADV_DONTNEED);
  }
  return count;
}

void StackPool::MapChunk() {
  // The first chunks are small, so that a hub with two green threads does not
  // install guards for 64.
  const size_t count = std::min(
      kMaxChunkStacks, size_t{4} << std::min<size_t>(chunks_.size(), 4));
  const size_t stride = page_size_ + stack_size_;
  chunks_.reserve(chunks_.size() + 1);
  // Release() must not need memory: room for every stack there is.
  size_t all = count;
  for (const Chunk& chunk : chunks_) all += chunk.size / stride;
  if (idle_.capacity() < all) {
    idle_.reserve(std::max(all, 2 * idle_.capacity()));
  }

  void* const address =
      mmap(nullptr, count * stride, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  chunks_.push_back({address, count * stride});
  // A huge page would make one touched page of a stack cost 2 MiB. A kernel
  // without huge pages refuses, rightly.
  madvise(address, count * stride, MADV_NOHUGEPAGE);

  const auto first = reinterpret_cast<uint64_t>(address);
  for (size_t i = count; i-- > 0;) {
    const uint64_t guard = first + i * stride;
    InstallGuard(reinterpret_cast<void*>(guard), page_size_);
    idle_.push_back({guard + page_size_, guard + stride});
  }
  clean_ = idle_.size();
}

}  // namespace green::internal
