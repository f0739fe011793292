#include "runtime/machine.h"

extern "C" void green_test_fill_and_call(uint64_t base, void (*go)(void*),
                                         void* argument, uint64_t* after);
asm(R"(
        .pushsection .text
        .type   green_test_fill_and_call, @function
        .balign 4
green_test_fill_and_call:
        hint    #34                     /* bti c */
        stp     x29, x30, [sp, #-176]!
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        str     x3, [sp, #160]
        add     x19, x0, #1
        add     x20, x0, #2
        add     x21, x0, #3
        add     x22, x0, #4
        add     x23, x0, #5
        add     x24, x0, #6
        add     x25, x0, #7
        add     x26, x0, #8
        add     x27, x0, #9
        add     x28, x0, #10
        add     x9, x0, #11
        fmov    d8, x9
        add     x9, x0, #12
        fmov    d9, x9
        add     x9, x0, #13
        fmov    d10, x9
        add     x9, x0, #14
        fmov    d11, x9
        add     x9, x0, #15
        fmov    d12, x9
        add     x9, x0, #16
        fmov    d13, x9
        add     x9, x0, #17
        fmov    d14, x9
        add     x9, x0, #18
        fmov    d15, x9
        mov     x0, x2
        blr     x1
        ldr     x3, [sp, #160]
        stp     x19, x20, [x3, #0]
        stp     x21, x22, [x3, #16]
        stp     x23, x24, [x3, #32]
        stp     x25, x26, [x3, #48]
        stp     x27, x28, [x3, #64]
        stp     d8, d9, [x3, #80]
        stp     d10, d11, [x3, #96]
        stp     d12, d13, [x3, #112]
        stp     d14, d15, [x3, #128]
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldp     x29, x30, [sp], #176
        ret
        .size   green_test_fill_and_call, . - green_test_fill_and_call
        .popsection
)");

namespace green::internal {

std::vector<int> PublishedRegisters() {
  return {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 32};
}

std::vector<uint64_t> FillPreservedAndCall(uint64_t base, void (*go)(void*),
                                           void* argument) {
  std::vector<uint64_t> after(18);  // x19 to x28, d8 to d15
  green_test_fill_and_call(base, go, argument, after.data());
  return after;
}

}  // namespace green::internal
