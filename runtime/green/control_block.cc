#include "green/control_block.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace green::internal {
namespace {

constexpr uint32_t kFirstSlabCount = 64;
constexpr uint32_t kMaxSlabCount = 4096;

static_assert(alignof(ControlBlock) >= sizeof(abi::Slab));

// Slabs live as long as the process. Their memory comes zeroed and stays
// untouched, hence uncommitted, until a block of it is used; to an observer,
// zeros are free records.
void AddSlab(HubRecord& record) {
  const uint32_t count =
      std::clamp(2 * record.last_slab_count, kFirstSlabCount, kMaxSlabCount);
  void* const memory =
      std::calloc(1, 2 * alignof(ControlBlock) + count * sizeof(ControlBlock));
  if (memory == nullptr) throw std::bad_alloc();
  const uint64_t blocks = (reinterpret_cast<uint64_t>(memory) +
                           sizeof(abi::Slab) + alignof(ControlBlock) - 1) &
                          ~uint64_t{alignof(ControlBlock) - 1};
  auto* const slab = new (reinterpret_cast<void*>(blocks - sizeof(abi::Slab)))
      abi::Slab{.next = record.first_slab.Get(), .count = count, .reserved = 0};
  record.unused_block = reinterpret_cast<ControlBlock*>(blocks);
  record.unused_count = count;
  record.last_slab_count = count;
  record.first_slab.Set(reinterpret_cast<uint64_t>(slab));
}

}  // namespace

ControlBlock& AcquireControlBlock(HubRecord& record) {
  if (ControlBlock* const block = record.free_blocks; block != nullptr) {
    record.free_blocks = block->next;
    return *block;
  }
  if (record.unused_count == 0) AddSlab(record);
  --record.unused_count;
  return *new (record.unused_block++) ControlBlock();
}

void ReleaseControlBlock(HubRecord& record, ControlBlock& block) {
  block.record.id.Set(0);
  block.next = record.free_blocks;
  record.free_blocks = &block;
}

ControlBlock& ControlBlockOf(Timer& timer) {
  return *reinterpret_cast<ControlBlock*>(reinterpret_cast<char*>(&timer) -
                                          offsetof(ControlBlock, timer));
}

std::string DescribeGreenThread(const ControlBlock& block) {
  const GreenRecord& record = block.record;
  const uint64_t id = record.id.Get();
  if (id == 0) return "the thread's own code";
  const absl::string_view name(record.name,
                               strnlen(record.name, sizeof(record.name)));
  return name.empty() ? absl::StrCat("green thread ", id)
                      : absl::StrCat("green thread ", id, " (", name, ")");
}

bool GreenQueue::Remove(ControlBlock& block) {
  ControlBlock* previous = nullptr;
  for (ControlBlock* at = first_; at != nullptr; previous = at, at = at->next) {
    if (at != &block) continue;
    (previous == nullptr ? first_ : previous->next) = block.next;
    if (last_ == &block) last_ = previous;
    return true;
  }
  return false;
}

}  // namespace green::internal
