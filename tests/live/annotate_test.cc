// What a function's listing says of a live process, against objdump and
// addr2line.
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kCouldNot = 1;

// How this machine's listing has what the fixtures do.
#if defined(__x86_64__)
constexpr char kSpin[] = "(pause and lock cmpxchgl|lock cmpxchgl and pause)";
constexpr char kSpinHint[] = "pause  ; spin hint\n";
constexpr char kAtomic[] = "lock cmpxchgl .*; atomic\n";
constexpr char kSpinHintLine[] = " __builtin_ia32_pause();";
constexpr char kSystemCall[] = "syscall  ; system call ";
constexpr char kCallsWork[] = "callq 0x[0-9a-f]+ <Work>\n";
constexpr char kPollCall[] = "poll";
constexpr long kPoll = SYS_poll;
constexpr char kJitted[] = "  pushq %rbp\n.*  movq %rsp, %rbp\n";
constexpr char kJittedLoop[] = "[ jmp 0x";
#else
constexpr char kSpin[] =
    "(yield and __aarch64_cas4_acq_rel|__aarch64_cas4_acq_rel and yield)";
constexpr char kSpinHint[] = "yield  ; spin hint\n";
constexpr char kAtomic[] = "bl #0x[0-9a-f]+ <__aarch64_cas4_acq_rel>\n";
constexpr char kSpinHintLine[] = " asm volatile(\"yield\");";
constexpr char kSystemCall[] = "svc #0  ; system call ";
constexpr char kCallsWork[] = "bl #0x[0-9a-f]+ <Work>\n";
constexpr char kPollCall[] = "ppoll";
constexpr long kPoll = SYS_ppoll;
constexpr char kJitted[] =
    "  stp x29, x30, \\[sp, #-0x10\\]!\n.*  mov x29, sp\n";
constexpr char kJittedLoop[] = "[ b #0x";
#endif

ToolRun Annotate(const Child& child, std::vector<std::string> arguments) {
  std::vector<std::string> line = {"annotate", "-p",
                                   std::to_string(child.pid()), "-d", "0.5"};
  line.insert(line.end(), arguments.begin(), arguments.end());
  return RunHubspy(line);
}

// spin_wait when it is about to do what it is told to.
Child SpinWait(const std::string& what) {
  Child child = Child::Exec({SPIN_WAIT, what});
  EXPECT_EQ(child.ReadLine(), "ready");
  return child;
}

struct Row {
  std::string address;  // hex
  std::string source;   // "file.cc:12", of the line above or before
};

// "  77.00%   77.00%     13f6  │ movl %ecx, %eax", the shares may be blank.
std::vector<Row> Rows(const std::string& listing) {
  constexpr size_t kAddress = 19;  // where the column begins
  constexpr size_t kEnd = kAddress + 7;
  std::vector<Row> rows;
  std::string source;
  bool in_table = false;
  const std::vector<std::string> lines = absl::StrSplit(listing, '\n');
  for (const std::string& line : lines) {
    if (in_table && line.size() > kEnd) {
      const std::string address(
          absl::StripAsciiWhitespace(line.substr(kAddress, 7)));
      if (address.empty()) {
        const std::vector<std::string> words =
            absl::StrSplit(line, ' ', absl::SkipEmpty());
        source = words[0];
      } else {
        rows.push_back({address, source});
      }
    }
    if (absl::StrContains(line, "%Own")) in_table = true;
  }
  return rows;
}

std::vector<std::string> ObjdumpAddresses(const std::string& symbol) {
  Child objdump =
      Child::Exec({"objdump", "-d", "-w",
                   absl::StrCat("--disassemble=", symbol), SPIN_WAIT});
  std::vector<std::string> addresses;
  while (const std::optional<std::string> line = objdump.NextLine()) {
    const size_t colon = line->find(":\t");
    if (colon == std::string::npos || line->find('<') < colon) continue;
    addresses.emplace_back(absl::StripAsciiWhitespace(line->substr(0, colon)));
  }
  return addresses;
}

// "file.cc:12"
std::string Addr2line(const std::string& address) {
  Child child = Child::Exec({"addr2line", "-s", "-e", SPIN_WAIT, address});
  const std::string line = child.ReadLine();
  return line.substr(0, line.find(' '));
}

TEST(Annotate, ShowsTheLoopThatSpins) {
  const Child child = SpinWait("lock");
  const ToolRun run = Annotate(child, {"-F", "BusyWait"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("BusyWait, in "));
  EXPECT_THAT(run.out,
              ContainsRegex("samples of BusyWait are in the loop "
                            "0x[0-9a-f]+..0x[0-9a-f]+, which spins on " +
                            std::string(kSpin) + ", and makes no system call"));
  EXPECT_THAT(run.out, ContainsRegex(kSpinHint));
  EXPECT_THAT(run.out, ContainsRegex(kAtomic));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b"))) << "this is no terminal";
  EXPECT_THAT(run.err, ContainsRegex("[0-9]+ samples of 1 thread"));
}

TEST(Annotate, ListsTheInstructionsThatObjdumpDoes) {
  struct Case {
    const char* what;
    const char* function;
    const char* symbol;
  };
  for (const Case& c : {Case{"lock", "BusyWait", "_Z8BusyWaitv"},
                        Case{"ask", "AskKernel", "_Z9AskKernelv"},
                        Case{"inlined", "InlinesMix", "_Z10InlinesMixv"},
                        Case{"call", "Work", "_Z4Workv"}}) {
    const Child child = SpinWait(c.what);
    const ToolRun run = Annotate(child, {"-F", c.function});
    std::vector<std::string> addresses;
    for (const Row& row : Rows(run.out)) addresses.push_back(row.address);
    EXPECT_EQ(addresses, ObjdumpAddresses(c.symbol)) << run.out;
  }
}

TEST(Annotate, ShowsTheLinesThatAddr2lineDoes) {
  const Child child = SpinWait("lock");
  const ToolRun run = Annotate(child, {"-F", "BusyWait"});
  const std::vector<Row> rows = Rows(run.out);
  EXPECT_GT(rows.size(), 4u);
  for (const Row& row : rows) {
    EXPECT_EQ(row.source, Addr2line(row.address)) << row.address;
  }
  EXPECT_THAT(run.out, HasSubstr(kSpinHintLine));
}

TEST(Annotate, NamesTheSystemCallThatALoopMakes) {
  const Child child = SpinWait("ask");
  const ToolRun run = Annotate(child, {"-F", "AskKernel"});
  EXPECT_THAT(run.out, HasSubstr("which makes the system call getppid."));
  EXPECT_THAT(run.out,
              ContainsRegex(absl::StrCat("% .*", kSystemCall, "getppid\n")));
}

TEST(Annotate, CountsAThreadThatSleepsWhereItWaitsIfAsked) {
  const Child child = SpinWait("sleep");
  AwaitSystemCall(child.pid(), kPoll);
  const ToolRun without = Annotate(child, {"-F", "SleepInPoll"});
  EXPECT_EQ(without.exit_status, kCouldNot);
  EXPECT_THAT(without.err,
              HasSubstr("hubspy: threads only slept in \"SleepInPoll\": add "
                        "-i"));
  const ToolRun run = Annotate(child, {"-F", "SleepInPoll", "-i"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out,
              ContainsRegex(absl::StrCat(" 100.00%  100.00%  .*", kSystemCall,
                                         kPollCall, "\n")));
}

TEST(Annotate, ShowsAnInlinedFunctionWhereItIs) {
  const Child child = SpinWait("inlined");
  const ToolRun run = Annotate(child, {"-F", "Mix"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(
      run.out,
      StartsWith("Mix, where it is inlined into InlinesMix (marked *)"));
  EXPECT_THAT(run.out, ContainsRegex("%  +[0-9a-f]+\\* "));
}

TEST(Annotate, CountsACallersSamplesAtItsCall) {
  const Child child = SpinWait("call");
  const ToolRun run = Annotate(child, {"-F", "CallsWork"});
  EXPECT_THAT(run.out,
              ContainsRegex("which calls Work, and makes no system call of"));
  // Nearly all of its time is in Work: the call has the larger share, however
  // few samples there are.
  EXPECT_THAT(run.out, ContainsRegex(absl::StrCat(
                           "\n.* [0-9.]+%  +[0-9a-f]+ .*", kCallsWork)));
}

TEST(Annotate, ReadsCodeMadeAtRunTimeInTheTarget) {
  Child jit = Child::Exec({JIT_LOOP});
  ASSERT_EQ(jit.ReadLine(), "ready");
  const ToolRun run = Annotate(jit, {"-F", "jitted loop"});
  unlink(absl::StrCat("/tmp/perf-", jit.pid(), ".map").c_str());
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(ContainsRegex(kJitted), HasSubstr(kJittedLoop)));
}

TEST(Annotate, SaysWhichFunctionsThereAreWhenNoneFits) {
  const Child child = SpinWait("call");
  const ToolRun none = Annotate(child, {"-F", "Wrok"});
  EXPECT_EQ(none.exit_status, kCouldNot);
  EXPECT_THAT(none.err, ContainsRegex("no sample was in a function \"Wrok\"; "
                                      "they were in .*CallsWork"));
  const ToolRun several = Annotate(child, {"-F", "or"});
  EXPECT_EQ(several.exit_status, kCouldNot);
  EXPECT_THAT(several.err,
              ContainsRegex("\"or\" may be any of these: CallsWork, Work: give "
                            "more of the name"));
}

TEST(Annotate, LooksAtNothingThatIsGone) {
  pid_t gone;
  {
    Child child = Child::Fork([](ChildPipes&) { return 0; });
    gone = child.pid();
    child.Wait();
  }
  const ToolRun run =
      RunHubspy({"annotate", "-p", std::to_string(gone), "-F", "main"});
  EXPECT_EQ(run.exit_status, kCouldNot);
  EXPECT_THAT(run.err, StartsWith("hubspy: "));
}

}  // namespace
}  // namespace hubspy
