#include "green/stack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "green/sanitizers.h"
#include "green/stack_memory.h"

namespace green::internal {
namespace {

constexpr size_t kMaxChunkStacks = 64;

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
    GiveBackStackMemory(reinterpret_cast<void*>(run.begin),
                        run.end - run.begin);
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

  void* const address = MapStackMemory(count * stride);
  chunks_.push_back({address, count * stride});

  const auto first = reinterpret_cast<uint64_t>(address);
  for (size_t i = count; i-- > 0;) {
    const uint64_t guard = first + i * stride;
    InstallStackGuard(reinterpret_cast<void*>(guard), page_size_);
    idle_.push_back({guard + page_size_, guard + stride});
  }
  clean_ = idle_.size();
}

}  // namespace green::internal
