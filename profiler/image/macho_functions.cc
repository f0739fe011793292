#include "image/macho_functions.h"

#include <algorithm>
#include <optional>

#include "image/macho_format.h"
#include "image/read_at.h"

namespace hubspy {
namespace {

// More than any program has; a bound for what a hostile file can cost.
constexpr size_t kMaxFunctions = size_t{1} << 22;

// The number at the begin of `bytes` (DWARF 5, section 7.6), which is taken
// away from them; nullopt when it is cut off, or wider than 64 bits.
std::optional<uint64_t> TakeUleb(absl::Span<const std::byte>& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = std::to_integer<uint64_t>(bytes.front());
    bytes.remove_prefix(1);
    const uint64_t part = byte & 0x7f;
    if (part << shift >> shift != part) return std::nullopt;
    value |= part << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// The functions of the page that `index` points to, as distances from the
// image's header.
std::vector<uint64_t> FunctionsOfPage(absl::Span<const std::byte> table,
                                      const macho::UnwindIndexEntry& index) {
  std::vector<uint64_t> functions;
  const auto page = ReadStruct<macho::UnwindPage>(table, index.page_offset);
  if (!page) return functions;
  const bool compressed = page->kind == macho::kUnwindCompressedPage;
  if (!compressed && page->kind != macho::kUnwindRegularPage) return functions;
  uint64_t at = uint64_t{index.page_offset} + page->entries_offset;
  for (int i = 0; i < page->entry_count; ++i, at += compressed ? 4 : 8) {
    const auto entry = ReadStruct<uint32_t>(table, at);
    if (!entry) break;
    functions.push_back(compressed
                            ? uint64_t{index.function} +
                                  (*entry & macho::kUnwindCompressedOffset)
                            : *entry);
  }
  return functions;
}

}  // namespace

std::vector<uint64_t> ListedFunctionStarts(absl::Span<const std::byte> list,
                                           uint64_t origin, ImageRange code) {
  std::vector<uint64_t> starts;
  uint64_t at = origin;
  while (starts.size() < kMaxFunctions) {
    const std::optional<uint64_t> distance = TakeUleb(list);
    // A zero ends the list, which is padded with more of them.
    if (!distance || *distance == 0 || *distance > UINT64_MAX - at) break;
    at += *distance;
    if (!code.Contains(at)) break;
    starts.push_back(at);
  }
  return starts;
}

std::vector<uint64_t> UnwindFunctionStarts(absl::Span<const std::byte> table,
                                           uint64_t origin, ImageRange code) {
  std::vector<uint64_t> starts;
  const auto header = ReadStruct<macho::UnwindHeader>(table, 0);
  if (!header || header->version != macho::kUnwindVersion) return starts;
  // Each takes 4 bytes of an honest table, of which no two entries share any.
  size_t most = std::min(table.size() / 4, kMaxFunctions);
  for (uint64_t i = 0; i < header->index_count; ++i) {
    const auto entry = ReadStruct<macho::UnwindIndexEntry>(
        table,
        uint64_t{header->index_offset} + i * sizeof(macho::UnwindIndexEntry));
    if (!entry || entry->page_offset == 0) break;
    const std::vector<uint64_t> functions = FunctionsOfPage(table, *entry);
    if (functions.size() > most) break;
    most -= functions.size();
    for (const uint64_t distance : functions) {
      // A sum that wraps is no address of the code.
      const uint64_t start = origin + distance;
      if (start >= origin && code.Contains(start)) starts.push_back(start);
    }
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

std::vector<uint64_t> FunctionStarts(const MachoContents& contents,
                                     absl::Span<const std::byte> bytes) {
  const auto part = [&](const FileRange& range) {
    return Inside(range.offset, range.size, bytes.size())
               ? bytes.subspan(range.offset, range.size)
               : absl::Span<const std::byte>();
  };
  std::vector<uint64_t> starts = ListedFunctionStarts(
      part(contents.function_starts), contents.header_vaddr, contents.code);
  const MachoSection* const table = contents.Find("__TEXT", "__unwind_info");
  if (table == nullptr || !table->bytes) return starts;
  const std::vector<uint64_t> more = UnwindFunctionStarts(
      part(*table->bytes), contents.header_vaddr, contents.code);
  const auto middle = static_cast<ptrdiff_t>(starts.size());
  starts.insert(starts.end(), more.begin(), more.end());
  std::inplace_merge(starts.begin(), starts.begin() + middle, starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

}  // namespace hubspy
