// The unwind tables of all modules, each read when it is first asked.
#ifndef HUBSPY_UNWIND_UNWIND_TABLES_H_
#define HUBSPY_UNWIND_UNWIND_TABLES_H_

#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "image/image.h"
#include "image/module_map.h"
#include "model/address.h"
#include "unwind/fde_table.h"

namespace hubspy {

class UnwindTables {
 public:
  // The record that covers `at`, in `module`; null: none does. Valid until the
  // next call.
  const Fde* Find(const LoadedModule& module, Address at) {
    if (module.image == nullptr) return nullptr;
    std::unique_ptr<Table>& table = tables_[module.image.get()];
    if (table == nullptr) table = std::make_unique<Table>(module.image);
    return table->fdes.Find(module.module.ToImage(at));
  }

 private:
  // Holds the image, so that its address names it.
  struct Table {
    explicit Table(std::shared_ptr<const Image> of)
        : image(std::move(of)), fdes(*image) {}
    std::shared_ptr<const Image> image;
    FdeTable fdes;
  };

  absl::flat_hash_map<const Image*, std::unique_ptr<Table>> tables_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_UNWIND_TABLES_H_
