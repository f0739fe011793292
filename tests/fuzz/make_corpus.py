#!/usr/bin/env python3
"""Writes the corpus of elf_fuzz and unwind_fuzz: one small library made with
the system's compiler, and stacks that stand in its functions.

    tests/fuzz/make_corpus.py tests/fuzz/corpus
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

SOURCE = """
static int leaf(int x) { return x * 3; }
__attribute__((noinline)) int plain(int n) { return leaf(n) + 1; }
__attribute__((noinline)) int calls(int n) {
  volatile int kept[8] = {n};
  return plain(n) + plain(kept[0]);
}
__attribute__((noinline)) int variable(int n) {
  volatile char *bytes = __builtin_alloca(n);
  bytes[0] = 1;
  return calls(n) + bytes[0];
}
"""
BIAS = 0x500000000000
STACK = 0x7FFFFFF00000
STACK_BYTES = 4096
RSP, RBP, RIP = 7, 6, 16


def build(folder, name, *options):
    source = folder / "tiny.c"
    source.write_text(SOURCE)
    out = folder / name
    subprocess.run(
        ["gcc", "-shared", "-nostdlib", "-fPIC", "-s", "-Wl,-z,noseparate-code",
         "-Wl,-z,max-page-size=4096", *options, "-o", out, source], check=True)
    return out


def functions(library):
    listing = subprocess.run(["nm", "-D", library], check=True,
                             capture_output=True, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16)
            for line in listing.splitlines() if " T " in line}


def unwind_input(library, pc, known):
    registers = [0] * 17
    registers[RIP], registers[RSP] = BIAS + pc, STACK
    registers[RBP] = STACK + 256
    words = [BIAS + pc if i % 3 == 0 else STACK + 8 * i + 64
             for i in range(STACK_BYTES // 8)]
    return (struct.pack("<17Q", *registers) + struct.pack("<Q", known) +
            struct.pack(f"<{len(words)}Q", *words) + library.read_bytes())


def main():
    corpus = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        libraries = [build(folder, "optimized", "-O2"),
                     build(folder, "unoptimized", "-O0"),
                     build(folder, "bare", "-O1", "-fno-asynchronous-unwind-tables"),
                     build(folder, "no_search_table", "-O2", "-Wl,--no-eh-frame-hdr")]
        for library in libraries:
            (corpus / "elf" / library.name).write_bytes(library.read_bytes())
            for name, address in functions(library).items():
                for known, suffix in ((0x1FFFF, "all"), (1 << RSP | 1 << RIP, "asleep")):
                    path = corpus / "unwind" / f"{library.name}_{name}_{suffix}"
                    path.write_bytes(unwind_input(library, address + 8, known))


if __name__ == "__main__":
    main()
