#include "hubs/hub_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

namespace abi = green::abi;

// A hub's record may change while it is copied; this often we look again.
constexpr int kAttempts = 20;
// Of one slab, and of all green threads of a hub.
constexpr uint64_t kMaxSlabBytes = uint64_t{256} << 20;
constexpr size_t kCopyAtOnceBytes = 256 * 1024;

// A loop that does nothing else reads its clock ten million times a second, and
// is never caught between two readings. Then each field is of one of those
// between `before` and `after`, and they disagree by no more than these do.
bool TornByLittle(const HubView& before, const HubView& after) {
  constexpr int64_t kLittleNs = 1'000'000;
  const auto is_little = [](int64_t from, int64_t to) {
    return from < to &&
           static_cast<uint64_t>(to) - static_cast<uint64_t>(from) <= kLittleNs;
  };
  return is_little(before.last.witness_real_ns, after.last.witness_real_ns) &&
         is_little(before.last.now_ns, after.last.now_ns);
}

// Those of which the published description says so.
bool HasStateWord(WaitReason reason) {
  return reason == WaitReason::kEvent || reason == WaitReason::kSemaphore ||
         reason == WaitReason::kQueue || reason == WaitReason::kResource;
}

std::optional<Address> BlockByNote(const LoadedModule& loaded) {
  for (const Note& note : loaded.image->Notes()) {
    int64_t distance;
    if (note.owner != abi::kNoteOwner || note.type != abi::kNoteType ||
        note.description.size() < sizeof(distance)) {
      continue;
    }
    std::memcpy(&distance, note.description.data(), sizeof(distance));
    return Address(loaded.module.load_bias + note.description_vaddr +
                   static_cast<uint64_t>(distance));
  }
  return std::nullopt;
}

template <typename T>
std::optional<T> ReadValue(const Memory& memory, Address from) {
  T value;
  const auto bytes =
      absl::MakeSpan(reinterpret_cast<std::byte*>(&value), sizeof value);
  if (memory.Read(from, bytes) != bytes.size()) return std::nullopt;
  return value;
}

// In the file there is no address yet, nor in memory before dyld has been
// there: until then it leads anywhere.
std::optional<Address> BlockBySection(const LoadedModule& loaded,
                                      const Memory& memory) {
  const auto section = loaded.image->SectionNamed(abi::kSection);
  if (!section || section->size() < sizeof(uint64_t)) return std::nullopt;
  const auto block = ReadValue<uint64_t>(
      memory, Address(loaded.module.load_bias + section->begin));
  if (!block) return std::nullopt;
  const auto magic =
      ReadValue<std::array<char, sizeof abi::kMagic>>(memory, Address(*block));
  if (!magic || !std::equal(magic->begin(), magic->end(), abi::kMagic)) {
    return std::nullopt;
  }
  return Address(*block);
}

}  // namespace

std::optional<Address> FindHubBlock(const ModuleMap& modules,
                                    const Memory& memory) {
  for (const LoadedModule& loaded : modules.modules()) {
    if (loaded.image == nullptr) continue;
    if (const auto block = BlockByNote(loaded)) return block;
    if (const auto block = BlockBySection(loaded, memory)) return block;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<std::byte>> HubReader::ReadExactly(
    Address from, size_t bytes) const {
  std::vector<std::byte> copy(bytes);
  if (memory_.Read(from, absl::MakeSpan(copy)) != bytes) {
    return absl::DataLossError(absl::StrCat(
        "nothing is mapped at 0x", absl::Hex(from.value()),
        ", where the process says that its hub's description lies"));
  }
  return copy;
}

absl::Status HubReader::LoadLayout() {
  absl::StatusOr<std::vector<std::byte>> bytes =
      ReadExactly(block_, sizeof(abi::Block));
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Layout> layout = Layout::Parse(*bytes);
  if (!layout.ok()) return layout.status();
  layout_ = *std::move(layout);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HubView>> HubReader::ReadHubs() {
  if (absl::Status status = LoadLayout(); !status.ok()) return status;
  std::vector<HubView> hubs;
  absl::flat_hash_set<Address> seen;
  Address record = layout_.first_hub;
  while (record) {
    if (!seen.insert(record).second || seen.size() > kMaxHubs) {
      return absl::DataLossError("the list of hubs has no end");
    }
    absl::StatusOr<std::vector<std::byte>> bytes =
        ReadExactly(record, layout_.hub.record_bytes());
    if (!bytes.ok()) return bytes.status();
    const Address next(layout_.hub.Unsigned(*bytes, abi::kHubNext).value_or(0));
    if (layout_.hub.Unsigned(*bytes, abi::kHubThreadId).value_or(0) != 0) {
      absl::StatusOr<HubView> hub = ReadHub(record);
      if (!hub.ok()) return hub.status();
      hubs.push_back(*std::move(hub));
    }
    record = next;
  }
  return hubs;
}

absl::StatusOr<HubView> HubReader::ReadHub(Address record) {
  if (layout_.hub.record_bytes() == 0) {
    if (absl::Status status = LoadLayout(); !status.ok()) return status;
  }
  const auto sequence = [this](const std::vector<std::byte>& bytes) {
    return layout_.hub.Unsigned(bytes, abi::kHubClockSequence).value_or(0);
  };
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    absl::StatusOr<std::vector<std::byte>> bytes =
        ReadExactly(record, layout_.hub.record_bytes());
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<std::vector<std::byte>> again =
        ReadExactly(record, layout_.hub.record_bytes());
    if (!again.ok()) return again.status();
    // Odd: caught while it was written. Changed: written while we read.
    const bool is_whole =
        sequence(*bytes) % 2 == 0 && sequence(*bytes) == sequence(*again);
    HubView hub = ParseHubRecord(layout_, record, *bytes);
    const HubView later = ParseHubRecord(layout_, record, *again);
    if (!is_whole && !TornByLittle(hub, later)) continue;
    if (hub.run_context) {
      hub.suspended_run = ReadContext(hub.run_context.value());
    }
    return hub;
  }
  return absl::AbortedError(
      "the hub's description changed each time it was read");
}

std::optional<Registers> HubReader::ReadContext(uint64_t saved_sp) const {
  MemoryCopy copy{.begin = Address(saved_sp)};
  copy.bytes.resize(layout_.context.record_bytes());
  copy.bytes.resize(memory_.Read(copy.begin, absl::MakeSpan(copy.bytes)));
  return ParseContext(layout_, saved_sp, copy);
}

AddressRange HubReader::HubRecordRange(const HubView& hub) const {
  return {hub.record, hub.record + layout_.hub.record_bytes()};
}

AddressRange HubReader::SuspendedRunRange(const HubView& hub,
                                          size_t max_bytes) const {
  return {hub.run_context, hub.run_context + (hub.run_context ? max_bytes : 0)};
}

absl::StatusOr<HubView> HubReader::ParseHub(const MemoryCopy& record,
                                            const MemoryCopy& context) const {
  if (record.bytes.size() < layout_.hub.record_bytes()) {
    return absl::DataLossError("the hub's description could not be read");
  }
  HubView hub = ParseHubRecord(layout_, record.begin, record.bytes);
  if (hub.run_context) {
    hub.suspended_run = ParseContext(layout_, hub.run_context.value(), context);
  }
  return hub;
}

absl::Status HubReader::ReadSlabs(const HubView& hub,
                                  std::vector<SlabCopy>& slabs) const {
  absl::flat_hash_set<Address> seen;
  Address slab_at = hub.first_slab;
  size_t records = 0;
  size_t count = 0;
  while (slab_at) {
    abi::Slab slab;
    if (memory_.Read(slab_at,
                     absl::MakeSpan(reinterpret_cast<std::byte*>(&slab),
                                    sizeof(slab))) != sizeof(slab)) {
      return absl::DataLossError("the green threads' records are not mapped");
    }
    const size_t size = layout_.green.record_bytes();
    records += slab.count;
    if (!seen.insert(slab_at).second || slab.count * size > kMaxSlabBytes ||
        records > kMaxGreenThreads) {
      return absl::DataLossError("the list of green threads has no end");
    }
    if (count == slabs.size()) slabs.emplace_back();
    SlabCopy& copy = slabs[count++];
    copy.records = slab_at + sizeof(slab);
    copy.bytes.resize(slab.count * size);
    if (memory_.Read(copy.records, absl::MakeSpan(copy.bytes)) !=
        copy.bytes.size()) {
      return absl::DataLossError("the green threads' records are not mapped");
    }
    slab_at = Address(slab.next);
  }
  slabs.resize(count);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<GreenThreadView>> HubReader::ReadGreenThreads(
    const HubView& hub) {
  std::vector<SlabCopy> slabs;
  if (absl::Status status = ReadSlabs(hub, slabs); !status.ok()) return status;
  std::vector<GreenThreadView> greens;
  for (const SlabCopy& slab : slabs) {
    const size_t size = layout_.green.record_bytes();
    for (size_t at = 0; at < slab.bytes.size(); at += size) {
      const auto record = absl::MakeConstSpan(slab.bytes).subspan(at, size);
      if (layout_.green.Unsigned(record, abi::kGreenId).value_or(0) == 0) {
        continue;
      }
      greens.push_back(ParseGreenThread(hub, slab.records + at, record));
    }
  }
  std::sort(greens.begin(), greens.end(),
            [](const GreenThreadView& a, const GreenThreadView& b) {
              return a.id < b.id;
            });
  std::vector<GreenThreadView*> all;
  for (GreenThreadView& green : greens) all.push_back(&green);
  ReadMutexHolders(all);
  if (hub.has_state_words) ReadStateWords(all);
  return greens;
}

// Each mutex is read once, however many wait for it.
void HubReader::ReadMutexHolders(
    absl::Span<GreenThreadView* const> greens) const {
  absl::flat_hash_map<uint64_t, std::optional<uint64_t>> holders;
  for (GreenThreadView* const view : greens) {
    GreenThreadView& green = *view;
    if (green.waiting_for != WaitReason::kMutex || green.waits_on == 0) {
      continue;
    }
    const auto [known, is_new] =
        holders.try_emplace(green.waits_on, std::nullopt);
    uint64_t id = 0;
    if (is_new && memory_.Read(Address(green.waits_on),
                               absl::MakeSpan(reinterpret_cast<std::byte*>(&id),
                                              sizeof(id))) == sizeof(id)) {
      known->second = id;
    }
    green.mutex_holder = known->second;
  }
}

// Each word is read once, and after the records: who is found waiting by both
// its looks, with the same count of switches, has waited when it was read.
void HubReader::ReadStateWords(
    absl::Span<GreenThreadView* const> greens) const {
  const auto has_word = [](const GreenThreadView& green) {
    return green.waits_on != 0 && HasStateWord(green.waiting_for);
  };
  absl::flat_hash_map<uint64_t, size_t> index_of;  // by address, of a word
  for (const GreenThreadView* const green : greens) {
    if (!has_word(*green)) continue;
    index_of.try_emplace(green->waits_on, index_of.size());
  }
  std::vector<int64_t> words(index_of.size());
  std::vector<MemoryPiece> pieces(index_of.size());
  for (const auto& [address, index] : index_of) {
    pieces[index] = {
        .from = Address(address),
        .into = absl::MakeSpan(reinterpret_cast<std::byte*>(&words[index]),
                               sizeof(int64_t))};
  }
  memory_.ReadEach(absl::MakeSpan(pieces));
  for (GreenThreadView* const green : greens) {
    if (!has_word(*green)) continue;
    const size_t index = index_of[green->waits_on];
    if (pieces[index].read == sizeof(int64_t)) green->available = words[index];
  }
}

absl::StatusOr<GreenThreadView> HubReader::ReadGreenThread(const HubView& hub,
                                                           Address record) {
  absl::StatusOr<std::vector<std::byte>> bytes =
      ReadExactly(record, layout_.green.record_bytes());
  if (!bytes.ok()) return bytes.status();
  GreenThreadView green = ParseGreenThread(hub, record, *bytes);
  ReadMutexHolders({&green});
  if (hub.has_state_words) ReadStateWords({&green});
  return green;
}

bool HubReader::IsWhereItWas(const GreenThreadView& seen,
                             const MemoryPiece& record) const {
  const auto number = [&](abi::GreenField field) {
    return layout_.green.Unsigned(record.into, field).value_or(0);
  };
  return record.read == record.into.size() &&
         number(abi::kGreenId) == seen.id &&
         number(abi::kGreenSwitches) == seen.switches &&
         number(abi::kGreenSavedSp) == seen.context.value();
}

// How it can be trusted: a green thread is counted before it goes on. Its
// record is read once more before its stack, and once after. Why before: when
// it was first seen, it may have been counted already, with the context of
// before still written down, and be back in the same place after that.
void HubReader::CopySuspended(const HubView& hub,
                              absl::Span<const GreenThreadView* const> greens,
                              size_t max_stack_bytes, UseSuspended use) const {
  const size_t record_bytes = layout_.green.record_bytes();
  std::vector<std::byte> buffer;
  std::vector<MemoryPiece> pieces;
  for (size_t begin = 0; begin < greens.size();) {
    pieces.clear();
    size_t bytes = 0;
    size_t end = begin;
    for (; end < greens.size() && bytes < kCopyAtOnceBytes; ++end) {
      const GreenThreadView& green = *greens[end];
      const uint64_t stack_bytes = green.stack.Contains(green.context)
                                       ? green.stack.end - green.context
                                       : 0;
      const auto plan = [&](Address from, uint64_t size) {
        pieces.push_back({.from = from, .read = size});
        bytes += size;
      };
      plan(green.record, record_bytes);
      plan(green.context, std::min<uint64_t>(stack_bytes, max_stack_bytes));
      plan(green.record, record_bytes);
    }
    if (buffer.size() < bytes) buffer.resize(bytes);
    absl::Span<std::byte> room = absl::MakeSpan(buffer);
    for (MemoryPiece& piece : pieces) {
      piece.into = room.first(piece.read);
      room.remove_prefix(piece.read);
    }
    memory_.ReadEach(absl::MakeSpan(pieces));
    for (size_t i = begin; i < end; ++i) {
      const MemoryPiece* const of_it = &pieces[3 * (i - begin)];
      UseCopy(hub, i, *greens[i], {of_it[0], of_it[1], of_it[2]}, use);
    }
    begin = end;
  }
}

void HubReader::UseCopy(const HubView& hub, size_t index,
                        const GreenThreadView& seen,
                        const SuspendedPieces& pieces, UseSuspended use) const {
  if (IsWhereItWas(seen, pieces.before) && IsWhereItWas(seen, pieces.after)) {
    SuspendedGreen copy;
    copy.stack.begin = pieces.stack.from;
    copy.stack.bytes.assign(
        pieces.stack.into.begin(),
        pieces.stack.into.begin() + static_cast<ptrdiff_t>(pieces.stack.read));
    if (const auto registers =
            ParseContext(layout_, copy.stack.begin.value(), copy.stack)) {
      copy.registers = *registers;
      return use(index, &copy, nullptr);
    }
  }
  GreenThreadView now;
  if (pieces.after.read == pieces.after.into.size()) {
    now = ParseGreenThread(hub, seen.record, pieces.after.into);
  }
  use(index, nullptr, &now);
}

}  // namespace hubspy
