/* Hand-written code. First without call frame information: frames of every kind
   that compilers would describe, and none that keeps rbp as a frame pointer. */
        .text
        .globl  SubjectAssembly
        .type   SubjectAssembly, @function
SubjectAssembly:
        pushq   %rbx
        pushq   %rbp
        subq    $200, %rsp
        movl    %edi, %ebx
        movl    $7, %ebp            /* rbp is an ordinary register here */
1:      movl    %ebx, %edi
        call    framed
        addl    %eax, %ebx
        decl    %ebp
        jne     1b
        movl    %ebx, %edi
        call    early_exit
        addq    $200, %rsp
        popq    %rbp
        popq    %rbx
        ret
        .size   SubjectAssembly, . - SubjectAssembly

        .type   framed, @function
framed:
        pushq   %rbp
        movq    %rsp, %rbp
        leaq    -64(%rsp), %rsp
        call    bare
        leave
        ret
        .size   framed, . - framed

        .type   bare, @function
bare:
        leal    1(%rdi), %eax
        ret
        .size   bare, . - bare

/* Two exits, the nearer one of them never taken; ends in a tail call. */
        .type   early_exit, @function
early_exit:
        pushq   %r12
        testl   %edi, %edi
        jns     2f
        ud2
2:      movl    %edi, %r12d
        call    bare
        movl    %r12d, %edi
        popq    %r12
        jmp     bare
        .size   early_exit, . - early_exit

/* With call frame information, and a frame pointer that does not point to its
   caller's, but 16 bytes below; how far rsp is from it, no code tells. This is
   what libffi does to call a function. */
        .globl  SubjectLowFramePointer
        .type   SubjectLowFramePointer, @function
SubjectLowFramePointer:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        call    low_frame_pointer
        call    leaves_record
        leaq    low_frame_pointer(%rip), %rax
        call    *%rax
        popq    %rbp
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        ret
        .cfi_endproc
        .size   SubjectLowFramePointer, . - SubjectLowFramePointer

/* Leaves a frame record where low_frame_pointer's locals will be. */
        .type   leaves_record, @function
leaves_record:
        .cfi_startproc
        subq    $40, %rsp
        .cfi_adjust_cfa_offset 40
        call    keeps_record
        addq    $40, %rsp
        .cfi_adjust_cfa_offset -40
        ret
        .cfi_endproc
        .size   leaves_record, . - leaves_record

        .type   keeps_record, @function
keeps_record:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        ret
        .cfi_endproc
        .size   keeps_record, . - keeps_record

        .type   low_frame_pointer, @function
low_frame_pointer:
        .cfi_startproc
        subq    $40, %rsp
        .cfi_adjust_cfa_offset 40
        movq    %rbp, 32(%rsp)
        .cfi_rel_offset rbp, 32
        leaq    16(%rsp), %rbp
        .cfi_def_cfa rbp, 32
        andq    $-64, %rsp
        call    bare
        leaq    -16(%rbp), %rsp
        .cfi_def_cfa rsp, 48
        movq    32(%rsp), %rbp
        .cfi_restore rbp
        addq    $40, %rsp
        .cfi_adjust_cfa_offset -40
        ret
        .cfi_endproc
        .size   low_frame_pointer, . - low_frame_pointer

        .section .note.GNU-stack, "", @progbits
