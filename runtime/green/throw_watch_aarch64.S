/* The frame that learns of exceptions on their way out. See throw_watch.h. */

#include GREEN_OBJECT_FORMAT

        .text

/* void green_watch_throws(void (*function)(void*) (x0), void* argument (x1),
                           void* watch (x2)) */
        GREEN_SHARED_FUNCTION green_watch_throws
        .cfi_startproc
        /* There is nothing to say about single calls, hence no .cfi_lsda. */
        .cfi_personality GREEN_PERSONALITY_ENCODING, green_watch_personality
        hint    #25                     /* paciasp */
        .cfi_negate_ra_state
        sub     sp, sp, #32
        .cfi_adjust_cfa_offset 32
        stp     x29, x30, [sp, #16]
        .cfi_offset x29, -16
        .cfi_offset x30, -8
        add     x29, sp, #16
        /* Where the routine looks for it. */
        str     x2, [sp, #8]
        mov     x3, x0
        mov     x0, x1
        blr     x3
        ldp     x29, x30, [sp, #16]
        .cfi_restore x29
        .cfi_restore x30
        add     sp, sp, #32
        .cfi_adjust_cfa_offset -32
        hint    #29                     /* autiasp */
        .cfi_negate_ra_state
        ret
        .cfi_endproc
        GREEN_END_FUNCTION green_watch_throws

        GREEN_NOTE_BRANCH_PROTECTION
