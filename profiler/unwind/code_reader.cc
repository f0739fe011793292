#include "unwind/code_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "unwind/fault_guard.h"
#include "unwind/shadow_view.h"

namespace hubspy {
namespace {

// Where in the image's numbering the segment's file bytes end, if `vaddr` is
// executable.
std::optional<uint64_t> CodeEnd(const Image& image, uint64_t vaddr) {
  for (const Segment& segment : image.segments()) {
    if (segment.executable && vaddr >= segment.vaddr &&
        vaddr - segment.vaddr < segment.file_size) {
      return segment.vaddr + segment.file_size;
    }
  }
  return std::nullopt;
}

}  // namespace

bool CodeReader::IsCode(Address address) const {
  const LoadedModule* const module = modules_->Find(address);
  return module != nullptr && module->image != nullptr &&
         CodeEnd(*module->image, module->module.ToImage(address)).has_value();
}

size_t CodeReader::Read(Address from, absl::Span<uint8_t> into) const {
  const LoadedModule* const module = modules_->Find(from);
  if (module == nullptr || module->image == nullptr) return 0;
  const uint64_t vaddr = module->module.ToImage(from);
  const std::optional<uint64_t> end = CodeEnd(*module->image, vaddr);
  const ShadowView view(*module->image);
  if (!end || view.range().size() == 0) return 0;
  const size_t size = std::min<uint64_t>(into.size(), *end - vaddr);
  const bool read =
      RunGuarded([&] { std::memcpy(into.data(), view.Pointer(vaddr), size); });
  return read ? size : 0;
}

std::optional<Instruction> CodeReader::DecodeAt(Address at) const {
  std::array<uint8_t, kMaxInstructionBytes> bytes;
  const size_t size = Read(at, absl::MakeSpan(bytes));
  return Decode(absl::MakeConstSpan(bytes.data(), size), at);
}

std::optional<CallSite> CodeReader::CallBefore(Address return_address) const {
  // Longest: ff /2 with a prefix, a REX prefix, SIB and a 32-bit displacement.
  constexpr size_t kLongest = 9;
  // e8 and four bytes first: most calls are.
  constexpr size_t kSizes[] = {5, 2, 3, 6, 7, 4, 8, kLongest};
  if (return_address.value() < kLongest || !IsCode(return_address - 1)) {
    return std::nullopt;
  }
  std::array<uint8_t, kLongest> bytes;
  if (Read(return_address - kLongest, absl::MakeSpan(bytes)) != kLongest) {
    return std::nullopt;
  }
  for (const size_t size : kSizes) {
    const absl::Span<const uint8_t> code(bytes.data() + kLongest - size, size);
    const bool direct = size == 5 && code[0] == 0xe8;
    const bool may_be_indirect =
        std::find(code.begin(), code.end(), 0xff) != code.end();
    if (!direct && !may_be_indirect) continue;
    const std::optional<Instruction> instruction =
        Decode(code, return_address - size);
    if (instruction && instruction->kind == Instruction::Kind::kCall &&
        instruction->size == size) {
      return CallSite{.target = instruction->target};
    }
  }
  return std::nullopt;
}

}  // namespace hubspy
