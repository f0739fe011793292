// The command line, understood: py-spy's subcommands and option letters.
//
//   absl::StatusOr<Command> command = ParseCommandLine(argc, argv);
//
// Nothing is opened, attached or written here. A wrong line gives
// InvalidArgument with one line that says what to do.
#ifndef HUBSPY_CLI_OPTIONS_H_
#define HUBSPY_CLI_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "symbolize/renamed.h"
#include "target/process.h"
#include "view/flat.h"
#include "view/pattern.h"
#include "view/select.h"

namespace hubspy {

inline constexpr double kDefaultRateHz = 100;
// A look at one sleeping thread takes some 10 us, and pacing in user space
// holds 10 kHz: above that most looks would be late. Who asks for more gets
// this.
inline constexpr double kMaxRateHz = 10'000;
// A function has more instructions than a program has hot functions.
inline constexpr double kAnnotateRateHz = 1000;

enum class Format {
  kFlamegraph,
  kFlat,
  kRaw,
  kSpeedscope,
  kChromeTrace,
  kPprof,
  kFirefox,
  kHtml,
  kHubspy,  // all of it, for report and diff
};

struct TopOptions {
  int32_t pid = 0;
  std::vector<std::string> program;  // to start, instead of `pid`
  bool subprocesses = false;
  double rate_hz = kDefaultRateHz;
  double asked_rate_hz = kDefaultRateHz;  // more than kMaxRateHz, perhaps
  CaptureWays capture = CaptureWays::kAny;
  bool include_idle = false;
  bool threads = false;
  bool green = false;  // green threads that do not run, too
  // What is shown of them; of all where neither is given.
  std::vector<NamePattern> only_threads;
  std::vector<NamePattern> only_greens;
  FlatSort sort = FlatSort::kOwnTime;
  bool short_names = false;
  absl::Duration delay = absl::Seconds(1);  // from one table to the next
  std::optional<int> tables;                // -n; absent: a live screen
};

struct RecordOptions {
  int32_t pid = 0;
  std::vector<std::string> program;  // to start, instead of `pid`
  bool subprocesses = false;
  std::string command_line;  // hubspy's own, quoted for a shell
  std::string output;        // "-": standard output
  Format format = Format::kFlamegraph;
  absl::Duration duration = absl::InfiniteDuration();
  // A file of its own for each such time (NumberedFile).
  absl::Duration every = absl::InfiniteDuration();
  double rate_hz = kDefaultRateHz;
  double asked_rate_hz = kDefaultRateHz;  // more than kMaxRateHz, perhaps
  CaptureWays capture = CaptureWays::kAny;
  bool include_idle = false;
  bool threads = false;
  bool green = false;     // green threads, too
  bool by_state = false;  // split by what threads were doing
  bool quiet = false;     // warnings and errors only
  // Present: the hubs' stalls that last as long, and nothing else.
  std::optional<absl::Duration> stalls;
  NamingOptions naming;
};

// What a profile is written as.
struct RenderOptions {
  Format format = Format::kFlat;
  bool include_idle = false;
  bool threads = false;
  bool by_state = false;
};

struct ReportOptions {
  std::string file;
  std::string output;  // "-": standard output
  RenderOptions render;
  NamingOptions naming;
  Selection selection;
};

struct DumpOptions {
  int32_t pid = 0;
  std::string core;          // instead of `pid` where not empty
  std::string command_line;  // hubspy's own, quoted for a shell
  // How long green threads are watched first, to tell what they do.
  std::optional<absl::Duration> duration;
  bool all = false;  // equal stacks each by itself
  bool json = false;
  bool distinct = false;  // in JSON, each distinct stack once
  bool short_names = false;
};

struct DiagnoseOptions {
  int32_t pid = 0;
  std::vector<std::string> program;  // to start, instead of `pid`
  std::string core;                  // instead of `pid` where not empty
  absl::Duration duration = absl::Seconds(2);
  bool json = false;
};

struct AnnotateOptions {
  int32_t pid = 0;
  std::string function;  // as the user wrote it
  absl::Duration duration = absl::Seconds(3);
  double rate_hz = kAnnotateRateHz;
  CaptureWays capture = CaptureWays::kAny;
  bool include_idle = false;
  bool all = false;  // every instruction
};

struct DiffCommandOptions {
  std::string before;  // files
  std::string after;
  std::string output;             // "-": standard output
  Format format = Format::kFlat;  // or kFlamegraph
  bool include_idle = false;
  bool threads = false;
  bool short_names = false;
  Selection selection;
};

// Something to print on standard output, and done.
struct Information {
  std::string text;
};

using Command = std::variant<TopOptions, RecordOptions, DumpOptions,
                             DiagnoseOptions, AnnotateOptions, ReportOptions,
                             DiffCommandOptions, Information>;

absl::StatusOr<Command> ParseCommandLine(int argc, const char* const* argv);

}  // namespace hubspy

#endif  // HUBSPY_CLI_OPTIONS_H_
