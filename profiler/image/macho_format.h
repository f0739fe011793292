// Mach-O as bytes: the records that hubspy reads, with their names and numbers
// from Apple's own headers (xnu, EXTERNAL_HEADERS/mach-o/loader.h, nlist.h and
// fat.h; llvm-project, compact_unwind_encoding.h). Ours, because a parser of
// bytes runs on any machine, and those headers are on Apple's only.
//
// Little-endian, except for what describes a fat file, which is big-endian.
#ifndef HUBSPY_IMAGE_MACHO_FORMAT_H_
#define HUBSPY_IMAGE_MACHO_FORMAT_H_

#include <cstdint>

namespace hubspy::macho {

// --- loader.h -------------------------------------------------------------
inline constexpr uint32_t kMagic64 = 0xfeedfacf;  // MH_MAGIC_64

inline constexpr uint32_t kCpuX86_64 = 0x01000007;  // CPU_TYPE_X86_64
inline constexpr uint32_t kCpuArm64 = 0x0100000c;   // CPU_TYPE_ARM64
// The upper 8 bits of a subtype are capabilities (CPU_SUBTYPE_MASK).
inline constexpr uint32_t kSubtypeMask = 0x00ffffff;
inline constexpr uint32_t kSubtypeX86_64H = 8;  // CPU_SUBTYPE_X86_64_H
inline constexpr uint32_t kSubtypeArm64e = 2;   // CPU_SUBTYPE_ARM64E

inline constexpr uint32_t kExecute = 2;   // MH_EXECUTE
inline constexpr uint32_t kDylib = 6;     // MH_DYLIB
inline constexpr uint32_t kDylinker = 7;  // MH_DYLINKER
inline constexpr uint32_t kBundle = 8;    // MH_BUNDLE
inline constexpr uint32_t kDsym = 10;     // MH_DSYM

inline constexpr uint32_t kSymbolTable = 0x2;      // LC_SYMTAB
inline constexpr uint32_t kSegment64 = 0x19;       // LC_SEGMENT_64
inline constexpr uint32_t kUuid = 0x1b;            // LC_UUID
inline constexpr uint32_t kFunctionStarts = 0x26;  // LC_FUNCTION_STARTS

inline constexpr int32_t kProtExecute = 4;  // VM_PROT_EXECUTE

// Of a section's flags: its type, and S_ATTR_PURE_INSTRUCTIONS and
// S_ATTR_SOME_INSTRUCTIONS.
inline constexpr uint32_t kSectionType = 0xff;
inline constexpr uint32_t kHasInstructions = 0x80000400;
inline constexpr uint32_t kZeroFill = 0x1;    // S_ZEROFILL
inline constexpr uint32_t kGbZeroFill = 0xc;  // S_GB_ZEROFILL
inline constexpr uint32_t kThreadLocalZeroFill =
    0x12;  // S_THREAD_LOCAL_ZEROFILL

// Ours: real files have some tens of commands, of some ten thousand bytes.
inline constexpr uint32_t kMaxCommandBytes = 1 << 20;

struct Header {  // mach_header_64
  uint32_t magic;
  uint32_t cpu_type;
  uint32_t cpu_subtype;
  uint32_t file_type;
  uint32_t command_count;
  uint32_t commands_size;
  uint32_t flags;
  uint32_t reserved;
};
static_assert(sizeof(Header) == 32);

struct Command {  // load_command
  uint32_t command;
  uint32_t size;
};

struct SegmentCommand {  // segment_command_64; its sections follow
  Command command;
  char name[16];
  uint64_t vaddr;
  uint64_t memory_size;
  uint64_t file_offset;
  uint64_t file_size;
  int32_t most_protection;
  int32_t first_protection;
  uint32_t section_count;
  uint32_t flags;
};
static_assert(sizeof(SegmentCommand) == 72);

struct Section {  // section_64
  char name[16];
  char segment[16];
  uint64_t vaddr;
  uint64_t size;
  uint32_t offset;
  uint32_t alignment;
  uint32_t relocations_offset;
  uint32_t relocation_count;
  uint32_t flags;
  uint32_t reserved[3];
};
static_assert(sizeof(Section) == 80);

struct SymbolTableCommand {  // symtab_command
  Command command;
  uint32_t symbols_offset;
  uint32_t symbol_count;
  uint32_t names_offset;
  uint32_t names_size;
};
static_assert(sizeof(SymbolTableCommand) == 24);

struct UuidCommand {  // uuid_command
  Command command;
  uint8_t uuid[16];
};

struct LinkEditCommand {  // linkedit_data_command
  Command command;
  uint32_t offset;
  uint32_t size;
};

// --- nlist.h ---------------------------------------------------------------
struct Symbol {  // nlist_64
  uint32_t name;
  uint8_t type;
  uint8_t section;  // from 1
  uint16_t description;
  uint64_t value;
};
static_assert(sizeof(Symbol) == 16);

inline constexpr uint8_t kStab = 0xe0;         // N_STAB: a debugger's symbol
inline constexpr uint8_t kTypeMask = 0x0e;     // N_TYPE
inline constexpr uint8_t kInSection = 0x0e;    // N_SECT
inline constexpr uint8_t kExternal = 0x01;     // N_EXT
inline constexpr uint16_t kAltEntry = 0x0200;  // N_ALT_ENTRY

// --- fat.h, big-endian -----------------------------------------------------
inline constexpr uint32_t kFatMagic = 0xcafebabe;    // FAT_MAGIC
inline constexpr uint32_t kFatMagic64 = 0xcafebabf;  // FAT_MAGIC_64
struct FatHeader {
  uint32_t magic;
  uint32_t count;
};
struct FatSlice {  // fat_arch
  uint32_t cpu_type;
  uint32_t cpu_subtype;
  uint32_t offset;
  uint32_t size;
  uint32_t alignment;
};
static_assert(sizeof(FatSlice) == 20);
struct FatSlice64 {  // fat_arch_64
  uint32_t cpu_type;
  uint32_t cpu_subtype;
  uint64_t offset;
  uint64_t size;
  uint32_t alignment;
  uint32_t reserved;
};
static_assert(sizeof(FatSlice64) == 32);

// --- compact_unwind_encoding.h ---------------------------------------------
struct UnwindHeader {  // unwind_info_section_header
  uint32_t version;
  uint32_t encodings_offset;
  uint32_t encoding_count;
  uint32_t personalities_offset;
  uint32_t personality_count;
  uint32_t index_offset;
  uint32_t index_count;
};
struct UnwindIndexEntry {  // unwind_info_section_header_index_entry
  uint32_t function;       // offset from the image's header
  uint32_t page_offset;    // 0: the last entry, where functions end
  uint32_t lsda_offset;
};
// The beginning of a page of either kind.
struct UnwindPage {
  uint32_t kind;
  uint16_t entries_offset;
  uint16_t entry_count;
};
inline constexpr uint32_t kUnwindVersion = 1;         // UNWIND_SECTION_VERSION
inline constexpr uint32_t kUnwindRegularPage = 2;     // entries of 8 bytes
inline constexpr uint32_t kUnwindCompressedPage = 3;  // entries of 4 bytes
// Of a compressed entry, the function's offset from the page's first one.
inline constexpr uint32_t kUnwindCompressedOffset = 0x00ffffff;

}  // namespace hubspy::macho

#endif  // HUBSPY_IMAGE_MACHO_FORMAT_H_
