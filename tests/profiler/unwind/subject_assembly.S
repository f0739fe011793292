/* Hand-written code without call frame information: frames of every kind that
   compilers would describe, and none that keeps rbp as a frame pointer. */
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

        .section .note.GNU-stack, "", @progbits
