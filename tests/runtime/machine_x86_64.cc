#include "runtime/machine.h"

namespace green::internal {

std::vector<int> PublishedRegisters() { return {3, 6, 12, 13, 14, 15, 16}; }

std::vector<uint64_t> FillPreservedAndCall(uint64_t base, void (*go)(void*),
                                           void* argument) {
  std::vector<uint64_t> after(5);  // rbx, r12, r13, r14, r15
  uint64_t* where = after.data();
  asm volatile(
      "lea -128(%%rsp), %%rsp\n"  // the red zone may be in use
      "push %%rbp; push %%rbx; push %%r12; push %%r13; push %%r14; push %%r15\n"
      "mov %%rsp, %%rbp\n"
      "sub $16, %%rsp; and $-16, %%rsp\n"
      "mov %%rax, (%%rsp)\n"
      "lea 1(%%rsi), %%rbx; lea 2(%%rsi), %%r12; lea 3(%%rsi), %%r13\n"
      "lea 4(%%rsi), %%r14; lea 5(%%rsi), %%r15\n"
      "call *%%rdx\n"
      "mov (%%rsp), %%rax\n"
      "mov %%rbx, (%%rax); mov %%r12, 8(%%rax); mov %%r13, 16(%%rax)\n"
      "mov %%r14, 24(%%rax); mov %%r15, 32(%%rax)\n"
      "mov %%rbp, %%rsp\n"
      "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbx; pop %%rbp\n"
      "lea 128(%%rsp), %%rsp\n"
      : "+S"(base), "+D"(argument), "+d"(go), "+a"(where)
      :
      : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
  return after;
}

}  // namespace green::internal
