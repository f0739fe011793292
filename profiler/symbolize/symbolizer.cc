#include "symbolize/symbolizer.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "symbolize/image_symbols.h"
#include "symbolize/short_name.h"

namespace hubspy {
namespace {

absl::string_view Basename(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string UnknownName(const Module* module, CodeAddress address) {
  if (module == nullptr) {
    return absl::StrCat("[0x", absl::Hex(address.address().value()), "]");
  }
  return absl::StrCat(Basename(module->path), "+0x",
                      absl::Hex(module->ToImage(address.address())));
}

}  // namespace

class Symbolizer::Impl {
 public:
  explicit Impl(const SymbolizerOptions& options) : options_(options) {}

  absl::Span<const SymbolFrame> Resolve(const LoadedModule* module,
                                        CodeAddress address,
                                        const PerfMap* jit_names) {
    const absl::string_view jit_name = module == nullptr && jit_names != nullptr
                                           ? jit_names->Find(address.lookup())
                                           : absl::string_view();
    auto [it, inserted] =
        resolved_.try_emplace(KeyOf(module, jit_name, address));
    if (!inserted) return it->second;
    if (jit_name.empty()) {
      it->second = LookUp(module, address);
    } else {
      it->second.push_back({.function = std::string(jit_name),
                            .module = jit_names->file(),
                            .address = address.address()});
    }
    return it->second;
  }

  std::vector<AddressRange> FunctionRanges(const LoadedModule* loaded,
                                           CodeAddress address,
                                           const PerfMap* jit_names) {
    std::vector<AddressRange> ranges;
    if (loaded == nullptr) {
      if (jit_names == nullptr) return ranges;
      const auto range = jit_names->FindRange(address.lookup());
      if (range) ranges.push_back(*range);
      return ranges;
    }
    if (loaded->image == nullptr) return ranges;
    const Module& module = loaded->module;
    for (const ImageRange& range :
         SymbolsOf(loaded->image)
             .FunctionRangesAt(module.ToImage(address.lookup()))) {
      ranges.push_back({Address(range.begin) + module.load_bias,
                        Address(range.end) + module.load_bias});
    }
    return ranges;
  }

 private:
  // An image may be loaded twice, and an address may belong to one module now
  // and to another later. A module without an image is known by its path. A
  // JIT uses addresses again: its code is known by its name, too.
  struct Key {
    const Image* image = nullptr;
    std::string path;
    uint64_t load_bias = 0;
    CodeAddress address;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.image, k.path, k.load_bias, k.address);
    }
  };

  static Key KeyOf(const LoadedModule* module, absl::string_view jit_name,
                   CodeAddress address) {
    if (module == nullptr) {
      return {.path = std::string(jit_name), .address = address};
    }
    return {.image = module->image.get(),
            .path = module->image == nullptr ? module->module.path : "",
            .load_bias = module->module.load_bias,
            .address = address};
  }

  std::vector<SymbolFrame> LookUp(const LoadedModule* loaded,
                                  CodeAddress address) {
    const Module* module = loaded == nullptr ? nullptr : &loaded->module;
    std::vector<SymbolFrame> frames;
    if (loaded != nullptr && loaded->image != nullptr) {
      ImageSymbols& symbols = SymbolsOf(loaded->image);
      for (SourceFrame& f :
           symbols.FramesAt(module->ToImage(address.lookup()))) {
        frames.push_back({.function = options_.short_names
                                          ? ShortName(f.function)
                                          : std::move(f.function),
                          .file = std::move(f.file),
                          .line = f.line,
                          .function_line = f.function_line,
                          .module = module->path,
                          .address = address.address(),
                          .inlined = f.inlined});
      }
    }
    if (frames.empty()) {
      frames.push_back({.function = UnknownName(module, address),
                        .module = module == nullptr ? "" : module->path,
                        .address = address.address()});
    }
    return frames;
  }

  // Holds the image as well, so that its address stays its own.
  ImageSymbols& SymbolsOf(const std::shared_ptr<const Image>& image) {
    std::unique_ptr<ImageSymbols>& symbols = images_[image.get()];
    if (symbols == nullptr) symbols = ImageSymbols::Of(image);
    return *symbols;
  }

  const SymbolizerOptions options_;
  absl::flat_hash_map<const Image*, std::unique_ptr<ImageSymbols>> images_;
  absl::node_hash_map<Key, std::vector<SymbolFrame>> resolved_;
};

Symbolizer::Symbolizer(const SymbolizerOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
Symbolizer::~Symbolizer() = default;

absl::Span<const SymbolFrame> Symbolizer::Resolve(const LoadedModule* module,
                                                  CodeAddress address,
                                                  const PerfMap* jit_names) {
  return impl_->Resolve(module, address, jit_names);
}

std::vector<AddressRange> Symbolizer::FunctionRanges(const LoadedModule* module,
                                                     CodeAddress address,
                                                     const PerfMap* jit_names) {
  return impl_->FunctionRanges(module, address, jit_names);
}

}  // namespace hubspy
