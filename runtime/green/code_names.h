// What a person calls an address in the code.
//
//   AppendFrames(traceback, 0, "    ", sink);
//
//     #0  Fetch(Url const&) (server+0x4a31)
//     #1  Crawl() (server+0x4b77)
//         ... and 12 more
//
// Functions are named from the modules' symbol tables. What stands beside them
// is for a tool that reads debug information: `addr2line -e server 0x4a31`
// gives the line, of the call, not of what comes after it.
//
// The surprising part: nothing here allocates or locks, so that a handler of
// SIGSEGV can use it. Text is handed on in pieces.
#ifndef GREEN_CODE_NAMES_H_
#define GREEN_CODE_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "green/traceback.h"

namespace green::internal {

// Where pieces of text go.
class TextSink {
 public:
  virtual void Append(absl::string_view text) = 0;
  // `name` may still be mangled, where there is no memory to be had for better.
  virtual void AppendFunction(const char* name) { Append(name); }
  void AppendNumber(uint64_t number);
  void AppendHex(uint64_t number);  // with 0x

 protected:
  ~TextSink() = default;
};

// To standard error, with write(2).
class StandardErrorSink final : public TextSink {
 public:
  void Append(absl::string_view text) override;
};

// "function (module+0xoffset)", with what is not known left out.
void AppendPlace(uint64_t address_within, TextSink& sink);

// A line each, which begins with `indent`, for the frames from `first` on.
// Neighbours that are the same, as recursion leaves them, are one line.
void AppendFrames(const Traceback& traceback, size_t first,
                  absl::string_view indent, TextSink& sink);

// How many frames lie above the one that threw, in a traceback taken while
// unwinders look for who catches.
size_t FramesOfThrowing(const Traceback& traceback);

// The same as text.
std::string PlaceName(uint64_t address_within);
std::string FrameLines(const Traceback& traceback, size_t first,
                       absl::string_view indent);

}  // namespace green::internal

#endif  // GREEN_CODE_NAMES_H_
