#include "green/report.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#include "absl/strings/str_cat.h"

namespace green::internal {
namespace {

// Of the exception being handled.
std::string TypeName() {
  const std::type_info* const type = ::abi::__cxa_current_exception_type();
  if (type == nullptr) return "not a C++ exception";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      ::abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
      &std::free);
  return status == 0 ? demangled.get() : type->name();
}

std::string Describe(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& e) {
    return absl::StrCat(TypeName(), ": ", e.what());
  } catch (...) {
    return TypeName();
  }
}

}  // namespace

void Report(absl::string_view what_happened, std::exception_ptr exception) {
  const std::string line = absl::StrCat("green: ", what_happened, ": ",
                                        Describe(std::move(exception)), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace green::internal
