// Stacks for green threads, each with a guard below it, and a pool of them.
//
// The surprising part: a stack costs only the pages it has touched. Its address
// space is reserved, not committed, and its guard is a mark in the page table
// where the system has that (Linux 6.13), so a million stacks do not need two
// million mappings. A pooled stack keeps its touched pages, for speed; when
// many are idle, GiveBack() gives those back of the ones that have been so
// longest, for which its owner chooses a time at which nobody waits.
#ifndef GREEN_STACK_H_
#define GREEN_STACK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace green::internal {

// [begin, end) is usable; the page below begin is the guard.
struct Stack {
  uint64_t begin = 0;
  uint64_t end = 0;
};

class StackPool {
 public:
  // Usable bytes of each stack, rounded up to whole pages.
  explicit StackPool(size_t stack_size);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  // Unmaps every stack, also those that were not released.
  ~StackPool();

  // Throws std::bad_alloc when the system gives no more.
  Stack Acquire();
  void Release(Stack stack);

  // Gives back the pages of idle stacks beyond kWarmStacks, at most of `most`
  // of them; how many there were. About 1 us each.
  size_t GiveBack(size_t most);

  static constexpr size_t kWarmStacks = 1024;

 private:
  struct Chunk {
    void* address;
    size_t size;
  };

  void MapChunk();

  size_t page_size_;
  size_t stack_size_;
  std::vector<Chunk> chunks_;
  std::vector<Stack> idle_;  // the most recently used is last
  size_t clean_ = 0;         // so many of idle_, the first, have no pages
};

}  // namespace green::internal

#endif  // GREEN_STACK_H_
