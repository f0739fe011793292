#include "target/darwin/arguments.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "target/printable.h"

namespace hubspy {

std::string ParseProcessArguments(absl::string_view bytes) {
  // The number of arguments, the program's path, zeros up to a word's
  // beginning, and then the arguments, a zero behind each.
  int32_t count = 0;
  if (bytes.size() < sizeof count) return "";
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes.remove_prefix(sizeof count);
  const size_t path_end = std::min(bytes.find('\0'), bytes.size());
  bytes.remove_prefix(path_end);
  bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
  std::string line;
  for (int32_t i = 0; i < count && !bytes.empty(); ++i) {
    const size_t end = std::min(bytes.find('\0'), bytes.size());
    if (i > 0) line += ' ';
    line.append(bytes.data(), end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return Printable(line);
}

}  // namespace hubspy
