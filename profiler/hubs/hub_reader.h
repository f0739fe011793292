// Reads what a green process publishes about its hubs (introspect_abi.h).
//
//   if (std::optional<Address> block = FindHubBlock(modules, memory)) {
//     HubReader reader(process->memory(), *block);
//     for (const HubView& hub : *reader.ReadHubs()) ...
//   }
//
// The target is never stopped and never trusted: every pointer, count and bound
// is checked, lists are bounded, and a record that changes while it is read is
// read again; if it never holds still, Aborted says so. The readings of a clock
// that go together may be a millisecond apart, when it is read all the time.
#ifndef HUBSPY_HUBS_HUB_READER_H_
#define HUBSPY_HUBS_HUB_READER_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "hubs/layout.h"
#include "hubs/records.h"
#include "image/module_map.h"
#include "model/hub.h"
#include "target/memory.h"

namespace hubspy {

// Where the block lies, by the note of the first module that has one, or by its
// section of a Mach-O one; nullopt: not a green process, or one that dyld has
// yet to prepare.
std::optional<Address> FindHubBlock(const ModuleMap& modules,
                                    const Memory& memory);

// The bytes of one slab of green threads' records, as they were copied.
struct SlabCopy {
  Address records;  // of the first one
  std::vector<std::byte> bytes;
};

// Where a green thread stood that did not run, and its stack from there on.
struct SuspendedGreen {
  Registers registers;
  MemoryCopy stack;
};

class HubReader {
 public:
  static constexpr size_t kMaxHubs = 4096;
  static constexpr size_t kMaxGreenThreads = 4'000'000;

  HubReader(const Memory& memory, Address block)
      : memory_(memory), block_(block) {}

  // Every hub in use. Unavailable: none was made yet. DataLoss, Unimplemented:
  // what is published cannot be understood.
  absl::StatusOr<std::vector<HubView>> ReadHubs();

  // Every green thread of the hub, by id.
  absl::StatusOr<std::vector<GreenThreadView>> ReadGreenThreads(
      const HubView& hub);

  // One green thread, by its record's address.
  absl::StatusOr<GreenThreadView> ReadGreenThread(const HubView& hub,
                                                  Address record);

  // Fills in the holder of each mutex that one of them waits for, which is not
  // in its record.
  void ReadMutexHolders(absl::Span<GreenThreadView* const> greens) const;

  // For many looks at many green threads: every slab's bytes, in an order that
  // does not change, new ones first, and what a record in them says.
  absl::Status ReadSlabs(const HubView& hub,
                         std::vector<SlabCopy>& slabs) const;
  size_t green_record_bytes() const { return layout_.green.record_bytes(); }
  GreenThreadView ParseGreenThread(const HubView& hub, Address record,
                                   absl::Span<const std::byte> bytes) const {
    return ParseGreenRecord(layout_, hub.tid, record, bytes);
  }
  std::optional<GreenState> StateOfGreen(
      absl::Span<const std::byte> bytes) const {
    return ParseGreenState(layout_, bytes);
  }

  // Copies the stacks of green threads that were seen suspended (`context` is
  // not zero), up to `max_stack_bytes` of each, and calls use(index, copy, now)
  // for each in turn. Either `copy` is null, because it has run since it was
  // seen or cannot be read, or `now` is; now->id is 0 when it has ended.
  using UseSuspended = absl::FunctionRef<void(
      size_t index, SuspendedGreen* copy, GreenThreadView* now)>;
  void CopySuspended(const HubView& hub,
                     absl::Span<const GreenThreadView* const> greens,
                     size_t max_stack_bytes, UseSuspended use) const;

  // The same hub again, by its record's address.
  absl::StatusOr<HubView> ReadHub(Address record);

  // For a look of the same instant as a stack: the bytes to copy along with it,
  // and what they say. `context` may be too short, or of another place; then
  // HubView::suspended_run is absent.
  AddressRange HubRecordRange(const HubView& hub) const;
  absl::StatusOr<HubView> ParseHub(const MemoryCopy& record,
                                   const MemoryCopy& context) const;
  // Where Hub::Run's context and stack lie by this view; empty when a green
  // thread does not run on a stack of its own.
  AddressRange SuspendedRunRange(const HubView& hub, size_t max_bytes) const;

 private:
  absl::Status LoadLayout();
  absl::StatusOr<std::vector<std::byte>> ReadExactly(Address from,
                                                     size_t bytes) const;
  std::optional<Registers> ReadContext(uint64_t saved_sp) const;
  // The same of how much there is of what they wait for.
  void ReadStateWords(absl::Span<GreenThreadView* const> greens) const;
  // What is read of one green thread to copy its stack.
  struct SuspendedPieces {
    MemoryPiece before, stack, after;
  };
  void UseCopy(const HubView& hub, size_t index, const GreenThreadView& seen,
               const SuspendedPieces& pieces, UseSuspended use) const;
  // Whether a record's bytes still say what was seen.
  bool IsWhereItWas(const GreenThreadView& seen,
                    const MemoryPiece& record) const;

  const Memory& memory_;
  Address block_;
  Layout layout_;
};

}  // namespace hubspy

#endif  // HUBSPY_HUBS_HUB_READER_H_
