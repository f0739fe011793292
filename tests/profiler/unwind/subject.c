/* Code to be single-stepped through, compiled several times under the name
   SUBJECT with different options. It calls nothing outside this file. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define LEAF JOIN(SUBJECT, _leaf)
#define MANY_REGISTERS JOIN(SUBJECT, _many_registers)
#define VARIABLE_FRAME JOIN(SUBJECT, _variable_frame)
#define RECURSE JOIN(SUBJECT, _recurse)

typedef int (*Function)(int);

__attribute__((noinline)) static int LEAF(int x) { return x * 3 + 1; }

/* Needs more registers than a call preserves, and a frame. */
__attribute__((noinline)) static int MANY_REGISTERS(int n) {
  volatile int array[40];
  int a = n, b = n + 1, c = n + 2, d = n + 3, e = n + 4, f = n + 5, g = n + 6;
  for (int i = 0; i < 2; ++i) {
    array[i] = a + b * c - d + e * f - g;
    a = LEAF(a);
    b = LEAF(b) + c;
    c = LEAF(c) + d;
    d = LEAF(d) + e;
    e = LEAF(e) + f;
    f = LEAF(f) + g;
    g += array[i];
  }
  return a + b + c + d + e + f + g;
}

#ifndef NO_VARIABLE_FRAME
/* Its stack pointer is not a constant away from its frame. */
__attribute__((noinline)) static int VARIABLE_FRAME(int n) {
  volatile char* bytes = __builtin_alloca((unsigned)n * 16 + 32);
  bytes[0] = (char)n;
  const int got = LEAF(n);
  bytes[n] = (char)got;
  return bytes[0] + bytes[n];
}
#endif

/* Calls through a pointer, and itself. */
__attribute__((noinline)) static int RECURSE(int n) {
  volatile Function leaf = LEAF;
  if (n == 0) return leaf(1);
  return RECURSE(n - 1) + leaf(n);
}

int SUBJECT(int n) {
  int sum = MANY_REGISTERS(n) + RECURSE(3);
#ifndef NO_VARIABLE_FRAME
  sum += VARIABLE_FRAME(n);
#endif
  return sum;
}
