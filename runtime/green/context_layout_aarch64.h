/* Where a suspended context keeps what the Procedure Call Standard for AArch64
   (6.1.1, 6.1.2, 6.2) says a function must preserve: offsets from its saved
   stack pointer, for the assembly and for C++ alike. */
#ifndef GREEN_CONTEXT_LAYOUT_AARCH64_H_
#define GREEN_CONTEXT_LAYOUT_AARCH64_H_

#define GREEN_CONTEXT_FPCR 0
#define GREEN_CONTEXT_FPSR 8
#define GREEN_CONTEXT_X19 16
#define GREEN_CONTEXT_X20 24
#define GREEN_CONTEXT_X21 32
#define GREEN_CONTEXT_X22 40
#define GREEN_CONTEXT_X23 48
#define GREEN_CONTEXT_X24 56
#define GREEN_CONTEXT_X25 64
#define GREEN_CONTEXT_X26 72
#define GREEN_CONTEXT_X27 80
#define GREEN_CONTEXT_X28 88
#define GREEN_CONTEXT_X29 96
#define GREEN_CONTEXT_X30 104
#define GREEN_CONTEXT_D8 112
#define GREEN_CONTEXT_D9 120
#define GREEN_CONTEXT_D10 128
#define GREEN_CONTEXT_D11 136
#define GREEN_CONTEXT_D12 144
#define GREEN_CONTEXT_D13 152
#define GREEN_CONTEXT_D14 160
#define GREEN_CONTEXT_D15 168
#define GREEN_CONTEXT_SIZE 176

/* FPSR's flags that say what has happened, and stay until they are cleared:
   IOC, DZC, OFC, UFC, IXC and IDC (Arm Architecture Reference Manual, C5.2.10).
 */
#define GREEN_CONTEXT_FPSR_STICKY 0x9f

#endif /* GREEN_CONTEXT_LAYOUT_AARCH64_H_ */
