// The libraries that CMakeLists.txt has made of fixture/.
#ifndef HUBSPY_TESTS_PROFILER_SYMBOLIZE_FIXTURES_H_
#define HUBSPY_TESTS_PROFILER_SYMBOLIZE_FIXTURES_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/address.h"

namespace hubspy {

inline std::string FixtureFile(absl::string_view name) {
  return absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/lib", name);
}

inline std::string Fixture(absl::string_view name) {
  return absl::StrCat(FixtureFile(name), ".so");
}

inline CodeAddress At(uint64_t address) {
  return CodeAddress::Exact(Address(address));
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_SYMBOLIZE_FIXTURES_H_
