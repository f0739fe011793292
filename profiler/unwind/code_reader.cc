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
  if (module == nullptr || module->image == nullptr) {
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
  if (module == nullptr || module->image == nullptr) {
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
  if (module == nullptr || module->image == nullptr) {
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

std::optional<CallSite> CodeReader::CallBefore(Address return_address) const {
  // Longest: ff /2 with a prefix, a REX prefix, SIB and a 32-bit displacement.
  constexpr size_t kLongest = 9;
  // e8 and four bytes first: most calls are.
  constexpr size_t kSizes[] = {5, 2, 3, 6, 7, 4, 8, kLongest};
  if (return_address.value() < kLongest || !IsCode(return_address - 1)) {
    return std::nullopt;
  }
  std::array<uint8_t, kLongest> bytes;
  size_t known = kLongest;  // fewer where code begins
  while (known > 0 && Read(return_address - known,
                           absl::MakeSpan(bytes).last(known)) != known) {
    --known;
  }
  for (const size_t size : kSizes) {
    if (size > known) continue;
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

// mov $15, %rax (or %eax); syscall: rt_sigreturn. The same bytes by which gdb
// knows it.
bool CodeReader::IsSignalTrampoline(Address pc) const {
  constexpr uint8_t kLong[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
  constexpr uint8_t kShort[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
  std::array<uint8_t, sizeof kLong> bytes{};
  const size_t size = Read(pc, absl::MakeSpan(bytes));
  return (size >= sizeof kLong &&
          std::memcmp(bytes.data(), kLong, sizeof kLong) == 0) ||
         (size >= sizeof kShort &&
          std::memcmp(bytes.data(), kShort, sizeof kShort) == 0);
}

// nop; call goexit1; nop: runtime/asm_amd64.s, TEXT runtime.goexit. It returns
// behind the first nop, so that the lookup of one byte less is in goexit, too.
// Go's functions begin at multiples of 32 (cmd/link/internal/amd64/l.go).
bool CodeReader::IsGoExit(Address return_address) const {
  constexpr uint8_t kNop = 0x90;
  constexpr uint8_t kCall = 0xe8;
  constexpr uint64_t kFunctionAlignment = 32;
  const Address begin = return_address - 1;
  if (begin.value() % kFunctionAlignment != 0) return false;
  std::array<uint8_t, 7> bytes{};
  return Read(begin, absl::MakeSpan(bytes)) == bytes.size() &&
         bytes[0] == kNop && bytes[1] == kCall && bytes[6] == kNop;
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
