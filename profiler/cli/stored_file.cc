#include "cli/stored_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "store/store.h"
#include "target/scoped_fd.h"

namespace hubspy {
namespace {

absl::StatusOr<std::string> Contents(const std::string& file) {
  const ScopedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes;
  char block[1 << 16];
  ssize_t got = fd.get() < 0 ? -1 : 1;
  while (got > 0) {
    got = read(fd.get(), block, sizeof(block));
    if (got > 0) bytes.append(block, static_cast<size_t>(got));
  }
  if (got < 0) {
    return absl::NotFoundError(
        absl::StrCat("cannot read ", file, ": ", std::strerror(errno)));
  }
  return bytes;
}

// Said of the file.
absl::Status Of(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, " ", status.message()));
}

}  // namespace

absl::StatusOr<Profile> LoadPart(const std::string& file,
                                 const Selection& selection,
                                 const NamingOptions& naming) {
  const absl::StatusOr<std::string> bytes = Contents(file);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<Profile> profile = LoadProfile(*bytes);
  if (!profile.ok()) return Of(file, profile.status());
  if (absl::Status status = CheckSelection(*profile, selection); !status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(file, ": ", status.message()));
  }
  Selected selected = Select(*profile, selection);
  if (!selected.note.empty()) {
    std::cerr << file << ": " << selected.note << "\n";
  }
  if (selected.profile.samples.empty() && !profile->samples.empty()) {
    std::cerr << file << ": no sample is all that was asked for\n";
  }
  return Renamed(std::move(selected.profile), naming);
}

}  // namespace hubspy
