#include "target/printable.h"

#include "absl/strings/ascii.h"

namespace hubspy {

std::string Printable(absl::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
  return out;
}

}  // namespace hubspy
