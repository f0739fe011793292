// The committed Mach-O files of fixture/, and what tests do with them.
#ifndef HUBSPY_TESTS_PROFILER_IMAGE_MACHO_FILES_H_
#define HUBSPY_TESTS_PROFILER_IMAGE_MACHO_FILES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "image/macho_format.h"
#include "image/macho_parser.h"
#include "image/read_at.h"

namespace hubspy {

using Bytes = std::vector<std::byte>;

// That of the machine that we run on.
inline std::string OurFile() {
  return kMachoCpu == macho::kCpuX86_64 ? "libshapes_x86_64.dylib"
                                        : "libshapes_arm64.dylib";
}

inline std::string MachoFile(const std::string& name) {
  return std::string(HUBSPY_MACHO_FILES) + "/" + name;
}

inline Bytes ReadMachoFile(const std::string& name) {
  std::ifstream file(MachoFile(name), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

inline absl::StatusOr<MachoContents> ParseBytes(
    absl::Span<const std::byte> bytes) {
  return ParseMacho(
      [bytes](uint64_t offset, absl::Span<std::byte> into) {
        return CopyAt(bytes, offset, into);
      },
      bytes.size());
}

inline absl::StatusOr<FileRange> SliceOf(absl::Span<const std::byte> bytes,
                                         uint32_t cpu_type) {
  return ChooseSlice(
      [bytes](uint64_t offset, absl::Span<std::byte> into) {
        return CopyAt(bytes, offset, into);
      },
      bytes.size(), cpu_type);
}

template <typename T>
T At(const Bytes& bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T>
void Put(Bytes& bytes, size_t offset, const T& value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// Where in a thin file the first load command of `kind` lies; 0: nowhere.
inline size_t CommandAt(const Bytes& bytes, uint32_t kind) {
  const auto header = At<macho::Header>(bytes, 0);
  size_t at = sizeof header;
  for (uint32_t i = 0; i < header.command_count; ++i) {
    const auto command = At<macho::Command>(bytes, at);
    if (command.command == kind) return at;
    at += command.size;
  }
  return 0;
}

// The file as `strip` leaves it: without symbols, with its list of functions.
inline Bytes WithoutSymbols(Bytes bytes) {
  const size_t at = CommandAt(bytes, macho::kSymbolTable);
  auto command = At<macho::SymbolTableCommand>(bytes, at);
  command.symbol_count = 0;
  Put(bytes, at, command);
  return bytes;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_IMAGE_MACHO_FILES_H_
