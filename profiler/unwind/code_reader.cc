#include "unwind/code_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "unwind/fault_guard.h"
#include "unwind/shadow_view.h"

namespace hubspy {
namespace {

const Segment* SegmentWith(const Image& image, uint64_t vaddr) {
  for (const Segment& segment : image.segments()) {
    if (vaddr >= segment.vaddr && vaddr - segment.vaddr < segment.file_size) {
      return &segment;
    }
  }
  return nullptr;
}

// Where in the image's numbering the segment's file bytes end, if `vaddr` is
// executable.
std::optional<uint64_t> CodeEnd(const Image& image, uint64_t vaddr) {
  const Segment* const segment = SegmentWith(image, vaddr);
  if (segment == nullptr || !segment->executable) return std::nullopt;
  return segment->vaddr + segment->file_size;
}

// Fills `into`; 0: it cannot be read.
size_t ReadShadow(const Image& image, uint64_t vaddr,
                  absl::Span<uint8_t> into) {
  const ShadowView view(image);
  if (view.range().size() == 0) return 0;
  const bool read = RunGuarded(
      [&] { std::memcpy(into.data(), view.Pointer(vaddr), into.size()); });
  return read ? into.size() : 0;
}

}  // namespace

bool CodeReader::IsCode(Address address) const {
  const LoadedModule* const module = modules_->Find(address);
  if (module == nullptr || !module->HasCode()) {
    return IsInMemoryOnly(address);
  }
  return CodeEnd(*module->image, module->module.ToImage(address)).has_value();
}

bool CodeReader::IsInMemoryOnly(Address address) const {
  return pages_ != nullptr && pages_->readable() &&
         modules_->CodeWithoutImage(address).has_value();
}

size_t CodeReader::Read(Address from, absl::Span<uint8_t> into) const {
  const LoadedModule* const module = modules_->Find(from);
  if (module == nullptr || !module->HasCode()) {
    const std::optional<AddressRange> code = modules_->CodeWithoutImage(from);
    if (pages_ == nullptr || !code) return 0;
    return pages_->Read(
        from, into.first(std::min<uint64_t>(into.size(), code->end - from)));
  }
  const uint64_t vaddr = module->module.ToImage(from);
  const std::optional<uint64_t> end = CodeEnd(*module->image, vaddr);
  if (!end) return 0;
  return ReadShadow(*module->image, vaddr,
                    into.first(std::min<uint64_t>(into.size(), *end - vaddr)));
}

std::optional<Address> CodeReader::ReadAddress(Address at) const {
  std::array<uint8_t, sizeof(uint64_t)> bytes;
  const LoadedModule* const module = modules_->Find(at);
  size_t size = 0;
  if (module == nullptr || !module->HasCode()) {
    size = Read(at, absl::MakeSpan(bytes));
  } else {
    const uint64_t vaddr = module->module.ToImage(at);
    const Segment* const segment = SegmentWith(*module->image, vaddr);
    if (segment == nullptr ||
        segment->file_size - (vaddr - segment->vaddr) < bytes.size()) {
      return std::nullopt;
    }
    size = ReadShadow(*module->image, vaddr, absl::MakeSpan(bytes));
  }
  if (size != bytes.size()) return std::nullopt;
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return Address(value);
}

std::optional<Instruction> CodeReader::DecodeAt(Address at) const {
  std::array<uint8_t, kMaxInstructionBytes> bytes;
  const size_t size = Read(at, absl::MakeSpan(bytes));
  return Decode(absl::MakeConstSpan(bytes.data(), size), at);
}

bool CodeReader::MayReturnTo(Address return_address) const {
  return LooksReturnedTo(return_address) ||
         (IsInMemoryOnly(return_address) && pages_->ReadAgain(return_address) &&
          LooksReturnedTo(return_address));
}

bool CodeReader::LooksReturnedTo(Address return_address) const {
  return CallBefore(return_address).has_value() ||
         IsSignalTrampoline(return_address) || IsGoExit(return_address);
}

}  // namespace hubspy
