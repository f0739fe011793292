#include "cli/option_checks.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/parse_time.h"

namespace hubspy {

CLI::Validator Within(double low, double high, const std::string& what) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        double value = NAN;
        if (!CLI::detail::lexical_cast(text, value) || !(value > low) ||
            value > high) {
          return what;
        }
        return "";
      },
      "");
}

CLI::Validator IsTime(const std::string& what) {
  return CLI::Validator(
      [=](std::string& text) { return ParseTime(text) ? "" : what; }, "");
}

void AddBy(CLI::App* command, std::string& by) {
  command->add_option("--by", by, "split by what threads were doing")
      ->check([](const std::string& text) {
        return text == "state" ? "" : "use --by state";
      })
      ->option_text("state");
}

std::string ShellLine(absl::Span<const char* const> arguments) {
  return absl::StrJoin(
      arguments, " ", [](std::string* line, absl::string_view argument) {
        const bool plain =
            !argument.empty() &&
            std::all_of(argument.begin(), argument.end(), [](char c) {
              return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                     absl::StrContains("_-+=.,:/@%", c);
            });
        if (plain) {
          absl::StrAppend(line, argument);
        } else {
          absl::StrAppend(line, "'",
                          absl::StrReplaceAll(argument, {{"'", "'\\''"}}), "'");
        }
      });
}

}  // namespace hubspy
