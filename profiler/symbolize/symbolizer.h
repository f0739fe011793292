// Addresses -> functions, inlined frames, file:line, from the images' own debug
// information, build-id folders and debuglinks, then symbol tables, then
// "module+0x1234". Nothing is fetched over a network.
//
//   Symbolizer symbolizer;                        // or with SymbolizerOptions
//   symbolizer.Resolve(modules.Find(frame.lookup()), frame)
//
// Each distinct address is looked up once; results are kept. Not for use by
// several threads at a time.
//
// The surprising part: names are the bytes of files that the target chose.
// They are cut at a few KiB and otherwise passed on as they are; whoever shows
// them cleans them (view/text.h).
#ifndef HUBSPY_SYMBOLIZE_SYMBOLIZER_H_
#define HUBSPY_SYMBOLIZE_SYMBOLIZER_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "image/module_map.h"
#include "model/address.h"
#include "model/profile.h"
#include "symbolize/perf_map.h"

namespace hubspy {

struct SymbolizerOptions {
  bool short_names = false;  // see ShortName; not those of a JIT
};

class Symbolizer {
 public:
  explicit Symbolizer(const SymbolizerOptions& options = {});
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // At least one frame; inlined ones first (innermost first), the function
  // that holds the code last. `module` may be null: then what `jit_names`,
  // which may be null, call it, or "[0x1234]". The result is valid as long as
  // the symbolizer.
  absl::Span<const SymbolFrame> Resolve(const LoadedModule* module,
                                        CodeAddress address,
                                        const PerfMap* jit_names = nullptr);

  // All the code of the function that holds it, the last frame of Resolve:
  // target addresses, sorted and disjoint. Empty when its extent is not known.
  // As hostile as names are: it may be any range of addresses.
  std::vector<AddressRange> FunctionRanges(const LoadedModule* module,
                                           CodeAddress address,
                                           const PerfMap* jit_names = nullptr);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_SYMBOLIZER_H_
