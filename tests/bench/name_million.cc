// What it costs to name a recording of a large program.
//
//   build/release/tests/bench/name_million [/usr/bin/node]
//
// Makes a recording of a million samples, 20,000 different stacks of 30 frames
// out of 10,000 different addresses all over the program's code, and prints
// what it takes to name it, beside the size of the symbols that it uses. How
// soon the first sample of a large program is there, first_sample tells.
#include <elf.h>
#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "image/module_map.h"
#include "model/recording.h"
#include "symbolize/name_recording.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

constexpr int64_t kSamples = 1'000'000;
constexpr size_t kStacks = 20'000;
constexpr size_t kFrames = 30;
constexpr size_t kAddresses = 10'000;

// Of the sections that names and lines come from.
uint64_t SymbolBytes(const Image& image) {
  const absl::Span<const std::byte> file = image.bytes();
  Elf64_Ehdr header;
  if (file.size() < sizeof(header)) return 0;
  std::memcpy(&header, file.data(), sizeof(header));
  uint64_t bytes = 0;
  for (int i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    const uint64_t at =
        header.e_shoff + static_cast<uint64_t>(i) * sizeof(section);
    if (at > file.size() || file.size() - at < sizeof(section)) break;
    std::memcpy(&section, file.data() + at, sizeof(section));
    const bool names = section.sh_type == SHT_SYMTAB ||
                       section.sh_type == SHT_DYNSYM ||
                       section.sh_type == SHT_STRTAB;
    // Debug information is what else is not loaded.
    const bool debug =
        section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_ALLOC) == 0;
    if (names || debug) bytes += section.sh_size;
  }
  return bytes;
}

// The program's code as if it were loaded where it was linked to.
Mapping CodeOf(const std::string& program) {
  Mapping mapping{
      .executable = true, .inode = 1, .path = program, .open_path = program};
  const auto image = Image::Open(program, program);
  if (!image.ok()) return mapping;
  uint64_t size = 0;
  for (const Segment& segment : (*image)->segments()) {
    if (!segment.executable || segment.file_size <= size) continue;
    size = segment.file_size;
    const uint64_t into_page = segment.vaddr % 4096;
    const Address begin(segment.vaddr - into_page);
    mapping.range = {begin, begin + (into_page + size)};
    mapping.file_offset = segment.file_offset - into_page;
  }
  return mapping;
}

Recording MillionSamples(const AddressRange& code) {
  std::mt19937_64 random(1);
  std::vector<CodeAddress> addresses;
  for (size_t i = 0; i < kAddresses; ++i) {
    addresses.push_back(
        CodeAddress::Exact(code.begin + random() % code.size()));
  }
  Recording recording;
  for (size_t i = 0; i < kStacks; ++i) {
    Stack stack;
    for (size_t f = 0; f < kFrames; ++f) {
      stack.frames.push_back(addresses[random() % addresses.size()]);
    }
    recording.Add({.tid = 1, .stack = recording.Intern(stack)},
                  kSamples / kStacks);
  }
  return recording;
}

int Name(const std::string& program) {
  const auto loaded = std::make_shared<ModuleMap>();
  const Mapping code = CodeOf(program);
  loaded->Update({code}, {});
  const ModuleMap& modules = *loaded;
  if (modules.modules().empty() || modules.modules()[0].image == nullptr) {
    std::fprintf(stderr, "%s has no code to name\n", program.c_str());
    return 1;
  }
  const Recording recording = MillionSamples(code.range);
  malloc_trim(0);
  const double symbols =
      static_cast<double>(SymbolBytes(*modules.modules()[0].image));
  const int64_t before = bench::ResidentBytes();
  const int64_t begin_ns = bench::NowNs();
  const int64_t cpu_ns = bench::CpuNs();
  Symbolizer symbolizer;
  const Profile profile = NameRecording(
      recording, {Program{.pid = 1, .modules = loaded}}, symbolizer);
  bench::Print("name_ms", static_cast<double>(bench::NowNs() - begin_ns) / 1e6);
  bench::Print("name_cpu_ms",
               static_cast<double>(bench::CpuNs() - cpu_ns) / 1e6);
  const auto memory = static_cast<double>(bench::ResidentBytes() - before);
  bench::Print("distinct_frames", static_cast<double>(profile.frames.size()));
  bench::Print("symbols_mb", symbols / 1e6);
  bench::Print("memory_mb", memory / 1e6);
  bench::Print("memory_to_symbols", memory / symbols);
  return 0;
}

}  // namespace
}  // namespace hubspy

int main(int argc, char** argv) {
  return hubspy::Name(argc > 1 ? argv[1] : "/usr/bin/node");
}
