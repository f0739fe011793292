// The command line of what works on recordings that are files: report, diff.
#ifndef HUBSPY_CLI_STORED_OPTIONS_H_
#define HUBSPY_CLI_STORED_OPTIONS_H_

#include <memory>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "cli/options.h"

namespace hubspy {

class StoredOptions {
 public:
  // Adds the subcommands.
  explicit StoredOptions(CLI::App& app);
  ~StoredOptions();
  StoredOptions(const StoredOptions&) = delete;
  StoredOptions& operator=(const StoredOptions&) = delete;

  // Whether one of them is what was parsed; and what it says.
  bool parsed() const;
  absl::StatusOr<Command> Understood() const;

 private:
  struct Values;
  std::unique_ptr<Values> values_;
  CLI::App* report_;
  CLI::App* diff_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_STORED_OPTIONS_H_
