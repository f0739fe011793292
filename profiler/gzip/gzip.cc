#include "gzip/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <cstddef>

#include "absl/strings/match.h"

namespace hubspy {
namespace {

// zlib.h: 15 bits of window, and 16 for gzip's head and tail.
constexpr int kGzipWindow = 15 + 16;

}  // namespace

std::string Gzip(absl::string_view bytes) {
  constexpr int kMemoryLevel = 8;  // its default
  z_stream stream = {};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow,
                   kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";  // there is no memory left
  }
  std::string packed;
  char block[1 << 16];
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    const size_t take = std::min<size_t>(bytes.size(), INT_MAX);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(take);
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof(block);
    status = deflate(&stream, take == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(take - stream.avail_in);
    packed.append(block, sizeof(block) - stream.avail_out);
  }
  deflateEnd(&stream);
  return packed;
}

absl::StatusOr<std::string> Gunzip(absl::string_view file, size_t max_size) {
  if (!absl::StartsWith(file, "\x1f\x8b")) {
    return absl::InvalidArgumentError("it is no gzip file");
  }
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return absl::ResourceExhaustedError("there is no memory to unpack it");
  }
  std::string bytes;
  char block[1 << 16];
  int status = Z_OK;
  while (status == Z_OK && bytes.size() <= max_size) {
    const size_t take = std::min<size_t>(file.size(), INT_MAX);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
    stream.avail_in = static_cast<uInt>(take);
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof(block);
    // Without input, or with nothing to show for it, it ends with an error.
    status = inflate(&stream, Z_NO_FLUSH);
    file.remove_prefix(take - stream.avail_in);
    bytes.append(block, sizeof(block) - stream.avail_out);
  }
  inflateEnd(&stream);
  if (bytes.size() > max_size) {
    return absl::ResourceExhaustedError("it stands for too many bytes");
  }
  if (status != Z_STREAM_END) {
    return absl::DataLossError("it is damaged, or not all there");
  }
  return bytes;
}

}  // namespace hubspy
