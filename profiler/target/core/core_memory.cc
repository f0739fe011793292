#include "target/core/core_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

uint64_t PageOf(uint64_t value) { return value & ~(PageSize() - 1); }

// The last in `sorted` that begins at or before `at`, if it contains it.
template <typename T>
const T* FindContaining(const std::vector<T>& sorted, Address at) {
  const auto behind = std::upper_bound(
      sorted.begin(), sorted.end(), at,
      [](Address a, const T& item) { return a < item.range.begin; });
  if (behind == sorted.begin()) return nullptr;
  const T& candidate = *std::prev(behind);
  return candidate.range.Contains(at) ? &candidate : nullptr;
}

}  // namespace

size_t ReadFile(const ScopedFd& file, uint64_t offset,
                absl::Span<std::byte> into) {
  size_t done = 0;
  while (done < into.size() && Inside(offset, into.size(), INT64_MAX)) {
    const ssize_t n = pread(file.get(), into.data() + done, into.size() - done,
                            static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

CoreMemory::CoreMemory(ScopedFd core, CoreContents contents)
    : core_(std::move(core)), contents_(std::move(contents)) {
  absl::flat_hash_map<std::string, AddressRange> first_pages;
  for (const Mapping& mapping : contents_.mappings) {
    if (mapping.file_offset != 0) continue;
    first_pages.try_emplace(mapping.path, mapping.range);
  }
  absl::flat_hash_map<std::string, size_t> known;
  for (Mapping& mapping : contents_.mappings) {
    const auto [entry, added] = known.try_emplace(mapping.path, files_.size());
    if (added) {
      const auto first = first_pages.find(mapping.path);
      files_.push_back(OpenMapped(mapping.path, first == first_pages.end()
                                                    ? AddressRange()
                                                    : first->second));
    }
    mapping.inode = entry->second + 1;
    Describe(mapping, files_[entry->second]);
    files_[entry->second].has_code |= mapping.executable;
  }
}

CoreMemory::File CoreMemory::OpenMapped(const std::string& path,
                                        const AddressRange& begin) const {
  File file{.path = path};
  const auto in_core = [&](uint64_t offset, absl::Span<std::byte> into) {
    return Inside(offset, into.size(), begin.size()) &&
           ReadFromCore(begin.begin + offset, into) == into.size();
  };
  const std::vector<std::byte> build_id = FindBuildId(in_core);
  // stat first: opening a device would make its driver do something.
  struct stat status;
  const bool is_there =
      stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  ScopedFd fd(is_there ? open(path.c_str(), O_RDONLY | O_CLOEXEC) : -1);
  const int open_error = errno;
  const auto in_file = [&](uint64_t offset, absl::Span<std::byte> into) {
    return ReadFile(fd, offset, into) == into.size();
  };
  if (build_id.empty()) {
    // A locale, a cache: it is data, of which no stack needs anything.
    const bool is_data = fd.get() >= 0 && !ReadElfHeader(in_file).ok();
    if (!is_data) file.problem = "the core has no build id of it to compare";
    return file;
  }
  if (!is_there) {
    file.problem = "there is no such file here";
    return file;
  }
  if (FindBuildId(in_file) != build_id) {
    file.problem = fd.get() < 0 ? absl::StrCat("it cannot be opened (",
                                               strerror(open_error), ")")
                                : "the file here is of another build";
    return file;
  }
  const auto header = ReadElfHeader(in_file);
  if (header.ok()) {
    auto program_headers = ReadElfProgramHeaders(
        in_file, *header, static_cast<uint64_t>(status.st_size));
    if (program_headers.ok()) {
      file.program_headers = *std::move(program_headers);
    }
  }
  file.fd = std::move(fd);
  return file;
}

void CoreMemory::Describe(Mapping& mapping, const File& file) const {
  const bool matched = file.fd.get() >= 0;
  if (matched) mapping.open_path = file.path;
  if (const CoreSegment* segment = SegmentAt(mapping.range.begin)) {
    mapping.readable = segment->readable;
    mapping.writable = segment->writable;
    mapping.executable = segment->executable;
    return;
  }
  // gdb leaves out all that is as in the file. Then the file tells which
  // mapping is its code; without one, any may be.
  mapping.readable = true;
  mapping.executable =
      !matched ||
      std::any_of(file.program_headers.begin(), file.program_headers.end(),
                  [&](const Elf64_Phdr& segment) {
                    return segment.p_type == PT_LOAD &&
                           (segment.p_flags & PF_X) != 0 &&
                           PageOf(segment.p_offset) == mapping.file_offset &&
                           PageOf(segment.p_offset + segment.p_filesz - 1) -
                                   mapping.file_offset + PageSize() ==
                               mapping.range.size();
                  });
}

const CoreSegment* CoreMemory::SegmentAt(Address at) const {
  return FindContaining(contents_.segments, at);
}

uint64_t CoreMemory::Following(Address at) const {
  const CoreSegment* const segment = SegmentAt(at);
  return segment == nullptr ? 0 : segment->range.end - at;
}

size_t CoreMemory::Read(Address from, absl::Span<std::byte> into) const {
  size_t done = 0;
  while (done < into.size()) {
    const size_t piece = ReadPiece(from + done, into.subspan(done));
    if (piece == 0) break;
    done += piece;
  }
  return done;
}

size_t CoreMemory::ReadPiece(Address at, absl::Span<std::byte> into) const {
  const size_t from_core = ReadFromCore(at, into);
  return from_core > 0 ? from_core : ReadFromFile(at, into);
}

size_t CoreMemory::ReadFromCore(Address at, absl::Span<std::byte> into) const {
  const CoreSegment* const segment = SegmentAt(at);
  if (segment == nullptr) return 0;
  const uint64_t offset = at - segment->range.begin;
  if (offset >= segment->file_bytes) return 0;
  return ReadFile(
      core_, segment->file_offset + offset,
      into.subspan(
          0, std::min<uint64_t>(into.size(), segment->file_bytes - offset)));
}

size_t CoreMemory::ReadFromFile(Address at, absl::Span<std::byte> into) const {
  const Mapping* const mapping = FindContaining(contents_.mappings, at);
  if (mapping == nullptr || mapping->writable || mapping->open_path.empty()) {
    return 0;
  }
  const uint64_t offset = at - mapping->range.begin;
  uint64_t size =
      std::min<uint64_t>(into.size(), mapping->range.size() - offset);
  // Up to where the core has bytes of its own again.
  const auto next = std::upper_bound(
      contents_.segments.begin(), contents_.segments.end(), at,
      [](Address a, const CoreSegment& s) { return a < s.range.begin; });
  if (next != contents_.segments.end()) {
    size = std::min(size, next->range.begin - at);
  }
  if (!Inside(mapping->file_offset, offset, INT64_MAX)) return 0;
  return ReadFile(files_[mapping->inode - 1].fd, mapping->file_offset + offset,
                  into.subspan(0, size));
}

std::vector<std::string> CoreMemory::Gaps() const {
  std::vector<std::string> gaps;
  if (contents_.cut_off_bytes > 0) {
    gaps.push_back(
        absl::StrCat("the core is cut off: ", contents_.cut_off_bytes,
                     " bytes of memory are not in it"));
  }
  if (contents_.mappings.empty()) {
    gaps.push_back("the core does not say which files were mapped");
  }
  for (const File& file : files_) {
    if (file.problem.empty() || !file.has_code) continue;
    gaps.push_back(absl::StrCat("code of ", file.path,
                                " is not in the core, and ", file.problem));
  }
  return gaps;
}

}  // namespace hubspy
