// One function, instruction by instruction, with the samples that were in it.
//
// The surprising part: addresses are numbered as the listing shows them, so
// that they match other tools' output: those of a module by the module's own
// numbering (as objdump prints them), those of code made at run time as they
// are in the target.
#ifndef HUBSPY_MODEL_ANNOTATION_H_
#define HUBSPY_MODEL_ANNOTATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"

namespace hubspy {

// What tells that a loop waits, and for what.
enum class InstructionRole {
  kOther,
  kSystemCall,
  kPause,   // the hint of a loop that spins
  kAtomic,  // locked, or xchg with memory, which locks by itself
};

struct Annotation {
  struct Instruction {
    Address address;
    uint8_t size = 1;
    std::string text;  // AT&T syntax; ".byte 0x06" where there is none
    InstructionRole role = InstructionRole::kOther;
    bool is_call = false;
    std::optional<Address> target;  // of a direct call, jump or branch
    // The system call that is asked for, where that can be told.
    std::optional<uint32_t> system_call;

    // Samples whose thread was here, and those with it anywhere in their stack.
    int64_t own = 0;
    int64_t total = 0;

    // Names: for the symbolizer to fill in.
    std::optional<size_t> source;  // into `sources`
    std::string target_name;       // of a target outside of this function
    std::string system_call_name;
    bool is_inlined_part = false;  // belongs to the function that was asked for
  };
  // From where a backward branch leads to the last such branch. Two have
  // nothing in common, or one holds the other.
  struct Loop {
    size_t first = 0;  // both inclusive, into `instructions`
    size_t last = 0;
    int depth = 0;      // how many others hold it
    int64_t own = 0;    // samples in it, each counted once
    int64_t total = 0;  // those that were in something it called, too
    friend bool operator==(const Loop&, const Loop&) = default;
  };
  // A line of source code.
  struct Source {
    std::string file;
    int line = 0;
    std::string text;  // empty when the file could not be read
    friend bool operator==(const Source&, const Source&) = default;
  };

  std::string function;
  std::string inlined_into;  // where its code is a part of another function's
  std::string module;        // path of the image, or of the JIT's map
  std::vector<Instruction> instructions;  // by address
  std::vector<Loop> loops;                // by where they begin, outer first
  std::vector<Source> sources;            // distinct
  int64_t own = 0;                        // samples of this function's own
  int64_t total = 0;     // those with it anywhere in their stack
  int64_t left_out = 0;  // of these, those at an address that is not listed
  uint64_t bytes_left_out =
      0;  // of the function's code: unreadable, or too much
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_ANNOTATION_H_
