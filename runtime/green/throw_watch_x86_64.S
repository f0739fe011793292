/* The frame that learns of exceptions on their way out. See throw_watch.h. */

#include GREEN_OBJECT_FORMAT

        .text

/* void green_watch_throws(void (*function)(void*) (rdi), void* argument (rsi),
                           void* watch (rdx)) */
        GREEN_SHARED_FUNCTION green_watch_throws
        .cfi_startproc
        /* There is nothing to say about single calls, hence no .cfi_lsda. */
        .cfi_personality GREEN_PERSONALITY_ENCODING, green_watch_personality
        subq    $24, %rsp
        .cfi_adjust_cfa_offset 24
        /* Where the routine looks for it. */
        movq    %rdx, 8(%rsp)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        callq   *%rax
        addq    $24, %rsp
        .cfi_adjust_cfa_offset -24
        ret
        .cfi_endproc
        GREEN_END_FUNCTION green_watch_throws
