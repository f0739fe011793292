#include "green/report.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <typeinfo>
#include <utility>

#include "absl/strings/str_cat.h"
#include "green/thread_id.h"

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

// Of all hubs. Recursive: a sink may do what causes another report.
struct Sink {
  std::recursive_mutex mutex;
  ReportSink function;
};

// Never destroyed: threads may outlive static objects. A forked child, whose
// copy may be locked by a thread that is not there, begins with a mutex of its
// own.
Sink& TheSink() {
  static Sink& sink = [&]() -> Sink& {
    static Sink* const made = new Sink();
    AroundFork(nullptr, nullptr,
               [] { new (&made->mutex) std::recursive_mutex; });
    return *made;
  }();
  return sink;
}

}  // namespace

void ReportText(absl::string_view text) {
  Sink& sink = TheSink();
  const std::lock_guard lock(sink.mutex);
  if (sink.function != nullptr) {
    sink.function(text);
  } else {
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
}

void Report(absl::string_view what_happened, std::exception_ptr exception,
            absl::string_view details) {
  ReportText(absl::StrCat("green: ", what_happened, ": ",
                          Describe(std::move(exception)), "\n", details));
}

void SetReportSink(ReportSink sink) {
  Sink& the_sink = TheSink();
  const std::lock_guard lock(the_sink.mutex);
  the_sink.function = std::move(sink);
}

}  // namespace green::internal
