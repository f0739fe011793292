// Where a recording goes: "-" is standard output.
//
//   auto output = OutputFile::Create("hub.svg");   // before recording
//   (*output)->Write(text);                        // after
//
// Created before anything is recorded, so that a path that cannot be written is
// known while nothing is lost. Written under a temporary name beside the file
// and renamed: a crash leaves the old file.
#ifndef HUBSPY_CLI_OUTPUT_FILE_H_
#define HUBSPY_CLI_OUTPUT_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hubspy {

class OutputFile {
 public:
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(std::string path);
  ~OutputFile();  // what was not written leaves no trace
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  absl::Status Write(absl::string_view text);
  // "standard output", or the path.
  std::string name() const;

 private:
  OutputFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  absl::Status Fail(absl::string_view what) const;

  std::string path_;
  std::string temporary_;  // empty: written in place
  int fd_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_OUTPUT_FILE_H_
