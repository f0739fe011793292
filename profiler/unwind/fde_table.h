// Which record of an image's unwind table (an FDE) covers an address.
//
//   FdeTable table(*image);
//   if (const Fde* fde = table.Find(vaddr)) fde->function.begin ...
//
// Why not leave this to libunwind: where its binary search finds nothing, it
// walks the whole table (10 ms in a browser, for each step), and it follows
// whatever a damaged search table says.
#ifndef HUBSPY_UNWIND_FDE_TABLE_H_
#define HUBSPY_UNWIND_FDE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "image/image.h"
#include "unwind/shadow_view.h"

namespace hubspy {

struct Fde {
  ImageRange function;
  // The record and its CIE, checked (cfi_check.h), written anew in memory of
  // ours: nobody can change or truncate it, and its numbers are absolute, in
  // the image's numbering. Empty: not for libunwind.
  std::vector<std::byte> record;
  size_t fde_offset = 0;  // into `record`; the CIE is at its begin
};

class FdeTable {
 public:
  // Borrows: the image must outlive it.
  explicit FdeTable(const Image& image);

  // Null: no record covers `vaddr`. Valid until the next call.
  const Fde* Find(uint64_t vaddr);

 private:
  struct SearchTable {
    uint64_t base = 0;   // what its entries are relative to
    uint64_t first = 0;  // the first entry
    uint64_t count = 0;
  };

  const Fde* Load(uint64_t record);
  void FindSearchTable(const Image& image);
  void IndexRecords(uint64_t begin, uint64_t end);
  std::optional<uint64_t> Search(uint64_t vaddr) const;

  ShadowView view_;
  std::optional<SearchTable> search_table_;
  // Where an image has no search table: its records, sorted.
  struct Record {
    uint64_t begin;
    uint64_t vaddr;
  };
  std::vector<Record> records_;
  // What was found, by the looked up address, so that a hot one costs one
  // lookup; and the records, by their own.
  absl::flat_hash_map<uint64_t, const Fde*> found_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<const Fde>> fdes_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FDE_TABLE_H_
