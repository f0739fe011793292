// The bytes of code that no file of ours holds, as last read from the target:
// made at run time, or of a file that is out of reach. And the addresses that
// the loader has written for the linker's stubs.
//
//   CodePages pages(source);    // source: as Memory::Read
//   pages.NextLook();           // before each stack
//   pages.Read(address, bytes);
//
// The surprising part: what it gives may be old. Such code is written, moved
// and freed while the target runs, and to read it for each stack costs more
// than the stack. So a page is kept for many looks; whoever finds that what it
// read makes no sense asks once more with ReadAgain.
#ifndef HUBSPY_UNWIND_CODE_PAGES_H_
#define HUBSPY_UNWIND_CODE_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

// Copies what the target has from `from` on, and returns how many bytes.
using CodeSource =
    std::function<size_t(Address from, absl::Span<std::byte> into)>;

class CodePages {
 public:
  // Without a source, nothing can be read.
  explicit CodePages(CodeSource source) : source_(std::move(source)) {}

  bool readable() const { return source_ != nullptr; }
  void NextLook() { ++look_; }

  // Fills `into`, and returns how far the target's memory goes.
  size_t Read(Address from, absl::Span<uint8_t> into);

  // Reads the page of `address` and the one below, where a call may begin that
  // returns there; not what was read in this look. Whether they are other now.
  bool ReadAgain(Address address);

  // Changes when any page does: what was concluded from its code is void.
  uint64_t edition() const { return edition_; }

 private:
  struct Page {
    std::vector<std::byte> bytes;  // fewer than a page: no more can be read
    uint64_t read_at = 0;          // which look
  };

  const Page& Get(Address page);
  bool Fetch(Address at, Page& page);

  CodeSource source_;
  absl::flat_hash_map<Address, Page> pages_;
  uint64_t look_ = 0;
  uint64_t edition_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CODE_PAGES_H_
