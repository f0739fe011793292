// Any bytes as a function's code, with a sample at each of its addresses: every
// sample has to count somewhere, and what is shown has to be text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "annotate/annotate.h"
#include "view/annotation.h"

namespace {

using hubspy::Address;

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckLoops(const hubspy::Annotation& annotation) {
  size_t first = 0;
  for (const auto& loop : annotation.loops) {
    Check(loop.first >= first && loop.first <= loop.last);
    Check(loop.last < annotation.instructions.size());
    Check(loop.own <= loop.total && loop.total <= annotation.total);
    first = loop.first;
    int holders = -1;  // itself
    for (const auto& other : annotation.loops) {
      const bool holds = other.first <= loop.first && loop.last <= other.last;
      const bool apart = other.last < loop.first || loop.last < other.first;
      const bool held = loop.first <= other.first && other.last <= loop.last;
      Check(holds || apart || held);
      if (holds) ++holders;
    }
    Check(loop.depth == holders);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The first byte says where the code is cut in two pieces.
  if (size == 0) return 0;
  const size_t cut = data[0] % size;
  const uint8_t* const code = data + 1;
  const std::vector<hubspy::CodePiece> pieces = {
      {.begin = Address(0x1000), .bytes = {code, code + cut}},
      {.begin = Address(0x1100) + cut, .bytes = {code + cut, data + size}}};
  std::vector<hubspy::FunctionSample> samples;
  for (const auto& piece : pieces) {
    for (size_t i = 0; i <= piece.bytes.size(); ++i) {
      samples.push_back({.own = piece.begin + i, .count = 1});
      samples.push_back({.callers = {piece.begin + i, Address(i)}, .count = 1});
    }
  }
  const hubspy::Annotation annotation = hubspy::AnnotateCode(pieces, samples);
  CheckLoops(annotation);
  size_t bytes = 0;
  int64_t own = 0;
  for (const auto& instruction : annotation.instructions) {
    Check(!instruction.text.empty() && instruction.size > 0);
    Check(instruction.own <= instruction.total);
    bytes += instruction.size;
    own += instruction.own;
  }
  Check(bytes == size - 1);
  Check(own <= annotation.own && annotation.own - own <= annotation.left_out);
  Check(annotation.total == static_cast<int64_t>(samples.size()));
  Check(!hubspy::RenderAnnotationText(annotation, {}).empty());
  Check(!hubspy::RenderAnnotationText(annotation, {.all = true}).empty());
  return 0;
}
