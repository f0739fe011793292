#include "symbolize/demangle.h"

// Or libiberty.h declares a basename() that clashes with glibc's.
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include <csetjmp>

#include "absl/strings/match.h"

namespace hubspy {
namespace {

// libiberty recurses as deep as a name nests. It refuses names from 1 KiB on
// unless told otherwise; real template names reach a few KiB, for which our
// stack is large enough.
constexpr size_t kSafeSize = 1024;
constexpr size_t kMaxMangledSize = 4096;

using Demangler = int (*)(const char*, int, demangle_callbackref, void*);

// Receives the text in pieces. The demangler knows no way to be stopped, but
// it owns nothing while it prints (all of its state is on its stack), so that
// jumping out of it is safe.
struct Sink {
  std::string text;
  std::jmp_buf full;
};

void Append(const char* piece, size_t size, void* opaque) {
  auto* sink = static_cast<Sink*>(opaque);
  const size_t room = kMaxDemangledSize - sink->text.size();
  sink->text.append(piece, size < room ? size : room);
  if (size >= room) std::longjmp(sink->full, 1);
}

std::string Run(Demangler demangler, const std::string& name, int options) {
  Sink sink;
  sink.text.reserve(kMaxDemangledSize);
  if (setjmp(sink.full) != 0) return sink.text;
  if (demangler(name.c_str(), options, Append, &sink) == 0) return "";
  return std::string(sink.text);
}

}  // namespace

std::string Demangle(absl::string_view name) {
  const size_t version = name.find('@');
  if (version != 0) name = name.substr(0, version);
  const bool cpp = absl::StartsWith(name, "_Z");
  const bool rust = absl::StartsWith(name, "_R");
  if ((cpp || rust) && name.size() <= kMaxMangledSize) {
    const std::string mangled(name);
    const int options = name.size() < kSafeSize ? 0 : DMGL_NO_RECURSE_LIMIT;
    // Rust first: its older mangling is well-formed C++ with a hash behind.
    for (const Demangler d :
         {rust_demangle_callback, cplus_demangle_v3_callback}) {
      std::string text = Run(d, mangled, options);
      if (!text.empty()) return text;
    }
  }
  return std::string(name.substr(0, kMaxDemangledSize));
}

}  // namespace hubspy
