#include "green/code_names.h"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/debugging/symbolize.h"
#include "green/loaded_modules.h"

namespace green::internal {
namespace {

class StringSink final : public TextSink {
 public:
  void Append(absl::string_view text) override {
    text_.append(text.data(), text.size());
  }
  // Abseil's demangler, which needs no memory, does not know all there is, such
  // as gcc's tag on what returns a std::string.
  void AppendFunction(const char* name) override {
    int status = -1;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        std::strncmp(name, "_Z", 2) == 0
            ? ::abi::__cxa_demangle(name, nullptr, nullptr, &status)
            : nullptr,
        &std::free);
    Append(status == 0 ? demangled.get() : name);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

struct Function {
  char name[512];
  bool known;
};

Function FunctionAt(uint64_t address) {
  Function function;
  function.known = absl::Symbolize(reinterpret_cast<const void*>(address),
                                   function.name, sizeof(function.name));
  return function;
}

// "module+0xoffset", or the bare address.
void AppendModule(uint64_t address, TextSink& sink) {
  const std::optional<PlaceInModule> place = FindModule(address);
  if (place.has_value()) {
    sink.Append(place->module);
    sink.Append("+");
  }
  sink.AppendHex(place.has_value() ? place->offset : address);
}

}  // namespace

void TextSink::AppendNumber(uint64_t number) {
  char digits[20];
  char* at = digits + sizeof(digits);
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  Append({at, static_cast<size_t>(digits + sizeof(digits) - at)});
}

void TextSink::AppendHex(uint64_t number) {
  char digits[16];
  char* at = digits + sizeof(digits);
  do {
    *--at = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number != 0);
  Append("0x");
  Append({at, static_cast<size_t>(digits + sizeof(digits) - at)});
}

void StandardErrorSink::Append(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void AppendPlace(uint64_t address_within, TextSink& sink) {
  const Function function = FunctionAt(address_within);
  if (function.known) {
    sink.AppendFunction(function.name);
    sink.Append(" (");
  }
  AppendModule(address_within, sink);
  if (function.known) sink.Append(")");
}

void AppendFrames(const Traceback& traceback, size_t first,
                  absl::string_view indent, TextSink& sink) {
  for (size_t i = first; i < traceback.count;) {
    size_t same = 1;
    while (i + same < traceback.count &&
           traceback.Within(i + same) == traceback.Within(i)) {
      ++same;
    }
    sink.Append(indent);
    sink.Append("#");
    sink.AppendNumber(i - first);
    sink.Append(i - first < 10 ? "  " : " ");
    AppendPlace(traceback.Within(i), sink);
    if (same > 1) {
      sink.Append(", ");
      sink.AppendNumber(same);
      sink.Append(" times");
    }
    sink.Append("\n");
    i += same;
  }
  if (traceback.left_out == 0) return;
  sink.Append(indent);
  sink.Append("... and ");
  sink.AppendNumber(traceback.left_out);
  sink.Append(traceback.left_out < Traceback::kMaxCounted
                  ? " more frames\n"
                  : " more frames or above\n");
}

size_t FramesOfThrowing(const Traceback& traceback) {
  // Between the unwinder that asks and who called it there are a few frames,
  // a few more under a sanitizer.
  constexpr size_t kMost = 12;
  size_t first = 0;
  for (size_t i = 0; i < std::min(kMost, traceback.count); ++i) {
    const Function function = FunctionAt(traceback.Within(i));
    if (!function.known) continue;
    const absl::string_view name = function.name;
    if (name.find("__cxa_throw") != absl::string_view::npos ||
        name.find("__cxa_rethrow") != absl::string_view::npos ||
        name.find("rethrow_exception") != absl::string_view::npos) {
      first = i + 1;
    }
  }
  return first;
}

std::string PlaceName(uint64_t address_within) {
  StringSink sink;
  AppendPlace(address_within, sink);
  return sink.Take();
}

std::string FrameLines(const Traceback& traceback, size_t first,
                       absl::string_view indent) {
  StringSink sink;
  AppendFrames(traceback, first, indent, sink);
  return sink.Take();
}

}  // namespace green::internal
