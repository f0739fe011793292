#include "profiler/symbolize/addr2line.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

// addr2line's or, printing the same with this option, llvm-symbolizer's command
// line. HUBSPY_LLVM_SYMBOLIZER is empty where gcc compiled the fixtures.
std::string OracleCommand(const std::string& file) {
  constexpr absl::string_view kLlvm = HUBSPY_LLVM_SYMBOLIZER;
  if (kLlvm.empty()) return absl::StrCat("addr2line -afie ", file);
  return absl::StrCat(kLlvm, " --output-style=GNU --addresses --inlines ",
                      "--functions=linkage --no-demangle --obj=", file);
}

// "/a/b.cc:12 (discriminator 3)", "/a/b.cc:?"
OracleFrame ParsePlace(std::string function, absl::string_view place) {
  place = place.substr(0, place.find(" (discriminator"));
  const size_t colon = place.rfind(':');
  return {std::move(function), std::string(place.substr(0, colon)),
          std::atoi(std::string(place.substr(colon + 1)).c_str())};
}

}  // namespace

std::string Output(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  char buffer[65536];
  for (size_t n;
       pipe != nullptr && (n = fread(buffer, 1, sizeof buffer, pipe));)
    text.append(buffer, n);
  EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0) << command;
  return text;
}

std::vector<std::vector<OracleFrame>> Addr2line(
    const std::string& file, const std::vector<uint64_t>& addresses) {
  // Tests run side by side, each in a process of its own.
  const std::string asked =
      absl::StrCat(testing::TempDir(), "addresses_", getpid());
  {
    std::ofstream out(asked);
    for (const uint64_t a : addresses) out << "0x" << std::hex << a << "\n";
  }
  std::vector<std::vector<OracleFrame>> all;
  std::string function;
  const std::string text = Output(absl::StrCat(
      OracleCommand(file), " < ", asked, " | c++filt --no-params"));
  std::remove(asked.c_str());
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) continue;
    if (absl::StartsWith(line, "0x")) {
      all.emplace_back();
    } else if (function.empty()) {
      function = std::string(line);
    } else {
      all.back().push_back(ParsePlace(std::move(function), line));
      function.clear();
    }
  }
  return all;
}

std::map<std::string, uint64_t> SymbolAddresses(const std::string& file) {
  std::map<std::string, uint64_t> addresses;
  const std::string text = Output(absl::StrCat("nm --defined-only ", file));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // 0000000000001234 t name
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields.size() == 3) {
      addresses[fields[2]] = std::strtoull(fields[0].c_str(), nullptr, 16);
    }
  }
  return addresses;
}

std::map<uint64_t, uint64_t> FunctionSizes(const std::string& file) {
  std::map<uint64_t, uint64_t> sizes;
  const std::string text = Output(absl::StrCat("nm -S --defined-only ", file));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // 0000000000001234 0000000000000056 t name
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    uint64_t begin, size;
    if (fields.size() != 4 || fields[2].find_first_of("tTwW") != 0 ||
        !absl::SimpleHexAtoi(fields[0], &begin) ||
        !absl::SimpleHexAtoi(fields[1], &size)) {
      continue;
    }
    sizes[begin] = std::max(sizes[begin], size);
  }
  return sizes;
}

std::vector<uint64_t> AddressesOfFunctions(const std::string& file) {
  std::set<uint64_t> addresses;
  for (const auto& [begin, size] : FunctionSizes(file)) {
    for (uint64_t a = begin; a < begin + size; ++a) addresses.insert(a);
  }
  return {addresses.begin(), addresses.end()};
}

}  // namespace hubspy
