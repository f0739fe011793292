// A file, or bytes that stand for one, while an image is made of it.
#ifndef HUBSPY_IMAGE_IMAGE_FILE_H_
#define HUBSPY_IMAGE_IMAGE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "image/image.h"
#include "image/owned_mapping.h"

namespace hubspy {

class ImageFile {
 public:
  // As Image::Open.
  static absl::StatusOr<ImageFile> Open(const std::string& open_path,
                                        absl::string_view name);
  // Borrows `bytes`.
  static ImageFile FromBytes(absl::Span<const std::byte> bytes,
                             absl::string_view name);
  ~ImageFile();
  ImageFile(ImageFile&& other) noexcept;
  ImageFile& operator=(ImageFile&&) = delete;

  const std::string& name() const { return name_; }
  const std::string& open_path() const { return open_path_; }
  uint64_t size() const { return size_; }
  bool is_open_file() const { return fd_ >= 0; }
  int fd() const { return fd_; }  // -1: it is none
  absl::Span<const std::byte> bytes() const { return bytes_; }  // if it is none

  // As ReadAt.
  bool Read(uint64_t offset, absl::Span<std::byte> into) const;
  // All of it, mapped, or copied where there is no file.
  absl::StatusOr<OwnedMapping> Map() const;

 private:
  ImageFile(absl::string_view name, std::string open_path)
      : name_(name), open_path_(std::move(open_path)) {}

  std::string name_;
  std::string open_path_;
  int fd_ = -1;
  absl::Span<const std::byte> bytes_;
  uint64_t size_ = 0;
};

// Errors as Image::Open.
absl::StatusOr<std::shared_ptr<const Image>> MakeElfImage(
    const ImageFile& file);
absl::StatusOr<std::shared_ptr<const Image>> MakeMachoImage(
    const ImageFile& file);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_IMAGE_FILE_H_
