/* Switching stacks on x86_64. See context.h for the contract.

   The unwind information is right at every instruction: a suspended context
   looks like a function that is about to return to its caller, and below the
   first frame of a context there is nothing. */
#include "green/context_layout_x86_64.h"
#include GREEN_OBJECT_FORMAT

/* From the CFA, which lies above the context, to a register's slot. */
#define SLOT(offset) ((offset) - GREEN_CONTEXT_SIZE)

        .text

/* green_switch_context: %rdi: uint64_t* save_sp, %rsi: uint64_t to_sp,
   %rcx: where to resume. It is jumped to, not called, and leaves by a jump: the
   processor's return predictor (RSB) then still holds the callers of who
   switched, which are those of who is switched to when both wait for the same
   kind of thing, and no return after the switch is mispredicted. */
        GREEN_SHARED_FUNCTION green_switch_context
        .cfi_startproc
        .cfi_def_cfa rsp, 0
        .cfi_register rip, rcx
        leaq    -GREEN_CONTEXT_SIZE(%rsp), %rsp
        .cfi_adjust_cfa_offset GREEN_CONTEXT_SIZE
        stmxcsr GREEN_CONTEXT_MXCSR(%rsp)
        fnstcw  GREEN_CONTEXT_X87_CONTROL(%rsp)
        movq    %r12, GREEN_CONTEXT_R12(%rsp)
        .cfi_offset r12, SLOT(GREEN_CONTEXT_R12)
        movq    %r13, GREEN_CONTEXT_R13(%rsp)
        .cfi_offset r13, SLOT(GREEN_CONTEXT_R13)
        movq    %r14, GREEN_CONTEXT_R14(%rsp)
        .cfi_offset r14, SLOT(GREEN_CONTEXT_R14)
        movq    %r15, GREEN_CONTEXT_R15(%rsp)
        .cfi_offset r15, SLOT(GREEN_CONTEXT_R15)
        movq    %rbx, GREEN_CONTEXT_RBX(%rsp)
        .cfi_offset rbx, SLOT(GREEN_CONTEXT_RBX)
        movq    %rbp, GREEN_CONTEXT_RBP(%rsp)
        .cfi_offset rbp, SLOT(GREEN_CONTEXT_RBP)
        movq    %rcx, GREEN_CONTEXT_RIP(%rsp)
        .cfi_offset rip, SLOT(GREEN_CONTEXT_RIP)

        /* The save is the last thing done on the old stack: an observer that
           finds save_sp set finds a complete context there. */
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp

        /* Not only when they differ: to find out, what was just saved must be
           read, and reading MXCSR waits for all that came before. Loading what
           is there already costs next to nothing (see PrepareContext). */
        ldmxcsr GREEN_CONTEXT_MXCSR(%rsp)
        fldcw   GREEN_CONTEXT_X87_CONTROL(%rsp)
        movq    GREEN_CONTEXT_R12(%rsp), %r12
        movq    GREEN_CONTEXT_R13(%rsp), %r13
        movq    GREEN_CONTEXT_R14(%rsp), %r14
        movq    GREEN_CONTEXT_R15(%rsp), %r15
        movq    GREEN_CONTEXT_RBX(%rsp), %rbx
        movq    GREEN_CONTEXT_RBP(%rsp), %rbp
        .cfi_restore r12
        .cfi_restore r13
        .cfi_restore r14
        .cfi_restore r15
        .cfi_restore rbx
        .cfi_restore rbp
        movq    GREEN_CONTEXT_RIP(%rsp), %rcx
        .cfi_register rip, rcx
        leaq    GREEN_CONTEXT_SIZE(%rsp), %rsp
        .cfi_def_cfa_offset 0
        jmp     *%rcx
        .cfi_endproc
        GREEN_END_FUNCTION green_switch_context

/* Where a new context begins: r12 holds the function, r13 its argument. The
   function is jumped to with a return address pushed by hand: whoever is
   switched to when it is through finds the return predictor as it was.

   While a new context is switched to, it is what the switch returns to; whoever
   unwinds then asks for the byte before it, as for any return address. */
        GREEN_FUNCTION green_before_start_context
        .cfi_startproc
        .cfi_undefined rip
        .cfi_undefined rbp
        .skip   16, 0x90
        GREEN_END_FUNCTION green_before_start_context
        GREEN_SHARED_CONTINUATION green_start_context
        .cfi_undefined rip
        .cfi_undefined rbp
        movq    %r13, %rdi
        leaq    1f(%rip), %rax
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        jmpq    *%r12
1:      ud2
        .cfi_endproc
        GREEN_END_FUNCTION green_start_context
