#include "symbolize/debug_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolize/elf_section.h"

namespace hubspy {
namespace {

constexpr absl::string_view kDebugRoot = "/usr/lib/debug";

// The checksum of .gnu_debuglink: CRC-32 as in zlib, over the whole file (GDB
// manual, section "Debugging Information in Separate Files").
uint32_t Crc32(const char* bytes, size_t size) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < t.size(); ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
      t[i] = c;
    }
    return t;
  }();
  uint32_t crc = ~uint32_t{0};
  for (size_t i = 0; i < size; ++i) {
    crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(bytes[i])) & 0xff];
  }
  return ~crc;
}

std::string BuildId(Elf* elf) {
  const void* bits = nullptr;
  const ssize_t size = dwelf_elf_gnu_build_id(elf, &bits);
  if (size <= 0) return "";
  return absl::BytesToHexString(absl::string_view(
      static_cast<const char*>(bits), static_cast<size_t>(size)));
}

bool HasChecksum(Elf* elf, uint32_t checksum) {
  size_t size = 0;
  const char* bytes = elf_rawfile(elf, &size);
  return bytes != nullptr && Crc32(bytes, size) == checksum;
}

std::string Directory(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? ""
                                          : std::string(path.substr(0, slash));
}

// How the target's root directory is reached from ours: what stands before the
// image's own name in the path by which we opened it, or the target's /proc
// entry; empty when the two are the same.
std::string TargetRoot(const Image& image) {
  absl::string_view open_path = image.open_path();
  if (absl::EndsWith(open_path, image.name())) {
    return std::string(
        open_path.substr(0, open_path.size() - image.name().size()));
  }
  constexpr absl::string_view kProc = "/proc/";
  if (!absl::StartsWith(open_path, kProc)) return "";
  size_t end = kProc.size();
  while (end < open_path.size() &&
         std::isdigit(static_cast<unsigned char>(open_path[end]))) {
    ++end;
  }
  if (end == kProc.size()) return "";
  return absl::StrCat(open_path.substr(0, end), "/root");
}

std::vector<std::string> ByBuildId(const Image& image, const std::string& id) {
  if (id.size() <= 2) return {};
  const std::string tail = absl::StrCat(
      kDebugRoot, "/.build-id/", id.substr(0, 2), "/", id.substr(2), ".debug");
  return {absl::StrCat(TargetRoot(image), tail), tail};
}

std::vector<std::string> ByDebugLink(const Image& image,
                                     absl::string_view link) {
  // A file's name, no path: "../../etc/x" is not ours to follow.
  if (link.empty() || link == "." || link == ".." ||
      absl::StrContains(link, "/")) {
    return {};
  }
  const std::string folder = Directory(image.name());
  std::vector<std::string> paths;
  for (const std::string& root : {TargetRoot(image), std::string()}) {
    for (const std::string& place : {folder, absl::StrCat(folder, "/.debug"),
                                     absl::StrCat(kDebugRoot, folder)}) {
      if (absl::StartsWith(place, "/")) {
        paths.push_back(absl::StrCat(root, place, "/", link));
      }
    }
  }
  const std::string opened_in = Directory(image.open_path());
  if (!opened_in.empty()) {
    paths.push_back(absl::StrCat(opened_in, "/", link));
    paths.push_back(absl::StrCat(opened_in, "/.debug/", link));
  }
  return paths;
}

}  // namespace

std::unique_ptr<DebugFile> DebugFile::Open(const std::string& path) {
  const int fd =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return nullptr;
  struct stat status;
  ElfHandle elf;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    elf_version(EV_CURRENT);
    elf.reset(elf_begin(fd, ELF_C_READ_MMAP, nullptr));
  }
  // All of it is mapped or, if need be, read: a program of thousands of split
  // units must not cost as many descriptors.
  const bool readable = elf != nullptr && elf_kind(elf.get()) == ELF_K_ELF &&
                        elf_cntl(elf.get(), ELF_C_FDREAD) == 0;
  close(fd);
  if (!readable) return nullptr;
  return std::unique_ptr<DebugFile>(new DebugFile(path, std::move(elf)));
}

DebugFile::DebugFile(std::string path, ElfHandle elf)
    : path_(std::move(path)), elf_(std::move(elf)) {}

std::unique_ptr<DebugFile> FindDebugFile(Elf* elf, const Image& image) {
  for (const std::string& path : ByBuildId(image, image.build_id())) {
    auto file = DebugFile::Open(path);
    if (file != nullptr && BuildId(file->elf()) == image.build_id()) {
      return file;
    }
  }
  GElf_Word checksum = 0;
  const char* link = dwelf_elf_gnu_debuglink(elf, &checksum);
  if (link == nullptr) return nullptr;
  for (const std::string& path : ByDebugLink(image, link)) {
    auto file = DebugFile::Open(path);
    if (file == nullptr) continue;
    const std::string id = BuildId(file->elf());
    const bool matches = id.empty() || image.build_id().empty()
                             ? HasChecksum(file->elf(), checksum)
                             : id == image.build_id();
    if (matches) return file;
  }
  return nullptr;
}

std::unique_ptr<DebugFile> FindSharedFile(Elf* elf, const Image& image,
                                          const std::string& path) {
  const absl::string_view link = RawSection(elf, ".gnu_debugaltlink");
  const size_t name_end = link.find('\0');
  if (name_end == absl::string_view::npos) return nullptr;
  const std::string name(link.substr(0, name_end));
  const std::string id = absl::BytesToHexString(link.substr(name_end + 1));
  std::vector<std::string> paths = ByBuildId(image, id);
  if (absl::StartsWith(name, "/")) {
    paths.insert(paths.end(), {absl::StrCat(TargetRoot(image), name), name});
  } else {
    paths.push_back(absl::StrCat(Directory(path), "/", name));
  }
  for (const std::string& candidate : paths) {
    auto file = DebugFile::Open(candidate);
    if (file != nullptr && BuildId(file->elf()) == id) return file;
  }
  return nullptr;
}

std::vector<std::string> PackagePaths(const Image& image,
                                      const std::string& debug_file) {
  std::vector<std::string> paths;
  for (const std::string& file :
       {absl::StrCat(TargetRoot(image), image.name()), image.open_path(),
        image.name(), debug_file}) {
    if (absl::StartsWith(file, "/"))
      paths.push_back(absl::StrCat(file, ".dwp"));
  }
  return paths;
}

std::vector<std::string> SplitFilePaths(const Image& image,
                                        const std::string& debug_file,
                                        const std::string& folder,
                                        const std::string& name) {
  if (name.empty()) return {};
  const bool absolute = absl::StartsWith(name, "/");
  const std::string written = absolute ? name : absl::StrCat(folder, "/", name);
  const std::string root = TargetRoot(image);
  std::vector<std::string> paths;
  if (absl::StartsWith(written, "/")) {
    paths = {absl::StrCat(root, written), written};
  }
  const absl::string_view file = absl::string_view(name).substr(
      name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
  for (const std::string& place :
       {absl::StrCat(root, Directory(image.name())),
        Directory(image.open_path()), Directory(image.name()),
        Directory(debug_file)}) {
    if (place.empty()) continue;
    if (!absolute) paths.push_back(absl::StrCat(place, "/", name));
    paths.push_back(absl::StrCat(place, "/", file));
  }
  return paths;
}

}  // namespace hubspy
