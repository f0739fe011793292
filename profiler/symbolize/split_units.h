// The split units of one image: finds, for a skeleton unit in it, the unit that
// a compiler put into a .dwo file of its own (DWARF 5, section 7.3, and the GNU
// extension of DWARF 4).
//
//   SplitUnits units(image, debug_file, sections);
//   const SplitUnit* unit = units.Of(skeleton);
//
// Files are opened when a unit in them is first asked for. A unit counts only
// when its dwo_id is the skeleton's.
#ifndef HUBSPY_SYMBOLIZE_SPLIT_UNITS_H_
#define HUBSPY_SYMBOLIZE_SPLIT_UNITS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "image/image.h"
#include "symbolize/debug_file.h"
#include "symbolize/debug_sections.h"
#include "symbolize/split_file.h"
#include "symbolize/split_unit.h"

namespace hubspy {

class SplitUnits {
 public:
  // `debug_file`: by which path the file with the skeletons was opened, when
  // that is not the image. `skeletons`: that file's sections. Borrows both
  // `image` and the sections' bytes.
  SplitUnits(const Image& image, std::string debug_file,
             const SectionBytes& skeletons);
  SplitUnits(const SplitUnits&) = delete;
  SplitUnits& operator=(const SplitUnits&) = delete;

  // `skeleton`: its root. Null when it is no skeleton, or its unit is not to be
  // found. Looks anew each time it is asked.
  const SplitUnit* Of(Dwarf_Die skeleton);

  // The name of a type that stands in a type unit beside `unit`; empty when
  // there is none.
  std::string TypeName(const Dwarf_CU* unit, uint64_t signature);

 private:
  struct OpenFile {
    std::unique_ptr<DebugFile> file;
    std::unique_ptr<SplitFile> units;
  };

  const SplitUnit* Join(const SplitFile& file, const Skeleton& skeleton);
  SplitFile* Open(const std::string& path);
  void OpenPackage();

  const Image& image_;
  const std::string debug_file_;
  const SectionBytes skeletons_;

  bool package_looked_for_ = false;
  SplitFile* package_ = nullptr;  // in files_
  // By path; null: it is no such file. In the order in which they refer to
  // each other.
  absl::flat_hash_map<std::string, OpenFile> files_;
  struct Joined {
    const SplitFile* file = nullptr;
    std::unique_ptr<SplitUnit> unit;
  };
  absl::flat_hash_map<const Dwarf_CU*, Joined> joined_;  // by the root's unit
  absl::flat_hash_map<std::pair<const SplitFile*, uint64_t>, std::string>
      type_names_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_SPLIT_UNITS_H_
