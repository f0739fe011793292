#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "image/elf_parser.h"
#include "image/image.h"
#include "image/owned_mapping.h"
#include "image/shadow.h"

namespace hubspy {
namespace {

class ElfImage : public Image {
 public:
  ElfImage(absl::string_view name, const std::string& open_path,
           ElfContents contents, OwnedMapping file, size_t file_size,
           absl::StatusOr<OwnedMapping> shadow)
      : name_(name),
        open_path_(open_path),
        contents_(std::move(contents)),
        file_(std::move(file)),
        file_size_(file_size),
        shadow_(std::move(shadow)) {}

  const std::string& name() const override { return name_; }
  const std::string& open_path() const override { return open_path_; }
  const std::string& build_id() const override { return contents_.build_id; }
  const std::vector<Segment>& segments() const override {
    return contents_.segments;
  }
  std::vector<Note> Notes() const override { return contents_.notes; }
  absl::Span<const std::byte> bytes() const override {
    return {file_.data(), file_size_};
  }
  uint64_t vaddr_begin() const override { return contents_.loaded.begin; }
  uint64_t vaddr_end() const override { return contents_.loaded.end; }
  std::optional<ImageRange> eh_frame_hdr() const override {
    return contents_.eh_frame_hdr;
  }
  std::optional<ImageRange> eh_frame() const override {
    return contents_.eh_frame;
  }
  absl::StatusOr<uintptr_t> ShadowBias() const override {
    if (!shadow_.ok()) return shadow_.status();
    return reinterpret_cast<uintptr_t>(shadow_->data()) -
           contents_.loaded.begin;
  }

 private:
  std::string name_;
  std::string open_path_;
  ElfContents contents_;
  OwnedMapping file_;
  size_t file_size_;
  // Made at once, although it may never be asked for: later the file's
  // descriptor is closed and its path may be gone with the target.
  absl::StatusOr<OwnedMapping> shadow_;
};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

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

}  // namespace

absl::StatusOr<std::shared_ptr<const Image>> Image::Open(
    const std::string& open_path, absl::string_view name) {
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
  const FileDescriptor fd(
      open(open_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd.get() < 0 || fstat(fd.get(), &info) != 0) return failed(errno);
  const uint64_t size = static_cast<uint64_t>(info.st_size);

  absl::StatusOr<ElfContents> contents = ParseElf(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        return offset <= size && into.size() <= size - offset &&
               PreadFully(fd.get(), offset, into);
      },
      size);
  if (!contents.ok()) return contents.status();
  OwnedMapping file(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0),
                    size);
  if (!file) return failed(errno);
  absl::StatusOr<OwnedMapping> shadow = ShadowFromFile(*contents, fd.get());
  return std::make_shared<ElfImage>(name, open_path, *std::move(contents),
                                    std::move(file), size, std::move(shadow));
}

absl::StatusOr<std::shared_ptr<const Image>> Image::FromBytes(
    absl::Span<const std::byte> bytes, absl::string_view name) {
  absl::StatusOr<ElfContents> contents = ParseElf(
      [&](uint64_t offset, absl::Span<std::byte> into) {
        if (offset > bytes.size() || into.size() > bytes.size() - offset) {
          return false;
        }
        // An empty span may be a null pointer, which memcpy must not see.
        if (into.empty()) return true;
        std::memcpy(into.data(), bytes.data() + offset, into.size());
        return true;
      },
      bytes.size());
  if (!contents.ok()) return contents.status();
  OwnedMapping copy(mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    bytes.size());
  if (!copy) return absl::ErrnoToStatus(errno, "cannot copy an image");
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  absl::StatusOr<OwnedMapping> shadow = ShadowFromBytes(*contents, bytes);
  return std::make_shared<ElfImage>(name, std::string(), *std::move(contents),
                                    std::move(copy), bytes.size(),
                                    std::move(shadow));
}

}  // namespace hubspy
