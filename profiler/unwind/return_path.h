// Where a frame's return address lies, told by its code alone.
//
//   std::optional<ReturnPath> path = FindReturnPath(reader, frame);
//
// Follows the code from there to a `ret`, keeping track of what it does to rsp
// and rbp on the way: so it is right in the prologue and the epilogue, and
// without a frame pointer, and needs neither symbols nor a function's begin.
//
// The surprising part: it can be wrong. A call that never returns is followed
// by another function's code. The caller must check what it finds there.
#ifndef HUBSPY_UNWIND_RETURN_PATH_H_
#define HUBSPY_UNWIND_RETURN_PATH_H_

#include <cstdint>
#include <optional>

#include "model/address.h"
#include "unwind/code_reader.h"

namespace hubspy {

// A number made from a register of the frame at pc.
struct Place {
  enum class Base { kUnknown, kRsp, kRbp };
  Base base = Base::kUnknown;
  int64_t offset = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

struct ReturnPath {
  Place return_address;  // where it is stored
  // The caller's rbp: this number, or what is stored there.
  Place rbp;
  bool rbp_is_stored = false;
};

std::optional<ReturnPath> FindReturnPath(const CodeReader& code,
                                         CodeAddress frame);

// For a frame that stands at `pc`, in a function that begins at `begin` and
// keeps a frame pointer: rbp minus rsp, by its prologue. Nullopt when the
// function changes rsp in other ways, too.
std::optional<int64_t> FramePointerOverStackPointer(const CodeReader& code,
                                                    Address begin, Address pc);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_RETURN_PATH_H_
