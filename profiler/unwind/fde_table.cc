#include "unwind/fde_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/types/span.h"
#include "model/registers.h"
#include "unwind/cfi_check.h"
#include "unwind/cfi_machine.h"
#include "unwind/dwarf_cursor.h"
#include "unwind/fault_guard.h"

namespace hubspy {
namespace {

constexpr size_t kMaxRemembered = 64 * 1024;
constexpr uint64_t kMaxRecordBytes = 1 << 20;
constexpr size_t kMaxRecords = 8'000'000;
constexpr size_t kMaxAugmentation = 16;
// The one search table format in use: sdata4, relative to its own begin.
constexpr uint8_t kSearchTableEncoding = 0x3b;
constexpr uint64_t kSearchEntryBytes = 8;
constexpr uint8_t kOmitted = 0xff;

// A CIE or FDE's extent (Linux Standard Base Core 5.0, 10.6.1).
struct Extent {
  uint64_t id_vaddr = 0;  // of the field behind the length
  uint64_t end = 0;       // equal to id_vaddr: the table's terminator
};

std::optional<Extent> ReadExtent(const ShadowView& view, uint64_t vaddr) {
  DwarfCursor cursor(view, {vaddr, view.range().end});
  uint64_t length = cursor.Take<uint32_t>();
  if (length == 0xffffffff) length = cursor.Take<uint64_t>();
  const uint64_t id_vaddr = cursor.at();
  cursor.Skip(length);
  if (!cursor.ok()) return std::nullopt;
  return Extent{id_vaddr, cursor.at()};
}

struct Cie {
  uint8_t pointer_encoding = 0;
  bool has_augmentation_data = false;
  bool is_signal_frame = false;
  uint64_t code_alignment = 0;
  int64_t data_alignment = 0;
  uint64_t return_register = 0;
  ImageRange program;
};

std::optional<Cie> ReadCie(const ShadowView& view, uint64_t vaddr) {
  const std::optional<Extent> extent = ReadExtent(view, vaddr);
  if (!extent || extent->end - extent->id_vaddr > kMaxRecordBytes) {
    return std::nullopt;
  }
  DwarfCursor cursor(view, {extent->id_vaddr, extent->end});
  if (cursor.Take<uint32_t>() != 0) return std::nullopt;
  const uint8_t version = cursor.Take<uint8_t>();
  if (version != 1 && version != 3) return std::nullopt;
  char augmentation[kMaxAugmentation] = {};
  for (size_t i = 0;; ++i) {
    if (i == kMaxAugmentation) return std::nullopt;
    augmentation[i] = static_cast<char>(cursor.Take<uint8_t>());
    if (augmentation[i] == '\0') break;
  }
  Cie cie;
  cie.code_alignment = cursor.Unsigned();
  cie.data_alignment = cursor.Signed();
  cie.return_register =
      version == 1 ? cursor.Take<uint8_t>() : cursor.Unsigned();
  if (augmentation[0] == 'z') {
    cie.has_augmentation_data = true;
    const uint64_t size = cursor.Unsigned();
    const uint64_t begin = cursor.at();
    cursor.Skip(size);
    if (!cursor.ok()) return std::nullopt;
    DwarfCursor data(view, {begin, begin + size});
    for (const char* letter = augmentation + 1; *letter != '\0'; ++letter) {
      if (*letter == 'R') {
        cie.pointer_encoding = data.Take<uint8_t>();
      } else if (*letter == 'P') {
        const uint8_t encoding = data.Take<uint8_t>();
        data.Number(encoding & 0x0f);
      } else if (*letter == 'L') {
        data.Take<uint8_t>();
      } else if (*letter == 'S') {
        cie.is_signal_frame = true;
      } else if (!IsSignatureLetter(*letter)) {
        return std::nullopt;
      }
    }
    if (!data.ok()) return std::nullopt;
  } else if (augmentation[0] != '\0') {
    return std::nullopt;
  }
  if (!cursor.ok()) return std::nullopt;
  cie.program = {cursor.at(), extent->end};
  return cie;
}

struct FdeHeader {
  ImageRange function;
  Cie cie;
  ImageRange program;
};

// The record at `vaddr`; nullopt when it is damaged, or a CIE.
std::optional<FdeHeader> ReadFde(const ShadowView& view, uint64_t vaddr) {
  const std::optional<Extent> extent = ReadExtent(view, vaddr);
  if (!extent || extent->end - extent->id_vaddr > kMaxRecordBytes) {
    return std::nullopt;
  }
  DwarfCursor cursor(view, {extent->id_vaddr, extent->end});
  const uint32_t to_cie = cursor.Take<uint32_t>();
  if (to_cie == 0) return std::nullopt;
  const std::optional<Cie> cie = ReadCie(view, extent->id_vaddr - to_cie);
  if (!cie) return std::nullopt;
  const uint64_t begin = cursor.Pointer(cie->pointer_encoding, 0);
  const uint64_t size = cursor.Number(cie->pointer_encoding & 0x0f);
  if (cie->has_augmentation_data) cursor.Skip(cursor.Unsigned());
  if (!cursor.ok() || size > view.range().size() || begin > UINT64_MAX - size) {
    return std::nullopt;
  }
  return FdeHeader{.function = {begin, begin + size},
                   .cie = *cie,
                   .program = {cursor.at(), extent->end}};
}

class RecordWriter {
 public:
  explicit RecordWriter(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <typename T>
  void Put(T value) {
    const auto* const raw = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof value);
  }
  void PutUnsigned(uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      Put(static_cast<uint8_t>(value | 0x80));
    }
    Put(static_cast<uint8_t>(value));
  }
  void PutSigned(int64_t value) {
    for (; value < -64 || value > 63; value >>= 7) {
      Put(static_cast<uint8_t>((value & 0x7f) | 0x80));
    }
    Put(static_cast<uint8_t>(value & 0x7f));
  }
  void PutBytes(absl::Span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  // A record's length comes before it.
  size_t BeginRecord() {
    Put(uint32_t{0});
    return bytes_.size();
  }
  void EndRecord(size_t begin) {
    const uint32_t length = static_cast<uint32_t>(bytes_.size() - begin);
    std::memcpy(bytes_.data() + begin - sizeof length, &length, sizeof length);
  }

 private:
  std::vector<std::byte>& bytes_;
};

// The record for libunwind's eyes, absolute and self-contained. Its function
// ends one byte later than it does: see cfi_stepper.cc.
void WriteRecord(const FdeHeader& header,
                 absl::Span<const std::byte> cie_program,
                 absl::Span<const std::byte> program, Fde& fde) {
  constexpr uint8_t kAbsolute = 0x04;  // DW_EH_PE_udata8
  RecordWriter out(fde.record);
  const size_t cie = out.BeginRecord();
  out.Put(uint32_t{0});
  out.Put(uint8_t{1});
  for (const char* letter = header.cie.is_signal_frame ? "zRS" : "zR";;
       ++letter) {
    out.Put(*letter);
    if (*letter == '\0') break;
  }
  out.PutUnsigned(header.cie.code_alignment);
  out.PutSigned(header.cie.data_alignment);
  out.Put(static_cast<uint8_t>(header.cie.return_register));
  out.PutUnsigned(sizeof kAbsolute);
  out.Put(kAbsolute);
  out.PutBytes(cie_program);
  out.EndRecord(cie);

  fde.fde_offset = fde.record.size();
  const size_t begin = out.BeginRecord();
  out.Put(static_cast<uint32_t>(begin));  // back to the CIE
  out.Put(header.function.begin);
  out.Put(header.function.size() + 1);
  out.PutUnsigned(0);
  out.PutBytes(program);
  out.EndRecord(begin);
  out.Put(uint32_t{0});
}

}  // namespace

FdeTable::FdeTable(const Image& image) : view_(image) {
  RunGuarded([&] { FindSearchTable(image); });
  if (search_table_) return;
  if (const std::optional<ImageRange> records = image.eh_frame()) {
    // A fault in the middle keeps what was found before it.
    RunGuarded([&] { IndexRecords(records->begin, records->end); });
  }
  std::sort(records_.begin(), records_.end(),
            [](const Record& a, const Record& b) { return a.begin < b.begin; });
}

// Linux Standard Base Core 5.0, 10.6.2.
void FdeTable::FindSearchTable(const Image& image) {
  const std::optional<ImageRange> header = image.eh_frame_hdr();
  if (!header) return;
  DwarfCursor cursor(view_, *header);
  const uint8_t version = cursor.Take<uint8_t>();
  const uint8_t records_encoding = cursor.Take<uint8_t>();
  const uint8_t count_encoding = cursor.Take<uint8_t>();
  const uint8_t table_encoding = cursor.Take<uint8_t>();
  if (version != 1 || records_encoding == kOmitted) return;
  const uint64_t records = cursor.Pointer(records_encoding, header->begin);
  if (!cursor.ok()) return;
  if (count_encoding == kOmitted || table_encoding != kSearchTableEncoding) {
    IndexRecords(records, view_.range().end);
    return;
  }
  const uint64_t count = cursor.Pointer(count_encoding, header->begin);
  if (!cursor.ok()) return;
  search_table_ =
      SearchTable{.base = header->begin,
                  .first = cursor.at(),
                  .count = std::min(
                      count, (header->end - cursor.at()) / kSearchEntryBytes)};
}

void FdeTable::IndexRecords(uint64_t begin, uint64_t end) {
  uint64_t at = begin;
  while (at < end && records_.size() < kMaxRecords) {
    const std::optional<Extent> extent = ReadExtent(view_, at);
    if (!extent || extent->end == extent->id_vaddr) return;
    if (const std::optional<FdeHeader> fde = ReadFde(view_, at)) {
      records_.push_back({fde->function.begin, at});
    }
    at = extent->end;
  }
}

// The record of the last function that begins at or below `vaddr`.
std::optional<uint64_t> FdeTable::Search(uint64_t vaddr) const {
  if (!search_table_) {
    const auto behind = std::upper_bound(
        records_.begin(), records_.end(), vaddr,
        [](uint64_t v, const Record& record) { return v < record.begin; });
    if (behind == records_.begin()) return std::nullopt;
    return std::prev(behind)->vaddr;
  }
  const auto field = [&](uint64_t index, uint64_t offset) {
    const int64_t relative =
        view_
            .Read<int32_t>(search_table_->first + index * kSearchEntryBytes +
                           offset)
            .value_or(0);
    return search_table_->base + static_cast<uint64_t>(relative);
  };
  uint64_t low = 0;
  uint64_t high = search_table_->count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (field(middle, 0) <= vaddr) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  return field(low - 1, 4);
}

const Fde* FdeTable::Load(uint64_t record) {
  std::optional<FdeHeader> header;
  RunGuarded([&] { header = ReadFde(view_, record); });
  if (!header) return nullptr;
  auto fde = std::make_unique<Fde>();
  fde->function = header->function;
  const ImageRange programs[] = {header->cie.program, header->program};
  std::vector<std::byte> copies[2];
  bool usable = header->cie.return_register < Registers::kCount;
  for (int i = 0; i < 2; ++i) {
    copies[i].resize(programs[i].size());
    usable = usable && RunGuarded([&] {
               std::memcpy(copies[i].data(), view_.Pointer(programs[i].begin),
                           copies[i].size());
             });
    usable = usable && MakeSafeCfiProgram(absl::MakeSpan(copies[i]));
  }
  if (usable) WriteRecord(*header, copies[0], copies[1], *fde);
  return fdes_.emplace(record, std::move(fde)).first->second.get();
}

const Fde* FdeTable::Find(uint64_t vaddr) {
  if (const auto known = found_.find(vaddr); known != found_.end()) {
    return known->second;
  }
  if (found_.size() >= kMaxRemembered) {
    found_.clear();
    fdes_.clear();
  }
  std::optional<uint64_t> record;
  RunGuarded([&] { record = Search(vaddr); });
  const Fde* fde = nullptr;
  if (record) {
    const auto known = fdes_.find(*record);
    fde = known != fdes_.end() ? known->second.get() : Load(*record);
  }
  if (fde != nullptr && !fde->function.Contains(vaddr)) fde = nullptr;
  found_.emplace(vaddr, fde);
  return fde;
}

}  // namespace hubspy
