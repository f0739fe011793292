#include "unwind/stack_window.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "image/owned_mapping.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

// Rows add small numbers: 8 KiB each way is more than any compiler's offset
// from a frame pointer to what it needs for the CFA.
constexpr size_t kZoneWords = 2048;
constexpr size_t kZones = Registers::kCount + 1;
constexpr size_t kNotCopiedZone = Registers::kCount;
constexpr size_t kArenaUnit = 64 * 1024;
// A bit that no address has that a program can have.
constexpr uint64_t kEscape = uint64_t{1} << 62;

using Zones = std::array<std::array<uint64_t, kZoneWords>, kZones>;

uint64_t AddressOf(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

Zones zones;

uint64_t StandIn(size_t zone) {
  return AddressOf(&zones[zone][kZoneWords / 2]);
}

void FillZones() {
  [[maybe_unused]] static const bool filled = [] {
    for (auto& zone : zones) zone.fill(AddressOf(&zone[kZoneWords / 2]));
    return true;
  }();
}

bool IsInZones(uint64_t local) {
  return local - AddressOf(zones.data()) < sizeof(Zones);
}

size_t ZoneOf(uint64_t local) {
  return (local - AddressOf(zones.data())) / sizeof(Zones::value_type);
}

// This thread's place for stack copies, with unreadable pages on both sides.
class Arena {
 public:
  // At least `bytes` that end on a page boundary; what was handed out before
  // is taken back.
  std::byte* End(size_t bytes) {
    if (bytes > capacity_) Grow(bytes);
    return mapping_.data() + PageSize() + capacity_;
  }

 private:
  void Grow(size_t bytes) {
    capacity_ = (bytes + kArenaUnit - 1) / kArenaUnit * kArenaUnit;
    const size_t whole = capacity_ + 2 * PageSize();
    mapping_ = OwnedMapping(
        mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        whole);
    if (!mapping_ || mprotect(mapping_.data() + PageSize(), capacity_,
                              PROT_READ | PROT_WRITE) != 0) {
      throw std::bad_alloc();
    }
  }

  OwnedMapping mapping_;
  size_t capacity_ = 0;
};

}  // namespace

// Our copy is laid out as [a page or more of stand-ins][the copy][the same]
// [unreadable], and every byte keeps its place in its page: code that aligns
// its stack computes with the low bits.
StackWindow::StackWindow(const MemoryCopy& stack) : copied_(stack.range()) {
  FillZones();
  thread_local Arena arena;
  const uint64_t page = PageSize();
  const size_t size = stack.bytes.size();
  const size_t behind =
      2 * page - static_cast<size_t>(copied_.end.value() % page);
  std::byte* const end = arena.End(page + size + behind) - behind;
  std::byte* const begin = end - size;

  offset_ = AddressOf(begin) - copied_.begin.value();
  moved_ = {copied_.begin - page, copied_.end + page};
  const uint64_t not_copied = StandIn(kNotCopiedZone);
  const auto fill = [&](std::byte* from, std::byte* to) {
    // Whole words only; an odd stack pointer is no place of a word anyway.
    for (; to - from >= 8; from += 8) std::memcpy(from, &not_copied, 8);
  };
  fill(begin - page, begin);
  std::copy(stack.bytes.begin(), stack.bytes.end(), begin);  // or nothing
  fill(end, end + behind);

  std::byte* const first_word = begin + (-AddressOf(begin) & 7);
  if (first_word > end) return;
  // Plain arrays, so that the compiler makes vectors of them.
  auto* const words = reinterpret_cast<uint64_t*>(first_word);
  const size_t count = static_cast<size_t>(end - first_word) / 8;
  const uint64_t low = moved_.begin.value();
  const uint64_t moved_size = moved_.size();
  const uint64_t offset = offset_;
  const uint64_t zones_begin = AddressOf(zones.data());
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = words[i];
    const bool points_here = word - low < moved_size;
    const bool seems_ours = (word - offset - low < moved_size) |
                            (word - zones_begin < sizeof(Zones));
    words[i] = points_here ? word + offset : seems_ours ? word ^ kEscape : word;
  }
}

// Whether it is a stand-in, or a place of the copy or around it.
bool StackWindow::IsOurs(uint64_t local) const {
  return IsInZones(local) || moved_.Contains(Address(local - offset_));
}

uint64_t StackWindow::ToLocal(const Registers& registers, Reg reg) const {
  const std::optional<uint64_t> value = registers.Get(reg);
  if (value && moved_.Contains(Address(*value))) return *value + offset_;
  return StandIn(static_cast<size_t>(reg));
}

StackWindow::Value StackWindow::ToTarget(const Registers& registers,
                                         uint64_t local) const {
  if (IsInZones(local)) {
    const size_t zone = ZoneOf(local);
    if (zone == kNotCopiedZone) return {};
    const Reg reg = static_cast<Reg>(zone);
    Value value{.made_from = reg};
    if (const std::optional<uint64_t> base = registers.Get(reg)) {
      value.target = *base + (local - StandIn(zone));
    }
    return value;
  }
  if (IsOurs(local ^ kEscape)) return {local ^ kEscape, {}};
  if (moved_.Contains(Address(local - offset_))) return {local - offset_, {}};
  return {local, {}};
}

}  // namespace hubspy
