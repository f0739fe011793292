// A profile as a file, .hubspy: everything of it, so that what is rendered
// later, elsewhere, is what would have been rendered at once.
//
//   const std::string file = StoreProfile(profile);
//   absl::StatusOr<Profile> same = LoadProfile(file);
//
// recording.proto is the schema, and says how it grows. A file takes a few
// bytes per sample; one is read as what anybody may have written.
#ifndef HUBSPY_STORE_STORE_H_
#define HUBSPY_STORE_STORE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/profile.h"

namespace hubspy {

// Of a file, unpacked, and of what is made of it, together: 4 GiB.
inline constexpr size_t kMostMemory = size_t{4} << 30;

std::string StoreProfile(const Profile& profile);

// Every index of it is within its table, every count and time within bounds
// that can be added up. Otherwise, in words that go behind the file's name:
// InvalidArgument: it is none of ours, or of a newer hubspy. DataLoss: it is
// damaged. ResourceExhausted: it would take more memory than that.
absl::StatusOr<Profile> LoadProfile(absl::string_view file,
                                    size_t most_memory = kMostMemory);

}  // namespace hubspy

#endif  // HUBSPY_STORE_STORE_H_
