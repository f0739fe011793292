/* Switching stacks on aarch64. See context.h for the contract.

   The unwind information is right at every instruction: a suspended context
   looks like a function that is about to return to its caller, and below the
   first frame of a context there is nothing.

   Return addresses in a context are not signed: who made them signs its own,
   with its own stack pointer, which is the same again when it goes on. */
#include "green/context_layout_aarch64.h"
#include GREEN_OBJECT_FORMAT

/* From the CFA, which lies above the context, to a register's slot. */
#define SLOT(offset) ((offset) - GREEN_CONTEXT_SIZE)

        .text

/* green_switch_context: x0: uint64_t* save_sp, x1: uint64_t to_sp. It is called
   from few places, so the return that ends it goes where the call before it came
   from, as the processor predicts. */
        GREEN_SHARED_FUNCTION green_switch_context
        .cfi_startproc
        hint    #34                     /* bti c: it may be reached by a veneer */
        sub     sp, sp, #GREEN_CONTEXT_SIZE
        .cfi_adjust_cfa_offset GREEN_CONTEXT_SIZE
        mrs     x2, fpcr
        mrs     x3, fpsr
        stp     x2, x3, [sp, #GREEN_CONTEXT_FPCR]
        stp     x19, x20, [sp, #GREEN_CONTEXT_X19]
        .cfi_offset x19, SLOT(GREEN_CONTEXT_X19)
        .cfi_offset x20, SLOT(GREEN_CONTEXT_X20)
        stp     x21, x22, [sp, #GREEN_CONTEXT_X21]
        .cfi_offset x21, SLOT(GREEN_CONTEXT_X21)
        .cfi_offset x22, SLOT(GREEN_CONTEXT_X22)
        stp     x23, x24, [sp, #GREEN_CONTEXT_X23]
        .cfi_offset x23, SLOT(GREEN_CONTEXT_X23)
        .cfi_offset x24, SLOT(GREEN_CONTEXT_X24)
        stp     x25, x26, [sp, #GREEN_CONTEXT_X25]
        .cfi_offset x25, SLOT(GREEN_CONTEXT_X25)
        .cfi_offset x26, SLOT(GREEN_CONTEXT_X26)
        stp     x27, x28, [sp, #GREEN_CONTEXT_X27]
        .cfi_offset x27, SLOT(GREEN_CONTEXT_X27)
        .cfi_offset x28, SLOT(GREEN_CONTEXT_X28)
        stp     x29, x30, [sp, #GREEN_CONTEXT_X29]
        .cfi_offset x29, SLOT(GREEN_CONTEXT_X29)
        .cfi_offset x30, SLOT(GREEN_CONTEXT_X30)
        stp     d8, d9, [sp, #GREEN_CONTEXT_D8]
        .cfi_offset d8, SLOT(GREEN_CONTEXT_D8)
        .cfi_offset d9, SLOT(GREEN_CONTEXT_D9)
        stp     d10, d11, [sp, #GREEN_CONTEXT_D10]
        .cfi_offset d10, SLOT(GREEN_CONTEXT_D10)
        .cfi_offset d11, SLOT(GREEN_CONTEXT_D11)
        stp     d12, d13, [sp, #GREEN_CONTEXT_D12]
        .cfi_offset d12, SLOT(GREEN_CONTEXT_D12)
        .cfi_offset d13, SLOT(GREEN_CONTEXT_D13)
        stp     d14, d15, [sp, #GREEN_CONTEXT_D14]
        .cfi_offset d14, SLOT(GREEN_CONTEXT_D14)
        .cfi_offset d15, SLOT(GREEN_CONTEXT_D15)

        /* The save is the last thing done on the old stack: an observer that
           finds save_sp set finds a complete context there. And who is gone on
           with has been written down as running before its stack changes. The
           processor keeps no order of stores by itself. */
        mov     x4, sp
        dmb     ishst
        str     x4, [x0]
        mov     sp, x1

        /* Only when they differ: writing them may wait for all that came
           before, and their like is seldom changed. */
        ldp     x5, x6, [sp, #GREEN_CONTEXT_FPCR]
        cmp     x5, x2
        b.eq    1f
        msr     fpcr, x5
1:      cmp     x6, x3
        b.eq    2f
        msr     fpsr, x6
2:
        ldp     d8, d9, [sp, #GREEN_CONTEXT_D8]
        .cfi_restore d8
        .cfi_restore d9
        ldp     d10, d11, [sp, #GREEN_CONTEXT_D10]
        .cfi_restore d10
        .cfi_restore d11
        ldp     d12, d13, [sp, #GREEN_CONTEXT_D12]
        .cfi_restore d12
        .cfi_restore d13
        ldp     d14, d15, [sp, #GREEN_CONTEXT_D14]
        .cfi_restore d14
        .cfi_restore d15
        ldp     x19, x20, [sp, #GREEN_CONTEXT_X19]
        .cfi_restore x19
        .cfi_restore x20
        ldp     x21, x22, [sp, #GREEN_CONTEXT_X21]
        .cfi_restore x21
        .cfi_restore x22
        ldp     x23, x24, [sp, #GREEN_CONTEXT_X23]
        .cfi_restore x23
        .cfi_restore x24
        ldp     x25, x26, [sp, #GREEN_CONTEXT_X25]
        .cfi_restore x25
        .cfi_restore x26
        ldp     x27, x28, [sp, #GREEN_CONTEXT_X27]
        .cfi_restore x27
        .cfi_restore x28
        ldp     x29, x30, [sp, #GREEN_CONTEXT_X29]
        .cfi_restore x29
        .cfi_restore x30
        add     sp, sp, #GREEN_CONTEXT_SIZE
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        GREEN_END_FUNCTION green_switch_context

/* Where a new context begins: x19 holds the function, x20 its argument.

   While a new context is switched to, it is what the switch returns to; whoever
   unwinds then asks for the byte before it, as for any return address. */
        GREEN_FUNCTION green_before_start_context
        .cfi_startproc
        .cfi_undefined x30
        .cfi_undefined x29
        nop
        GREEN_END_FUNCTION green_before_start_context
        GREEN_SHARED_CONTINUATION green_start_context
        .cfi_undefined x30
        .cfi_undefined x29
        mov     x0, x20
        blr     x19
        brk     #0
        .cfi_endproc
        GREEN_END_FUNCTION green_start_context

        GREEN_NOTE_BRANCH_PROTECTION
