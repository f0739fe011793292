#!/usr/bin/env python3
"""Writes the corpus of elf_fuzz and unwind_fuzz, one small library made with the
system's compiler and stacks that stand in its functions, that of core_fuzz, a
core of two threads, that of split_dwarf_fuzz, split units of gcc and clang, and
that of macho_fuzz, packed by hand: a linker's files are mostly padding.

    tests/fuzz/make_corpus.py tests/fuzz/corpus
"""
import pathlib
import re
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


SPLIT_SOURCE = """
namespace shapes {
struct Box {
  int width;
  int Area(int by) const;
};
__attribute__((noinline)) int Box::Area(int by) const { return width * by; }
}  // namespace shapes
static inline int twice(int x) { return shapes::Box{x}.Area(2) + x; }
int entry(int x) { return x > 3 ? twice(x) : twice(twice(x)); }
"""


def split_units(folder):
    """(name, dwo_id, a type's signature, bytes) of .dwo files and packages."""
    source = folder / "split.cc"
    source.write_text(SPLIT_SOURCE)

    def hexadecimal(pattern, text):
        return int(re.search(pattern, text).group(1), 16)

    for compiler, version in (("g++", 4), ("g++", 5), ("clang++-14", 4), ("clang++-14", 5)):
        name = f"{compiler.split('+')[0]}{version}"
        library = folder / f"{name}.so"
        subprocess.run([compiler, f"-gdwarf-{version}", "-gsplit-dwarf",
                        "-fdebug-types-section", "-O1", "-fPIC", "-nostdlib",
                        "-c", "-o", folder / f"{name}.o", source],
                       check=True, cwd=folder)
        subprocess.run([compiler, "-shared", "-nostdlib", "-o", library, folder / f"{name}.o"],
                       check=True)
        text = subprocess.run(["llvm-dwarfdump-14", "--debug-info", "--debug-types",
                               folder / f"{name}.dwo"],
                              check=True, capture_output=True, text=True).stdout
        ids = struct.pack("<QQ",
                          hexadecimal(r"(?:DWO_id = |GNU_dwo_id\t\()(0x[0-9a-f]+)", text),
                          hexadecimal(r"type_signature = (0x[0-9a-f]+)", text))
        yield name, ids + (folder / f"{name}.dwo").read_bytes()
        if name == "g5":
            continue  # no packer of Debian 12 can
        package = folder / f"{name}.dwp"
        subprocess.run(["dwp" if name == "g4" else "llvm-dwp-14", "-e", library,
                        "-o", package], check=True, cwd=folder)
        yield f"{name}_package", ids + package.read_bytes()


def note(kind, description):
    padding = b"\0" * (-len(description) % 4)
    return (struct.pack("<III", 5, len(description), kind) + b"CORE\0\0\0\0" +
            description + padding)


def core():
    def status(tid, call, result):
        registers = [0] * 27
        registers[10], registers[15] = result, call
        registers[16], registers[19] = 0x401000, STACK
        return (struct.pack("<12xh18xi76x", 11, tid) +
                struct.pack("<27q", *registers) + bytes(8))

    path = b"/usr/bin/env\0"
    notes = (note(1, status(8, -1, 0)) +
             note(3, struct.pack("<4B20xi12x16s80s", 0, 83, 0, 0, 7, b"env",
                                 b"env x ")) +
             note(0x53494749, struct.pack("<iii4xQ104x", 11, 0, 1, 0xdead)) +
             note(6, struct.pack("<4Q", 33, STACK + 4096, 0, 0)) +
             note(0x46494C45, struct.pack("<8Q", 2, 4096, 0x400000, 0x401000, 0,
                                          0x401000, 0x402000, 1) + 2 * path) +
             note(1, status(7, 232, -4)))
    loads = [(STACK, 6, b"stack" * 20, 4096), (0x400000, 4, b"\x7fELF", 4096),
             (0x401000, 5, b"", 4096), (STACK + 4096, 5, b"vdso", 4096)]
    at = 64 + 56 * (1 + len(loads))
    headers = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), 0, 4)
    at += len(notes)
    for address, flags, contents, size in loads:
        headers += struct.pack("<IIQQQQQQ", 1, flags, at, address, 0,
                               len(contents), size, 4096)
        at += len(contents)
    header = (b"\x7fELF\2\1\1" + bytes(9) +
              struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56,
                          1 + len(loads), 0, 0, 0))
    return header + headers + notes + b"".join(load[2] for load in loads)



def macho(cpu):
    """A bundle of two functions with all that is read of one."""
    base = 0x1000
    code = b"\xc3" * 32
    note = struct.pack("<Q", base + 0x400)
    unwind = (struct.pack("<7I", 1, 28, 0, 28, 0, 28, 3) +
              struct.pack("<9I", 0x400, 64, 0, 0x410, 88, 0, 0x420, 0, 0) +
              struct.pack("<IHHIIII", 2, 8, 2, 0x400, 0, 0x408, 0) +
              struct.pack("<IHHHHII", 3, 12, 2, 20, 0, 0, 0x01000004))
    starts = b"\x80\x08\x10\x00"
    names = b"\0_entry\0__ZN6shapes4AreaEv\0"
    symbols = (struct.pack("<IBBHQ", 1, 0x0f, 1, 0, base + 0x400) +
               struct.pack("<IBBHQ", 8, 0x0e, 1, 0, base + 0x410) +
               struct.pack("<IBBHQ", 8, 0x64, 0, 0, 0))
    parts, at = {}, 0x400
    for name, part in (("text", code), ("unwind", unwind), ("green", note),
                       ("starts", starts), ("symbols", symbols), ("names", names)):
        parts[name] = (at, part)
        at += len(part) + -len(part) % 16

    def section(name, segment, part, flags):
        offset, content = parts[part]
        return struct.pack("<16s16sQQ8I", name, segment, base + offset, len(content),
                           offset, 4, 0, 0, flags, 0, 0, 0)

    def segment(name, begin, end, protection, sections):
        return struct.pack("<II16sQQQQiiII", 0x19, 72 + 80 * len(sections), name,
                           base + begin, end - begin, begin, end - begin, protection,
                           protection, len(sections), 0) + b"".join(sections)

    green, starts_at = parts["green"][0], parts["starts"][0]
    commands = [
        segment(b"__TEXT", 0, green, 5,
                [section(b"__text", b"__TEXT", "text", 0x80000400),
                 section(b"__unwind_info", b"__TEXT", "unwind", 0)]),
        segment(b"__DATA", green, starts_at, 3,
                [section(b"__green", b"__DATA", "green", 0x10000000)]),
        segment(b"__LINKEDIT", starts_at, at, 1, []),
        struct.pack("<6I", 2, 24, parts["symbols"][0], 3, parts["names"][0], len(names)),
        struct.pack("<4I", 0x26, 16, starts_at, len(starts)),
        struct.pack("<II16s", 0x1B, 24, bytes(range(16)))]
    packed = b"".join(commands)
    image = bytearray(at)
    header = struct.pack("<8I", 0xFEEDFACF, cpu, 0, 8, len(commands), len(packed), 0, 0)
    image[:len(header) + len(packed)] = header + packed
    for offset, part in parts.values():
        image[offset:offset + len(part)] = part
    return bytes(image)


def macho_files():
    x86, arm = 0x01000007, 0x0100000C
    yield "x86_64", macho(x86)
    yield "arm64", macho(arm)
    one, two = macho(x86), macho(arm)
    begin = 4096
    second = begin + len(one) + -len(one) % 4096
    for name, magic, slice_format, last in (("fat", 0xCAFEBABE, ">IIIII", (12,)),
                                            ("fat64", 0xCAFEBABF, ">IIQQII", (12, 0))):
        head = (struct.pack(">II", magic, 2) +
                struct.pack(slice_format, x86, 3, begin, len(one), *last) +
                struct.pack(slice_format, arm, 0, second, len(two), *last))
        yield name, head.ljust(begin, b"\0") + one.ljust(second - begin, b"\0") + two


def main():
    corpus = pathlib.Path(sys.argv[1])
    (corpus / "core").mkdir(exist_ok=True)
    (corpus / "core" / "two_threads").write_bytes(core())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (corpus / "macho").mkdir(exist_ok=True)
        for name, contents in macho_files():
            (corpus / "macho" / name).write_bytes(contents)
        (corpus / "split_dwarf").mkdir(exist_ok=True)
        for name, contents in split_units(folder):
            (corpus / "split_dwarf" / name).write_bytes(contents)
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
