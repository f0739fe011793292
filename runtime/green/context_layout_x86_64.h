/* Where a suspended context keeps what the System V ABI AMD64 (3.2.1) says a
   function must preserve: offsets from its saved stack pointer, for the
   assembly and for C++ alike. */
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
#define GREEN_CONTEXT_SIZE 64

#endif /* GREEN_CONTEXT_LAYOUT_X86_64_H_ */
