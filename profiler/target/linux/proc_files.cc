#include "target/linux/proc_files.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "target/printable.h"

namespace hubspy {
namespace {

absl::Status Malformed(absl::string_view file, absl::string_view text) {
  return absl::DataLossError(absl::StrCat("cannot make sense of /proc's ", file,
                                          ": \"", Printable(text.substr(0, 80)),
                                          "\""));
}

std::optional<uint64_t> ParseHex(absl::string_view text) {
  uint64_t value = 0;
  if (absl::StartsWith(text, "-") || !absl::SimpleHexAtoi(text, &value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
}

// The letters of proc_pid_stat(5).
std::optional<ThreadState> StateFromLetter(absl::string_view letter) {
  if (letter.size() != 1) return std::nullopt;
  switch (letter[0]) {
    case 'R':
      return ThreadState::kRunning;
    case 'S':
    case 'D':
    case 'I':
    case 'K':
    case 'W':
    case 'P':
      return ThreadState::kSleeping;
    case 'T':
    case 't':
      return ThreadState::kStopped;
    case 'Z':
    case 'X':
    case 'x':
      return ThreadState::kZombie;
    default:
      return std::nullopt;
  }
}

// Consumes up to and including `delimiter`; nullopt when it does not occur.
std::optional<absl::string_view> TakeUntil(absl::string_view* rest,
                                           char delimiter) {
  const size_t end = rest->find(delimiter);
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view taken = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return taken;
}

// The kernel writes a newline in a name as "\012" (seq_path) and nothing else.
std::string UnescapeNewlines(absl::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (absl::ConsumePrefix(&path, "\\012")) {
      out += '\n';
    } else {
      out += path[0];
      path.remove_prefix(1);
    }
  }
  return out;
}

// "BEGIN-END PERMS OFFSET MAJOR:MINOR INODE   PATH"
std::optional<Mapping> ParseMapsLine(absl::string_view line) {
  const auto begin_text = TakeUntil(&line, '-');
  const auto end_text = TakeUntil(&line, ' ');
  const auto permissions = TakeUntil(&line, ' ');
  const auto offset_text = TakeUntil(&line, ' ');
  const auto major_text = TakeUntil(&line, ':');
  const auto minor_text = TakeUntil(&line, ' ');
  if (!begin_text || !end_text || !permissions || permissions->size() < 4 ||
      !offset_text || !major_text || !minor_text) {
    return std::nullopt;
  }
  const auto begin = ParseHex(*begin_text);
  const auto end = ParseHex(*end_text);
  const auto offset = ParseHex(*offset_text);
  const auto device_major = ParseHex(*major_text);
  const auto device_minor = ParseHex(*minor_text);
  if (!begin || !end || *begin >= *end || !offset || !device_major ||
      !device_minor) {
    return std::nullopt;
  }
  Mapping m;
  const size_t inode_end = line.find(' ');
  if (!absl::SimpleAtoi(line.substr(0, inode_end), &m.inode)) {
    return std::nullopt;
  }
  m.range = {Address(*begin), Address(*end)};
  m.file_offset = *offset;
  m.readable = (*permissions)[0] == 'r';
  m.writable = (*permissions)[1] == 'w';
  m.executable = (*permissions)[2] == 'x';
  m.device = makedev(static_cast<unsigned>(*device_major),
                     static_cast<unsigned>(*device_minor));
  if (inode_end == absl::string_view::npos) return m;

  // The kernel pads to a column with spaces, and a path begins with '/' or '['.
  absl::string_view path = line.substr(inode_end);
  while (absl::ConsumePrefix(&path, " ")) {
  }
  m.deleted = m.inode != 0 && absl::ConsumeSuffix(&path, " (deleted)");
  m.path = UnescapeNewlines(path);
  return m;
}

}  // namespace

absl::StatusOr<std::optional<BlockedThread>> ParseSyscall(
    absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text);
  if (words.size() == 1 && words[0] == "running") return std::nullopt;

  // "-1 SP PC" outside of system calls, "NR ARG0 .. ARG5 SP PC" inside.
  BlockedThread blocked;
  int64_t number = -1;
  if ((words.size() != 3 && words.size() != 9) ||
      !absl::SimpleAtoi(words[0], &number)) {
    return Malformed("syscall", text);
  }
  const auto sp = ParseHex(words[words.size() - 2]);
  const auto pc = ParseHex(words[words.size() - 1]);
  if (!sp || !pc) return Malformed("syscall", text);
  blocked.sp = Address(*sp);
  blocked.pc = Address(*pc);
  if (words.size() == 9) {
    SystemCall call{.number = number};
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const auto argument = ParseHex(words[1 + i]);
      if (!argument) return Malformed("syscall", text);
      call.arguments[i] = *argument;
    }
    blocked.system_call = call;
  }
  return blocked;
}

std::optional<uint64_t> ParseTimesRun(absl::string_view schedstat) {
  const std::vector<absl::string_view> words = Words(schedstat);
  uint64_t times_run = 0;
  if (words.size() != 3 || !absl::SimpleAtoi(words[2], &times_run) ||
      times_run == 0) {
    return std::nullopt;
  }
  return times_run;
}

std::optional<ThreadSchedule> ParseSchedstat(absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text);
  ThreadSchedule schedule;
  if (!ParseTimesRun(text) || !absl::SimpleAtoi(words[0], &schedule.run_ns) ||
      !absl::SimpleAtoi(words[1], &schedule.wait_ns)) {
    return std::nullopt;
  }
  return schedule;
}

absl::StatusOr<ThreadStat> ParseStat(absl::string_view text) {
  // Fields by their numbers in proc_pid_stat(5), where the state, the first
  // one behind the name, is number 3.
  constexpr size_t kState = 3;
  constexpr size_t kParent = 4;
  constexpr size_t kFlags = 9;
  constexpr size_t kUserTime = 14;
  constexpr size_t kSystemTime = 15;
  constexpr size_t kThreads = 20;
  constexpr size_t kCodeStart = 26;
  constexpr size_t kStackStart = 28;
  constexpr size_t kProcessor = 39;
  constexpr uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD, linux/sched.h

  const size_t name_begin = text.find('(');
  const size_t name_end = text.rfind(')');
  if (name_begin == absl::string_view::npos ||
      name_end == absl::string_view::npos || name_end < name_begin) {
    return Malformed("stat", text);
  }
  const std::vector<absl::string_view> words = Words(text.substr(name_end + 1));
  if (words.size() <= kProcessor - kState) return Malformed("stat", text);
  const auto field = [&](size_t number) { return words[number - kState]; };

  const std::optional<ThreadState> state = StateFromLetter(field(kState));
  ThreadStat stat;
  uint64_t flags = 0;
  uint64_t user_time = 0;
  uint64_t system_time = 0;
  if (!state || !absl::SimpleAtoi(field(kParent), &stat.parent_id) ||
      !absl::SimpleAtoi(field(kFlags), &flags) ||
      !absl::SimpleAtoi(field(kUserTime), &user_time) ||
      !absl::SimpleAtoi(field(kSystemTime), &system_time) ||
      !absl::SimpleAtoi(field(kThreads), &stat.threads) ||
      !absl::SimpleAtoi(field(kCodeStart), &stat.code_start) ||
      !absl::SimpleAtoi(field(kStackStart), &stat.stack_start) ||
      !absl::SimpleAtoi(field(kProcessor), &stat.cpu)) {
    return Malformed("stat", text);
  }
  stat.name = Printable(text.substr(name_begin + 1, name_end - name_begin - 1));
  stat.state = *state;
  stat.cpu_ticks = user_time + system_time;
  stat.kernel_thread = (flags & kKernelThread) != 0;
  return stat;
}

absl::StatusOr<ThreadStatus> ParseStatus(absl::string_view text) {
  ThreadStatus status;
  uint64_t voluntary = 0;
  uint64_t involuntary = 0;
  int found = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    // The kernel escapes newlines in Name:, so no name can fake another line.
    const auto key = TakeUntil(&line, ':');
    if (!key) continue;
    const std::vector<absl::string_view> words = Words(line);
    const auto number = [&](size_t word, auto* value) {
      return words.size() > word && absl::SimpleAtoi(words[word], value);
    };
    bool ok = true;
    if (*key == "Tgid") {
      ok = number(0, &status.process_id);
    } else if (*key == "TracerPid") {
      ok = number(0, &status.tracer_id);
    } else if (*key == "Uid") {
      ok = number(1, &status.user_id);
    } else if (*key == "NSpid") {
      // Not counted: kernels before 4.1, and those without namespaces, say
      // nothing of it.
      if (words.empty() || !number(words.size() - 1, &status.innermost_id)) {
        return Malformed("status", text);
      }
      continue;
    } else if (*key == "SigCgt") {
      const auto mask = words.empty() ? std::nullopt : ParseHex(words[0]);
      if (!mask) return Malformed("status", text);
      status.signals_handled = *mask;
      continue;
    } else if (*key == "voluntary_ctxt_switches") {
      ok = number(0, &voluntary);
    } else if (*key == "nonvoluntary_ctxt_switches") {
      ok = number(0, &involuntary);
    } else {
      continue;
    }
    if (!ok) return Malformed("status", text);
    ++found;
  }
  if (found != 5) return Malformed("status", text);
  if (status.innermost_id == 0) status.innermost_id = status.process_id;
  status.times_switched = voluntary + involuntary;
  return status;
}

std::vector<int> ParseAllowedCpus(absl::string_view status) {
  constexpr int kMaxCpus = 4096;
  std::vector<int> cpus;
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (!absl::ConsumePrefix(&line, "Cpus_allowed_list:")) continue;
    // "0-3,8"
    for (const absl::string_view range :
         absl::StrSplit(absl::StripAsciiWhitespace(line), ',')) {
      const std::pair<absl::string_view, absl::string_view> ends =
          absl::StrSplit(range, absl::MaxSplits('-', 1));
      int first = 0;
      int last = 0;
      if (!absl::SimpleAtoi(ends.first, &first)) return {};
      if (!absl::SimpleAtoi(ends.second, &last)) last = first;
      for (int cpu = first; cpu <= std::min(last, kMaxCpus - 1); ++cpu) {
        cpus.push_back(cpu);
      }
    }
    break;
  }
  return cpus;
}

std::optional<std::vector<int32_t>> ParsePolledFds(absl::string_view fdinfo) {
  std::vector<int32_t> fds;
  // "tfd:        5 events:       19 data: ..."
  for (absl::string_view line : absl::StrSplit(fdinfo, '\n')) {
    if (!absl::ConsumePrefix(&line, "tfd:")) continue;
    const std::vector<absl::string_view> words = Words(line);
    int32_t fd = -1;
    if (words.empty() || !absl::SimpleAtoi(words[0], &fd)) return std::nullopt;
    fds.push_back(fd);
  }
  if (fds.empty()) return std::nullopt;
  std::sort(fds.begin(), fds.end());
  return fds;
}

absl::StatusOr<std::vector<Mapping>> ParseMaps(absl::string_view text) {
  std::vector<Mapping> mappings;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    std::optional<Mapping> mapping = ParseMapsLine(line);
    if (!mapping) return Malformed("maps", line);
    mappings.push_back(*std::move(mapping));
  }
  return mappings;
}

std::string ParseCommandLine(absl::string_view text) {
  while (absl::ConsumeSuffix(&text, absl::string_view("\0", 1))) {
  }
  std::string line(text);
  for (char& c : line) {
    if (c == '\0') c = ' ';
  }
  return Printable(line);
}

}  // namespace hubspy
