/* The frame that learns of exceptions on their way out. See throw_watch.h. */

        .text

/* void green_watch_throws(void (*function)(void*) (rdi), void* argument (rsi),
                           void* watch (rdx)) */
        .globl  green_watch_throws
        .hidden green_watch_throws
        .type   green_watch_throws, @function
        .balign 16
green_watch_throws:
        .cfi_startproc
        /* 0x1b: DW_EH_PE_pcrel | DW_EH_PE_sdata4 (Linux Standard Base Core
           5.0, 10.5.1). There is nothing to say about single calls, hence no
           .cfi_lsda. */
        .cfi_personality 0x1b, green_watch_personality
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
        .size   green_watch_throws, . - green_watch_throws

        .section .note.GNU-stack, "", @progbits
