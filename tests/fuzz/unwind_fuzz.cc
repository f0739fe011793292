// Any registers and any stack in any executable file:
//   17 registers of 8 bytes; a bit for each that is known; 4 KiB of stack; a
//   file, which is loaded where kBias says. The stack is executable, too, as
//   code made at run time that only its source holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "image/module_map.h"
#include "unwind/unwinder.h"

namespace {

constexpr uint64_t kBias = 0x500000000000;
constexpr size_t kStackBytes = 4096;

struct Header {
  uint64_t registers[hubspy::Registers::kCount];
  uint64_t known;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Header header;
  if (size < sizeof header + kStackBytes) return 0;
  std::memcpy(&header, data, sizeof header);
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  const hubspy::MemoryCopy stack{
      .begin = hubspy::Address(
          header.registers[static_cast<size_t>(hubspy::Reg::kRsp)]),
      .bytes = {bytes + sizeof header, bytes + sizeof header + kStackBytes}};
  const absl::Span<const std::byte> file(bytes + sizeof header + kStackBytes,
                                         size - sizeof header - kStackBytes);

  // The vdso is the one module that comes as bytes.
  hubspy::ModuleMap modules;
  const auto image = hubspy::Image::FromBytes(file, "fuzz");
  if (!image.ok()) return 0;
  std::vector<hubspy::Mapping> mappings;
  for (const hubspy::Segment& segment : (*image)->segments()) {
    const hubspy::Address begin(kBias + segment.vaddr);
    mappings.push_back({.range = {begin, begin + segment.memory_size},
                        .file_offset = segment.file_offset,
                        .executable = segment.executable,
                        .path = "[vdso]"});
  }
  const hubspy::AddressRange on_stack{stack.begin, stack.begin + kStackBytes};
  if (on_stack.begin < on_stack.end) {
    mappings.push_back({.range = on_stack, .executable = true});
  }
  modules.Update(mappings, file);

  hubspy::Registers registers;
  for (int i = 0; i < hubspy::Registers::kCount; ++i) {
    if ((header.known >> i & 1) == 0) continue;
    registers.Set(static_cast<hubspy::Reg>(i), header.registers[i]);
  }
  hubspy::Unwinder unwinder(
      modules, [&](hubspy::Address from, absl::Span<std::byte> into) {
        for (size_t i = 0; i < into.size(); ++i) {
          into[i] = stack.Read<std::byte>(from + i).value_or(std::byte{});
        }
        return into.size();
      });
  const hubspy::Stack unwound =
      unwinder.Unwind(registers, stack, {.innermost = 32, .outermost = 32});
  if (unwound.frames.size() > 64) std::abort();
  return 0;
}
