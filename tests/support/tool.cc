#include "support/tool.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>

namespace hubspy {
namespace {

std::vector<char*> Argv(std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return argv;
}

std::string Contents(FILE* file) {
  std::string text;
  rewind(file);
  char buffer[4096];
  while (const size_t bytes = fread(buffer, 1, sizeof(buffer), file)) {
    text.append(buffer, bytes);
  }
  return text;
}

bool BecomeUser(uid_t user) {
  return setgroups(0, nullptr) == 0 && setgid(user) == 0 && setuid(user) == 0;
}

}  // namespace

ToolRun RunHubspy(const std::vector<std::string>& arguments,
                  const ToolOptions& options) {
  using File = std::unique_ptr<FILE, decltype(&fclose)>;
  const File out(tmpfile(), &fclose);
  const File err(tmpfile(), &fclose);
  // Opened here: another user may not reach the folder that it lies in.
  const int program = open(HUBSPY_BINARY, O_RDONLY | O_CLOEXEC);
  Child child = Child::Fork([&](ChildPipes&) {
    std::vector<std::string> copy = arguments;
    copy.insert(copy.begin(), "hubspy");
    dup2(fileno(out.get()), STDOUT_FILENO);
    dup2(fileno(err.get()), STDERR_FILENO);
    if (options.user && !BecomeUser(*options.user)) return 126;
    fexecve(program, Argv(copy).data(), environ);
    return 127;
  });
  const int exit_status = child.Wait();
  close(program);
  return {exit_status, Contents(out.get()), Contents(err.get())};
}

Child StartHubspy(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {
      "/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1 >/dev/null", HUBSPY_BINARY};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return Child::Exec(argv);
}

void PreferOnCpu(pid_t pid) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(pid), -15);
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void AwaitSleeps(pid_t pid, int64_t sleeps) {
  const auto slept = [pid] {
    return std::stoll(ProcStatus(pid, "voluntary_ctxt_switches"));
  };
  const int64_t until = slept() + sleeps;
  while (slept() < until) sched_yield();
}

std::string ProcStatus(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(field + ":", 0) == 0) {
      return line.substr(line.find_first_not_of(" \t", field.size() + 1));
    }
  }
  return "";
}

}  // namespace hubspy
