// An Image of a file's bytes and nothing else: what symbolize/ needs of one.
#ifndef HUBSPY_TESTS_PROFILER_SYMBOLIZE_FILE_IMAGE_H_
#define HUBSPY_TESTS_PROFILER_SYMBOLIZE_FILE_IMAGE_H_

#include <elfutils/libdwelf.h>
#include <libelf.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "image/image.h"
#include "image/module_map.h"

namespace hubspy {

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class FileImage : public Image {
 public:
  struct Paths {
    std::string name;
    std::string open_path;
  };

  FileImage(std::string bytes, Paths paths)
      : bytes_(std::move(bytes)), paths_(std::move(paths)) {
    elf_version(EV_CURRENT);
    Elf* elf = elf_memory(bytes_.data(), bytes_.size());
    const void* id = nullptr;
    const ssize_t size = elf == nullptr ? 0 : dwelf_elf_gnu_build_id(elf, &id);
    if (size > 0) {
      build_id_ = absl::BytesToHexString(absl::string_view(
          static_cast<const char*>(id), static_cast<size_t>(size)));
    }
    elf_end(elf);
  }

  static std::shared_ptr<const Image> Of(const std::string& path) {
    return std::make_shared<FileImage>(ReadFile(path), Paths{path, path});
  }

  const std::string& name() const override { return paths_.name; }
  const std::string& open_path() const override { return paths_.open_path; }
  const std::string& build_id() const override { return build_id_; }
  const std::vector<Segment>& segments() const override { return segments_; }
  std::vector<Note> Notes() const override { return {}; }
  absl::Span<const std::byte> bytes() const override {
    return {reinterpret_cast<const std::byte*>(bytes_.data()), bytes_.size()};
  }
  uint64_t vaddr_begin() const override { return 0; }
  uint64_t vaddr_end() const override { return 0; }
  std::optional<ImageRange> eh_frame_hdr() const override { return {}; }
  std::optional<ImageRange> eh_frame() const override { return {}; }
  absl::StatusOr<uintptr_t> ShadowBias() const override {
    return absl::UnimplementedError("not for symbols");
  }

 private:
  std::string bytes_;
  Paths paths_;
  std::string build_id_;
  std::vector<Segment> segments_;
};

// The image as if loaded at `load_bias`.
inline LoadedModule Loaded(std::shared_ptr<const Image> image,
                           uint64_t load_bias = 0) {
  LoadedModule module;
  module.module.path = image->name();
  module.module.load_bias = load_bias;
  module.image = std::move(image);
  return module;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_SYMBOLIZE_FILE_IMAGE_H_
