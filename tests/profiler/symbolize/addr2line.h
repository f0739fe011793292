// The oracle: what binutils or LLVM say of an address.
#ifndef HUBSPY_TESTS_PROFILER_SYMBOLIZE_ADDR2LINE_H_
#define HUBSPY_TESTS_PROFILER_SYMBOLIZE_ADDR2LINE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hubspy {

struct OracleFrame {
  std::string function;  // demangled without parameters; "??": not known
  std::string file;
  int line = 0;
};

// `addr2line -fi`, demangled by `c++filt --no-params`; innermost first, one
// vector an address. For what clang compiled, llvm-symbolizer takes addr2line's
// place: binutils 2.40 overlook functions that clang inlined in several ranges
// (DW_FORM_rnglistx).
std::vector<std::vector<OracleFrame>> Addr2line(
    const std::string& file, const std::vector<uint64_t>& addresses);

// The standard output of a command line.
std::string Output(const std::string& command);

// Where each defined symbol is, as nm tells it.
std::map<std::string, uint64_t> SymbolAddresses(const std::string& file);

// Where each function begins, and its size; those without one are left out.
std::map<uint64_t, uint64_t> FunctionSizes(const std::string& file);

// Every address in every function, as nm tells them: not the padding between.
std::vector<uint64_t> AddressesOfFunctions(const std::string& file);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_SYMBOLIZE_ADDR2LINE_H_
