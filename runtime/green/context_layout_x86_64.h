/* Where a suspended context keeps what the System V ABI AMD64 (3.2.1) says a
   function must preserve: offsets from its saved stack pointer, for the
   assembly and for C++ alike. Above it lies the red zone of whoever switched
   (3.2.2), who did so in the middle of a function. */
#ifndef GREEN_CONTEXT_LAYOUT_X86_64_H_
#define GREEN_CONTEXT_LAYOUT_X86_64_H_

#define GREEN_CONTEXT_MXCSR 0
#define GREEN_CONTEXT_X87_CONTROL 4
#define GREEN_CONTEXT_R12 8
#define GREEN_CONTEXT_R13 16
#define GREEN_CONTEXT_R14 24
#define GREEN_CONTEXT_R15 32
#define GREEN_CONTEXT_RBX 40
#define GREEN_CONTEXT_RBP 48
#define GREEN_CONTEXT_RIP 56
#define GREEN_CONTEXT_RED_ZONE 64
#define GREEN_CONTEXT_SIZE 192

/* The control bits as a process starts with them (figure 3.4), all floating
   point exceptions masked, round to nearest; and the sticky flags, which say
   what has happened. */
#define GREEN_CONTEXT_MXCSR_START 0x1f80
#define GREEN_CONTEXT_MXCSR_STICKY 0x3f

#endif /* GREEN_CONTEXT_LAYOUT_X86_64_H_ */
