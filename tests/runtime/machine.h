// What the tests have to know of the machine that they run on: one source file
// each.
#ifndef TESTS_RUNTIME_MACHINE_H_
#define TESTS_RUNTIME_MACHINE_H_

#include <cstdint>
#include <vector>

namespace green::internal {

// DWARF numbers of the general registers that a function must preserve and of
// where a context goes on, in order.
std::vector<int> PublishedRegisters();

// Fills every register that the ABI calls preserved, but for the frame pointer,
// with base + 1, base + 2 and so on, calls go(argument), and returns what is in
// them then. In assembly, so that no compiler can be kind. That the frame
// pointer was preserved shows in that it returns at all.
std::vector<uint64_t> FillPreservedAndCall(uint64_t base, void (*go)(void*),
                                           void* argument);

}  // namespace green::internal

#endif  // TESTS_RUNTIME_MACHINE_H_
