#include "view/text.h"

#include <cstdint>

namespace hubspy {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct CodePoint {
  uint32_t value = 0;
  size_t length = 1;  // bytes consumed
  bool valid = false;
};

// The code point at the front of `text`, which is not empty. Rejects overlong
// forms, surrogates and values above U+10FFFF (Unicode 15, table 3-7).
CodePoint Decode(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  uint32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    value = value << 6 | (byte & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF) return {};
  if (value >= 0xD800 && value <= 0xDFFF) return {};
  return {value, length, true};
}

bool IsForbidden(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  // Line and paragraph separators, and the characters that reorder the text
  // around them: a name must not make its neighbours read differently.
  if ((c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) return true;
  return c == 0xFFFE || c == 0xFFFF;  // XML 1.0, section 2.2
}

// The ranges that terminals draw two columns wide (Unicode's East Asian Width
// W and F), coarsely: a name cut one column early is no loss.
bool IsWide(uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}

size_t Columns(CodePoint c) { return c.valid && IsWide(c.value) ? 2 : 1; }

}  // namespace

std::string CleanText(absl::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = Decode(text);
    if (c.valid && c.value >= '\t' && c.value <= '\r') {
      clean += ' ';
    } else if (!c.valid || IsForbidden(c.value)) {
      clean.append(kReplacement.data(), kReplacement.size());
    } else {
      clean.append(text.data(), c.length);
    }
    text.remove_prefix(c.length);
  }
  return clean;
}

std::string XmlText(absl::string_view text) {
  std::string escaped;
  for (const char c : CleanText(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string JsonText(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : CleanText(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

size_t DisplayWidth(absl::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const CodePoint c = Decode(text);
    columns += Columns(c);
    text.remove_prefix(c.length);
  }
  return columns;
}

std::string Truncate(absl::string_view text, size_t columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  const size_t dots = columns < 2 ? columns : 2;
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint c = Decode(text.substr(bytes));
    if (used + Columns(c) > columns - dots) break;
    used += Columns(c);
    bytes += c.length;
  }
  return std::string(text.substr(0, bytes)) + std::string(dots, '.');
}

}  // namespace hubspy
