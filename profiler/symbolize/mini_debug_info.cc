#include "symbolize/mini_debug_info.h"

#include <gelf.h>
#include <lzma.h>

#include <array>
#include <cstdint>

#include "absl/status/status.h"

namespace hubspy {
namespace {

// The highest preset, xz -9, needs 65 MiB to decompress (xz(1)).
constexpr uint64_t kMaxDecoderMemory = uint64_t{128} << 20;

absl::string_view SectionBytes(Elf* elf, absl::string_view name) {
  size_t names;
  if (elf_getshdrstrndx(elf, &names) != 0) return {};
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* its_name = elf_strptr(elf, names, header.sh_name);
    if (its_name == nullptr || name != its_name) continue;
    const Elf_Data* data = elf_rawdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return {};
    return {static_cast<const char*>(data->d_buf), data->d_size};
  }
  return {};
}

class Decoder {
 public:
  Decoder() : ready_(lzma_stream_decoder(&stream_, kMaxDecoderMemory, 0)) {}
  ~Decoder() { lzma_end(&stream_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  absl::StatusOr<std::string> Run(absl::string_view compressed,
                                  size_t max_size) {
    std::string text;
    std::array<uint8_t, 64 * 1024> chunk;
    stream_.next_in = reinterpret_cast<const uint8_t*>(compressed.data());
    stream_.avail_in = compressed.size();
    lzma_ret result = ready_;
    while (result == LZMA_OK) {
      stream_.next_out = chunk.data();
      stream_.avail_out = chunk.size();
      result = lzma_code(&stream_, LZMA_FINISH);
      const size_t size = chunk.size() - stream_.avail_out;
      if (size > max_size - text.size()) result = LZMA_MEMLIMIT_ERROR;
      if (result == LZMA_OK || result == LZMA_STREAM_END) {
        text.append(reinterpret_cast<const char*>(chunk.data()), size);
      }
    }
    if (result == LZMA_STREAM_END) return text;
    if (result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR) {
      return absl::ResourceExhaustedError("xz data inflates beyond its bound");
    }
    return absl::DataLossError("broken or truncated xz data");
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_ret ready_;
};

}  // namespace

absl::StatusOr<std::string> InflateXz(absl::string_view compressed,
                                      size_t max_size) {
  return Decoder().Run(compressed, max_size);
}

std::unique_ptr<MiniDebugInfo> MiniDebugInfo::Of(Elf* elf) {
  const absl::string_view section = SectionBytes(elf, ".gnu_debugdata");
  if (section.empty()) return nullptr;
  absl::StatusOr<std::string> bytes = InflateXz(section, kMaxMiniDebugInfo);
  // An image without it has the rest of its names still.
  if (!bytes.ok() || bytes->empty()) return nullptr;
  std::unique_ptr<MiniDebugInfo> mini(new MiniDebugInfo(*std::move(bytes)));
  return elf_kind(mini->elf()) == ELF_K_ELF ? std::move(mini) : nullptr;
}

MiniDebugInfo::MiniDebugInfo(std::string bytes)
    : bytes_(std::move(bytes)),
      elf_(elf_memory(bytes_.data(), bytes_.size())) {}

}  // namespace hubspy
