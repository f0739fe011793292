#include "image/image_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "image/macho_parser.h"
#include "image/read_at.h"

namespace hubspy {
namespace {

bool PreadFully(int fd, uint64_t offset, absl::Span<std::byte> into) {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(fd, into.data() + done, into.size() - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

absl::StatusOr<std::shared_ptr<const Image>> MakeImage(const ImageFile& file) {
  std::array<std::byte, sizeof(uint32_t)> magic;
  const bool is_macho =
      file.Read(0, absl::MakeSpan(magic)) && IsMacho(absl::MakeSpan(magic));
  return is_macho ? MakeMachoImage(file) : MakeElfImage(file);
}

}  // namespace

absl::StatusOr<ImageFile> ImageFile::Open(const std::string& open_path,
                                          absl::string_view name) {
  const auto failed = [&](int error) {
    return absl::ErrnoToStatus(error, absl::StrCat("cannot open ", name));
  };
  struct stat info;
  // Asked before it is opened: opening a device can do things.
  if (stat(open_path.c_str(), &info) != 0) return failed(errno);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is not a regular file"));
  }
  ImageFile file(name, open_path);
  file.fd_ =
      open(open_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file.fd_ < 0 || fstat(file.fd_, &info) != 0) return failed(errno);
  file.size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

ImageFile ImageFile::FromBytes(absl::Span<const std::byte> bytes,
                               absl::string_view name) {
  ImageFile file(name, "");
  file.bytes_ = bytes;
  file.size_ = bytes.size();
  return file;
}

ImageFile::~ImageFile() {
  if (fd_ >= 0) close(fd_);
}

ImageFile::ImageFile(ImageFile&& other) noexcept
    : name_(std::move(other.name_)),
      open_path_(std::move(other.open_path_)),
      fd_(std::exchange(other.fd_, -1)),
      bytes_(other.bytes_),
      size_(other.size_) {}

bool ImageFile::Read(uint64_t offset, absl::Span<std::byte> into) const {
  if (!is_open_file()) return CopyAt(bytes_, offset, into);
  return Inside(offset, into.size(), size_) && PreadFully(fd_, offset, into);
}

absl::StatusOr<OwnedMapping> ImageFile::Map() const {
  if (is_open_file()) {
    OwnedMapping mapping(mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0),
                         size_);
    if (!mapping) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot map ", name_));
    }
    return mapping;
  }
  OwnedMapping copy(mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    size_);
  if (!copy) return absl::ErrnoToStatus(errno, "cannot copy an image");
  std::memcpy(copy.data(), bytes_.data(), size_);
  return copy;
}

absl::StatusOr<std::shared_ptr<const Image>> Image::Open(
    const std::string& open_path, absl::string_view name) {
  const absl::StatusOr<ImageFile> file = ImageFile::Open(open_path, name);
  if (!file.ok()) return file.status();
  return MakeImage(*file);
}

absl::StatusOr<std::shared_ptr<const Image>> Image::FromBytes(
    absl::Span<const std::byte> bytes, absl::string_view name) {
  return MakeImage(ImageFile::FromBytes(bytes, name));
}

}  // namespace hubspy
