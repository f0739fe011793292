// What an executable file says, ELF or Mach-O: headers, segments, notes, unwind
// tables.
//
//   auto image = Image::Open("/proc/7/root/usr/bin/redis-server", path);
//   (*image)->build_id();
//
// Bytes in, values out: it never meets a process. Every offset and size in the
// file is hostile until checked.
//
// The surprising part is the shadow: the load segments, mapped read-only
// somewhere in our own address space, at the distances that they have in the
// target. There LLVM libunwind, which knows only its own process, can read the
// unwind tables.
//
// Of a fat Mach-O file the image is what is in it for our machine. A Mach-O
// image has no note but its UUID; it is unwound by frame pointers, so that the
// tables here are an ELF image's; and of its segments only the executable ones
// are told.
#ifndef HUBSPY_IMAGE_IMAGE_H_
#define HUBSPY_IMAGE_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hubspy {

// A segment that is loaded. All of it in bytes; vaddr in the image's own
// numbering.
struct Segment {
  uint64_t vaddr = 0;
  uint64_t file_offset = 0;
  uint64_t file_size = 0;
  uint64_t memory_size = 0;
  bool executable = false;
};

// Half-open, in the image's own numbering.
struct ImageRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
  bool Contains(uint64_t vaddr) const { return begin <= vaddr && vaddr < end; }
  friend bool operator==(const ImageRange&, const ImageRange&) = default;
};

struct Note {
  std::string owner;
  uint32_t type = 0;
  std::vector<std::byte> description;
  uint64_t description_vaddr = 0;  // where the description is once loaded
  // It tells one build of the image from another: GNU's build id, the UUID.
  bool identifies_build = false;
};

class Image {
 public:
  // `open_path` is opened here; `name` is what people call it.
  static absl::StatusOr<std::shared_ptr<const Image>> Open(
      const std::string& open_path, absl::string_view name);
  // An image that exists only in memory (the vdso): its bytes as loaded, which
  // for a vdso are its bytes as a file, too.
  static absl::StatusOr<std::shared_ptr<const Image>> FromBytes(
      absl::Span<const std::byte> bytes, absl::string_view name);

  virtual ~Image() = default;

  virtual const std::string& name() const = 0;
  // By which a symbolizer can open it again; empty for FromBytes.
  virtual const std::string& open_path() const = 0;
  virtual const std::string& build_id() const = 0;  // lower-case hex, or empty
  virtual const std::vector<Segment>& segments() const = 0;
  virtual std::vector<Note> Notes() const = 0;
  // Of a Mach-O image, where "__SEGMENT,__section" lies.
  virtual std::optional<ImageRange> SectionNamed(
      absl::string_view /*name*/) const {
    return std::nullopt;
  }
  // The file's bytes, mapped; valid while the image lives.
  virtual absl::Span<const std::byte> bytes() const = 0;

  // Lowest and highest loaded address, page-rounded, in the image's numbering.
  virtual uint64_t vaddr_begin() const = 0;
  virtual uint64_t vaddr_end() const = 0;

  // Unwind tables, inside the loaded addresses: the search table that the
  // linker makes, and, in an image without one, the bare records.
  virtual std::optional<ImageRange> eh_frame_hdr() const = 0;
  virtual std::optional<ImageRange> eh_frame() const = 0;

  // Address in our own process minus address in the image's numbering, of a
  // read-only copy of the load segments. All of [vaddr_begin, vaddr_end) can be
  // read there, as long as nobody truncates the file: then reads raise SIGBUS.
  virtual absl::StatusOr<uintptr_t> ShadowBias() const = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_IMAGE_H_
