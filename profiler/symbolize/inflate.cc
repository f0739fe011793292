#include "symbolize/inflate.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"

namespace hubspy {
namespace {

// The highest preset, xz -9, needs 65 MiB to decompress (xz(1)).
constexpr uint64_t kMaxXzMemory = uint64_t{128} << 20;

class XzDecoder {
 public:
  XzDecoder() : ready_(lzma_stream_decoder(&stream_, kMaxXzMemory, 0)) {}
  ~XzDecoder() { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

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
  return XzDecoder().Run(compressed, max_size);
}

absl::StatusOr<std::string> InflateZlib(absl::string_view compressed,
                                        size_t size) {
  // Its counts are 32 bits wide, but it goes on where it stopped.
  constexpr size_t kMaxStep = std::numeric_limits<uInt>::max();
  std::string bytes(size, '\0');
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) {
    return absl::ResourceExhaustedError("no memory for zlib");
  }
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  size_t in_left = compressed.size();
  size_t out_left = size;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t in = std::min(in_left, kMaxStep);
    const size_t out = std::min(out_left, kMaxStep);
    stream.avail_in = static_cast<uInt>(in);
    stream.avail_out = static_cast<uInt>(out);
    result = inflate(&stream, Z_NO_FLUSH);
    in_left -= in - stream.avail_in;
    out_left -= out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || out_left != 0) {
    return absl::DataLossError("broken zlib data, or not of the size told");
  }
  return bytes;
}

absl::StatusOr<std::string> InflateZstd(absl::string_view compressed,
                                        size_t size) {
  std::string bytes(size, '\0');
  const size_t result = ZSTD_decompress(bytes.data(), bytes.size(),
                                        compressed.data(), compressed.size());
  if (ZSTD_isError(result) || result != size) {
    return absl::DataLossError("broken zstd data, or not of the size told");
  }
  return bytes;
}

}  // namespace hubspy
