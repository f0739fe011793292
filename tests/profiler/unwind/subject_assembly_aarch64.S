/* Hand-written code. First without call frame information: frames of every kind
   that compilers would describe, and none that keeps x29 as a frame pointer. */
        .text
        .globl  SubjectAssembly
        .type   SubjectAssembly, %function
SubjectAssembly:
        str     x30, [sp, #-32]!
        stp     x19, x29, [sp, #16]
        sub     sp, sp, #208
        mov     w19, w0
        mov     w29, #7             /* x29 is an ordinary register here */
1:      mov     w0, w19
        bl      framed
        add     w19, w19, w0
        subs    w29, w29, #1
        b.ne    1b
        mov     w0, w19
        bl      early_exit
        add     sp, sp, #208
        ldp     x19, x29, [sp, #16]
        ldr     x30, [sp], #32
        ret
        .size   SubjectAssembly, . - SubjectAssembly

        .type   framed, %function
framed:
        stp     x29, x30, [sp, #-16]!
        mov     x29, sp
        sub     sp, sp, #64
        bl      bare
        mov     sp, x29
        ldp     x29, x30, [sp], #16
        ret
        .size   framed, . - framed

        .type   bare, %function
bare:
        add     w0, w0, #1
        ret
        .size   bare, . - bare

/* Two exits, the nearer one of them never taken; ends in a tail call. */
        .type   early_exit, %function
early_exit:
        stp     x30, x20, [sp, #-16]!
        cmp     w0, #0
        b.pl    2f
        brk     #1
2:      mov     w20, w0
        bl      bare
        mov     w0, w20
        ldp     x30, x20, [sp], #16
        b       bare
        .size   early_exit, . - early_exit

/* With call frame information, and a frame pointer in the middle of the frame,
   of which no code tells how far sp is from it. */
        .globl  SubjectLowFramePointer
        .type   SubjectLowFramePointer, %function
SubjectLowFramePointer:
        .cfi_startproc
        stp     x29, x30, [sp, #-16]!
        .cfi_adjust_cfa_offset 16
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        mov     x29, sp
        .cfi_def_cfa_register x29
        bl      low_frame_pointer
        ldp     x29, x30, [sp], #16
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   SubjectLowFramePointer, . - SubjectLowFramePointer

        .type   low_frame_pointer, %function
low_frame_pointer:
        .cfi_startproc
        sub     sp, sp, #64
        .cfi_adjust_cfa_offset 64
        stp     x29, x30, [sp, #16]
        .cfi_rel_offset x29, 16
        .cfi_rel_offset x30, 24
        add     x29, sp, #16
        .cfi_def_cfa x29, 48
        sub     x9, sp, #64
        and     sp, x9, #-64
        bl      bare
        sub     sp, x29, #16
        .cfi_def_cfa sp, 64
        ldp     x29, x30, [sp, #16]
        .cfi_restore x29
        .cfi_restore x30
        add     sp, sp, #64
        .cfi_adjust_cfa_offset -64
        ret
        .cfi_endproc
        .size   low_frame_pointer, . - low_frame_pointer

        .section .note.GNU-stack, "", %progbits
