// One function that was seen in a recording -> its code, with the samples in it
// and all names.
//
//   Annotator annotator(attachment, symbolizer, "BusyWait");
//   for (const CodePlace& place : annotator.FindPlaces(recording, false))
//     Annotation annotation = annotator.Annotate(place);
#ifndef HUBSPY_CLI_ANNOTATOR_H_
#define HUBSPY_CLI_ANNOTATOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "annotate/annotate.h"
#include "cli/attachment.h"
#include "cli/source_text.h"
#include "model/annotation.h"
#include "model/recording.h"
#include "symbolize/symbolizer.h"
#include "unwind/code_reader.h"

namespace hubspy {

// One function's code, in which the wanted function was seen: it itself, or one
// that it is inlined into.
struct CodePlace {
  const LoadedModule* module = nullptr;  // null: code made at run time
  std::vector<AddressRange> ranges;
  std::vector<FunctionSample> samples;  // as the listing numbers addresses
  int64_t count = 0;

  uint64_t bias() const {
    return module == nullptr ? 0 : module->module.load_bias;
  }
};

class Annotator {
 public:
  Annotator(Attachment& attachment, Symbolizer& symbolizer,
            const std::string& function);

  // Hottest first.
  std::vector<CodePlace> FindPlaces(const Recording& recording,
                                    bool include_idle);
  Annotation Annotate(const CodePlace& place);

 private:
  struct Found {
    std::map<Address, CodePlace> places;  // by where their code begins
    absl::flat_hash_map<CodeAddress, CodePlace*> by_frame;
  };
  struct Code {
    std::vector<CodePiece> pieces;
    uint64_t bytes_left_out = 0;
  };

  absl::Span<const SymbolFrame> ResolveAt(CodeAddress address);
  // `listed`: as the listing numbers addresses.
  absl::Span<const SymbolFrame> Resolve(const CodePlace& place, Address listed);
  bool IsWanted(absl::Span<const SymbolFrame> frames) const;
  // Null: not in the wanted function, or where that ends is not known.
  CodePlace* PlaceOf(CodeAddress address, Found& found);
  void AddSample(const Stack& stack, int64_t count, Found& found);
  Code ReadCode(const CodePlace& place);
  void NameInstructions(const CodePlace& place, Annotation& annotation);
  void NameTarget(const CodePlace& place, Annotation::Instruction& instruction);

  Attachment& attachment_;
  Symbolizer& symbolizer_;
  const CodeReader code_;
  const std::string function_;
  SourceText source_text_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_ANNOTATOR_H_
