// What the options of several subcommands have in common.
#ifndef HUBSPY_CLI_OPTION_CHECKS_H_
#define HUBSPY_CLI_OPTION_CHECKS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/types/span.h"

namespace hubspy {

// An option's value in (low, high], or the line that says so.
CLI::Validator Within(double low, double high, const std::string& what);

// A time (ParseTime), or the line that says so.
CLI::Validator IsTime(const std::string& what);

// --by state; `by` is empty without it.
void AddBy(CLI::App* command, std::string& by);

// The arguments as one would type them: quoted where a shell would see more in
// one than its letters.
std::string ShellLine(absl::Span<const char* const> arguments);

}  // namespace hubspy

#endif  // HUBSPY_CLI_OPTION_CHECKS_H_
