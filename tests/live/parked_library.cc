// A library to preload: it says "ready" and waits on standard input before its
// program begins. Built twice, for one to replace the other.
#include <unistd.h>

volatile int parked = HUBSPY_PARKED_BUILD;

[[gnu::noinline]] void WaitInLibrary() {
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  parked = 0;  // keeps the call above from being the last thing
}

[[gnu::constructor]] void Begin() {
  if (write(STDOUT_FILENO, "ready\n", 6) == 6) WaitInLibrary();
  parked = 1;
}
