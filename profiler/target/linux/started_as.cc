#include "target/linux/started_as.h"

#include <elf.h>
#include <limits.h>
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hubspy {
namespace {

std::optional<Address> ExecNameAddress(absl::string_view auxv) {
  Elf64_auxv_t entry;
  for (; auxv.size() >= sizeof(entry); auxv.remove_prefix(sizeof(entry))) {
    std::memcpy(&entry, auxv.data(), sizeof(entry));
    if (entry.a_type == AT_EXECFN) return Address(entry.a_un.a_val);
  }
  return std::nullopt;
}

std::string ReadString(const Memory& memory, Address from) {
  std::array<std::byte, PATH_MAX> bytes;
  const size_t size = memory.Read(from, absl::MakeSpan(bytes));
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()),
                               size);
  const size_t end = text.find('\0');
  return end == absl::string_view::npos ? "" : std::string(text.substr(0, end));
}

}  // namespace

std::vector<Mapping> WithStartedAs(const ProcDir& directory, int32_t tid,
                                   const Memory& memory,
                                   std::vector<Mapping> mappings) {
  const auto auxv = directory.ReadFile(absl::StrCat("task/", tid, "/auxv"));
  if (!auxv.ok()) return mappings;
  const std::optional<Address> address = ExecNameAddress(*auxv);
  if (!address) return mappings;
  const std::string name = ReadString(memory, *address);
  // What was started relative to a folder, or by its descriptor, has no better
  // name than its file's.
  if (!absl::StartsWith(name, "/") || absl::StartsWith(name, "/dev/") ||
      absl::StartsWith(name, "/proc/")) {
    return mappings;
  }
  const std::string proc = absl::StrCat("/proc/", tid);
  struct stat program, named;
  if (stat(absl::StrCat(proc, "/exe").c_str(), &program) != 0 ||
      stat(absl::StrCat(proc, "/root", name).c_str(), &named) != 0 ||
      program.st_dev != named.st_dev || program.st_ino != named.st_ino) {
    return mappings;
  }
  for (Mapping& mapping : mappings) {
    if (mapping.inode == program.st_ino && mapping.path != name) {
      mapping.started_as = name;
    }
  }
  return mappings;
}

}  // namespace hubspy
