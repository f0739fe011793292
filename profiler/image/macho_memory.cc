#include "image/macho_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "image/image_file.h"
#include "image/macho_format.h"
#include "image/read_at.h"

namespace hubspy {
namespace {

// The largest libraries have some hundred thousand; and their lists of
// functions a few hundred thousand bytes.
constexpr uint32_t kMaxSymbolsInMemory = 1 << 21;
constexpr uint32_t kMaxStartBytes = 1 << 23;
constexpr size_t kMaxNameBytes = 16 * 1024;
constexpr uint64_t kNamePage = 16 * 1024;
// Of all its names together: many times what the longest mangled ones need.
constexpr size_t kMaxNamesBytes = size_t{1} << 28;

absl::Status Unreadable(absl::string_view name) {
  return absl::DataLossError(absl::StrCat(
      "the headers of ", name, " cannot be read from the process's memory"));
}

// The strings that all images of the cache share, by offset: hundreds of MB, of
// which one image names some thousand, mostly close together.
class NamePool {
 public:
  NamePool(Address begin, uint64_t size, MemoryReader memory)
      : begin_(begin), size_(size), memory_(memory) {}

  std::string At(uint64_t offset) {
    std::string name;
    while (offset < size_ && name.size() < kMaxNameBytes) {
      const std::vector<std::byte>& page = Page(offset / kNamePage);
      const uint64_t in_page = offset % kNamePage;
      if (in_page >= page.size()) break;
      const auto* const begin =
          reinterpret_cast<const char*>(page.data()) + in_page;
      const size_t most = page.size() - in_page;
      const size_t part = strnlen(begin, most);
      name.append(begin, part);
      if (part < most) break;
      offset += part;
    }
    return name;
  }

 private:
  const std::vector<std::byte>& Page(uint64_t number) {
    const auto [page, is_new] = pages_.try_emplace(number);
    if (is_new) {
      const uint64_t offset = number * kNamePage;
      page->second.resize(std::min(kNamePage, size_ - offset));
      page->second.resize(
          memory_(begin_ + offset, absl::MakeSpan(page->second)));
    }
    return page->second;
  }

  Address begin_;
  uint64_t size_;
  MemoryReader memory_;
  absl::flat_hash_map<uint64_t, std::vector<std::byte>> pages_;
};

// Where in memory what lies at an offset of the cache's file is: the last
// segment of each image covers what the linker made.
struct LinkEdit {
  Address begin;
  uint64_t file_offset = 0;
  uint64_t size = 0;

  std::optional<Address> At(uint64_t offset, uint64_t bytes) const {
    if (offset < file_offset || !Inside(offset - file_offset, bytes, size)) {
      return std::nullopt;
    }
    return begin + (offset - file_offset);
  }
};

class Copier {
 public:
  Copier(MemoryReader memory, Address at) : memory_(memory), at_(at) {}

  bool CopyHeaders() {
    macho::Header header;
    if (!Read(at_, absl::MakeSpan(reinterpret_cast<std::byte*>(&header),
                                  sizeof header)) ||
        header.magic != macho::kMagic64 ||
        header.commands_size > macho::kMaxCommandBytes) {
      return false;
    }
    file_.resize(sizeof header + header.commands_size);
    return Read(at_, absl::MakeSpan(file_));
  }

  // Two passes: where things are must be known before they are copied.
  void CopyLinkEdit() {
    ForEachCommand([this](uint32_t kind, uint64_t offset, uint32_t size) {
      if (kind == macho::kSegment64) NoteSegment(offset, size);
    });
    ForEachCommand([this](uint32_t kind, uint64_t offset, uint32_t size) {
      if (kind == macho::kSegment64) ClearSegment(offset, size);
      if (kind == macho::kSymbolTable) CopySymbols(offset, size);
      if (kind == macho::kFunctionStarts) CopyStarts(offset, size);
    });
  }

  const std::vector<std::byte>& file() const { return file_; }

 private:
  bool Read(Address from, absl::Span<std::byte> into) {
    return memory_(from, into) == into.size();
  }

  template <typename T>
  std::optional<T> Get(uint64_t offset, uint64_t size) const {
    if (size < sizeof(T) || !Inside(offset, sizeof(T), file_.size())) {
      return std::nullopt;
    }
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  void Put(uint64_t offset, const T& value) {
    std::memcpy(file_.data() + offset, &value, sizeof value);
  }

  template <typename Visit>
  void ForEachCommand(Visit visit) {
    const auto header = Get<macho::Header>(0, sizeof(macho::Header));
    uint64_t offset = sizeof(macho::Header);
    const uint64_t end = offset + header->commands_size;
    for (uint32_t i = 0; i < header->command_count; ++i) {
      const auto command = Get<macho::Command>(offset, end - offset);
      if (!command || command->size < sizeof *command ||
          command->size > end - offset) {
        return;
      }
      visit(command->command, offset, command->size);
      offset += command->size;
    }
  }

  void NoteSegment(uint64_t offset, uint32_t size) {
    const auto segment = Get<macho::SegmentCommand>(offset, size);
    if (!segment) return;
    if (strncmp(segment->name, "__TEXT", sizeof segment->name) == 0) {
      slide_ = at_.value() - segment->vaddr;
    } else if (strncmp(segment->name, "__LINKEDIT", sizeof segment->name) ==
               0) {
      link_edit_ = {Address(segment->vaddr + slide_), segment->file_offset,
                    segment->memory_size};
    }
  }

  // What is put together here holds none of it.
  void ClearSegment(uint64_t offset, uint32_t size) {
    auto segment = Get<macho::SegmentCommand>(offset, size);
    if (!segment) return;
    segment->file_offset = 0;
    segment->file_size = 0;
    Put(offset, *segment);
  }

  void CopySymbols(uint64_t offset, uint32_t size) {
    auto command = Get<macho::SymbolTableCommand>(offset, size);
    if (!command) return;
    const uint32_t count = std::min(command->symbol_count, kMaxSymbolsInMemory);
    std::vector<macho::Symbol> symbols(count);
    const uint64_t bytes = uint64_t{count} * sizeof(macho::Symbol);
    const auto table = link_edit_.At(command->symbols_offset, bytes);
    const auto strings =
        link_edit_.At(command->names_offset, command->names_size);
    if (!table || !strings ||
        !Read(*table,
              absl::MakeSpan(reinterpret_cast<std::byte*>(symbols.data()),
                             bytes))) {
      symbols.clear();
    }
    std::string names(1, '\0');
    NamePool pool(strings.value_or(Address()),
                  strings ? command->names_size : 0, memory_);
    std::vector<macho::Symbol> kept;
    for (macho::Symbol& symbol : symbols) {
      if ((symbol.type & macho::kStab) != 0 ||
          (symbol.type & macho::kTypeMask) != macho::kInSection) {
        continue;
      }
      const std::string name = pool.At(symbol.name);
      if (name.empty()) continue;
      if (names.size() > kMaxNamesBytes) break;
      symbol.name = static_cast<uint32_t>(names.size());
      absl::StrAppend(&names, name, absl::string_view("\0", 1));
      kept.push_back(symbol);
    }
    command->symbol_count = static_cast<uint32_t>(kept.size());
    command->symbols_offset =
        Append(reinterpret_cast<const std::byte*>(kept.data()),
               kept.size() * sizeof(macho::Symbol));
    command->names_size = static_cast<uint32_t>(names.size());
    command->names_offset =
        Append(reinterpret_cast<const std::byte*>(names.data()), names.size());
    Put(offset, *command);
  }

  void CopyStarts(uint64_t offset, uint32_t size) {
    auto command = Get<macho::LinkEditCommand>(offset, size);
    if (!command) return;
    std::vector<std::byte> starts(std::min(command->size, kMaxStartBytes));
    const auto from = link_edit_.At(command->offset, starts.size());
    if (!from || !Read(*from, absl::MakeSpan(starts))) starts.clear();
    command->size = static_cast<uint32_t>(starts.size());
    command->offset = Append(starts.data(), starts.size());
    Put(offset, *command);
  }

  // Where in the file it lies then.
  uint32_t Append(const std::byte* begin, size_t size) {
    const size_t offset = file_.size();
    file_.insert(file_.end(), begin, begin + size);
    return static_cast<uint32_t>(offset);
  }

  MemoryReader memory_;
  Address at_;
  uint64_t slide_ = 0;
  LinkEdit link_edit_;
  std::vector<std::byte> file_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Image>> MachoImageInMemory(
    Address header, MemoryReader memory, absl::string_view name) {
  Copier copier(memory, header);
  if (!copier.CopyHeaders()) return Unreadable(name);
  copier.CopyLinkEdit();
  return MakeMachoImage(ImageFile::FromBytes(copier.file(), name));
}

}  // namespace hubspy
