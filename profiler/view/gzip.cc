#include "view/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <cstddef>

namespace hubspy {

std::string Gzip(absl::string_view bytes) {
  // zlib.h: 15 bits of window, and 16 for gzip's head and tail.
  constexpr int kGzipWindow = 15 + 16;
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

}  // namespace hubspy
