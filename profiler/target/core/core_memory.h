// The memory of a process that was dumped: from the core, and where the core
// left it out, from the mapped file, if that is still the one that was mapped.
//
// The surprising part: "the same path" proves nothing, as programs are rebuilt
// and libraries upgraded. A file counts only when it has the build id that the
// core holds at the mapping of its first page. And only what the process could
// not write is taken from a file.
#ifndef HUBSPY_TARGET_CORE_CORE_MEMORY_H_
#define HUBSPY_TARGET_CORE_CORE_MEMORY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "target/core/core_file.h"
#include "target/memory.h"
#include "target/scoped_fd.h"

namespace hubspy {

class CoreMemory : public Memory {
 public:
  // Opens the mapped files by the paths that the core has for them.
  CoreMemory(ScopedFd core, CoreContents contents);

  size_t Read(Address from, absl::Span<std::byte> into) const override;

  // How far the memory goes on behind `at`, before it is known to end.
  uint64_t Following(Address at) const;

  const CoreContents& contents() const { return contents_; }
  // The core's, with what could be found out about each: `open_path` is set
  // where the file is still the one that was mapped.
  const std::vector<Mapping>& mappings() const { return contents_.mappings; }
  // What cannot be had, a sentence each.
  std::vector<std::string> Gaps() const;

 private:
  struct File {
    std::string path;
    ScopedFd fd;          // open where it is the one that was mapped
    std::string problem;  // why it is not; empty where it is
    bool has_code = false;
    std::vector<Elf64_Phdr> program_headers;
  };

  // `begin`: where the file's first page was mapped; empty: nowhere.
  File OpenMapped(const std::string& path, const AddressRange& begin) const;
  void Describe(Mapping& mapping, const File& file) const;
  const CoreSegment* SegmentAt(Address at) const;
  // Bytes from `at` on that one source has; 0: none has the first.
  size_t ReadPiece(Address at, absl::Span<std::byte> into) const;
  size_t ReadFromCore(Address at, absl::Span<std::byte> into) const;
  size_t ReadFromFile(Address at, absl::Span<std::byte> into) const;

  ScopedFd core_;
  CoreContents contents_;
  std::vector<File> files_;  // Mapping::inode is a place in it, plus 1
};

// All of `into` from `offset` of an open file, or less at its end.
size_t ReadFile(const ScopedFd& file, uint64_t offset,
                absl::Span<std::byte> into);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_CORE_MEMORY_H_
