#include "target/core/core_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "target/core/signal_name.h"
#include "target/core/user_registers.h"

namespace hubspy {
namespace {

// Sizes and offsets in the notes, from the kernel's structures elf_prstatus,
// elf_prpsinfo (linux/elfcore.h) and siginfo: the same on all machines of 64
// bits, but for the registers and what is behind them, an int.
constexpr size_t kStatusSignal = 12;  // short pr_cursig
constexpr size_t kStatusTid = 32;     // int pr_pid
constexpr size_t kStatusRegisters = 112;
constexpr uint64_t kStatusBytes = kStatusRegisters + kUserRegisterBytes + 8;
constexpr uint64_t kInfoBytes = 136;
constexpr size_t kInfoState = 1;  // char pr_sname
constexpr size_t kInfoPid = 24;
constexpr size_t kInfoName = 40;
constexpr size_t kInfoNameBytes = 16;
constexpr size_t kInfoArguments = 56;
constexpr size_t kInfoArgumentsBytes = 80;
constexpr size_t kSignalInfoNumber = 0;
constexpr size_t kSignalInfoAddress = 16;
constexpr uint64_t kSignalInfoBytes = 128;
// NT_ARM_PAC_MASK, struct user_pac_mask (asm/ptrace.h of arm64): the bits of
// data's addresses, then of code's.
constexpr char kLinuxOwner[] = "LINUX";
constexpr uint32_t kSignatureNote = 0x406;
constexpr uint64_t kSignatureBytes = 16;
constexpr size_t kCodeSignature = 8;
// The kernel writes 4 MB at most, unless it is told to map more files.
constexpr uint64_t kMaxFileNoteBytes = 64 << 20;
constexpr uint64_t kMaxAuxiliaryBytes = 64 << 10;
constexpr size_t kMaxThreads = 1 << 20;

// Numbers of Linux, whatever machine reads the core.
constexpr int kSigIll = 4;
constexpr int kSigBus = 7;
constexpr int kSigFpe = 8;
constexpr int kSigSegv = 11;

template <typename T>
T At(absl::Span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

std::string TextAt(absl::Span<const std::byte> bytes, size_t offset,
                   size_t size) {
  const char* const begin =
      reinterpret_cast<const char*>(bytes.data() + offset);
  return std::string(begin, strnlen(begin, size));
}

class CoreParser {
 public:
  CoreParser(ReadAt read, uint64_t file_size)
      : read_(read), file_size_(file_size) {}

  absl::StatusOr<CoreContents> Parse() {
    const absl::StatusOr<Elf64_Ehdr> header = ReadElfHeader(read_);
    if (!header.ok()) return header.status();
    if (header->e_type != ET_CORE) {
      return absl::InvalidArgumentError(
          "it is a program or a library, not a core");
    }
    const auto program_headers =
        ReadElfProgramHeaders(read_, *header, file_size_);
    if (!program_headers.ok()) return program_headers.status();
    for (const Elf64_Phdr& segment : *program_headers) {
      if (segment.p_type == PT_NOTE) AddNotes(segment);
      if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
      if (absl::Status status = AddSegment(segment); !status.ok()) {
        return status;
      }
    }
    if (core_.threads.empty()) {
      return absl::InvalidArgumentError(
          "it has no thread in it, or ends before the first");
    }
    if (core_.pid == 0) core_.pid = core_.threads.front().tid;
    std::sort(core_.segments.begin(), core_.segments.end(),
              [](const CoreSegment& a, const CoreSegment& b) {
                return a.range.begin < b.range.begin;
              });
    std::sort(core_.mappings.begin(), core_.mappings.end(),
              [](const Mapping& a, const Mapping& b) {
                return a.range.begin < b.range.begin;
              });
    return std::move(core_);
  }

 private:
  absl::Status AddSegment(const Elf64_Phdr& segment) {
    if (segment.p_filesz > segment.p_memsz ||
        !Inside(segment.p_offset, segment.p_filesz, UINT64_MAX) ||
        !Inside(segment.p_vaddr, segment.p_memsz, UINT64_MAX)) {
      return absl::InvalidArgumentError(
          "it has a segment outside the address space");
    }
    const uint64_t behind_offset =
        file_size_ - std::min(file_size_, segment.p_offset);
    const uint64_t in_file = std::min(segment.p_filesz, behind_offset);
    core_.cut_off_bytes += segment.p_filesz - in_file;
    core_.segments.push_back(
        {.range = {Address(segment.p_vaddr),
                   Address(segment.p_vaddr + segment.p_memsz)},
         .file_offset = segment.p_offset,
         .file_bytes = in_file,
         .readable = (segment.p_flags & PF_R) != 0,
         .writable = (segment.p_flags & PF_W) != 0,
         .executable = (segment.p_flags & PF_X) != 0});
    return absl::OkStatus();
  }

  void AddNotes(const Elf64_Phdr& segment) {
    for (const NotePlace& note : FindNotes(read_, segment)) {
      if (note.owner == kLinuxOwner && note.type == kSignatureNote &&
          note.size == kSignatureBytes) {
        if (const auto bytes = Bytes(note)) SetSignatureBits(*bytes);
      }
      if (note.owner != "CORE") continue;
      if (note.type == NT_PRSTATUS && note.size == kStatusBytes) {
        if (const auto bytes = Bytes(note)) AddThread(*bytes);
      } else if (note.type == NT_PRPSINFO && note.size == kInfoBytes) {
        if (const auto bytes = Bytes(note)) SetProcess(*bytes);
      } else if (note.type == NT_SIGINFO && note.size == kSignalInfoBytes) {
        if (const auto bytes = Bytes(note)) AddFaultAddress(*bytes);
      } else if (note.type == NT_FILE && note.size <= kMaxFileNoteBytes) {
        if (const auto bytes = Bytes(note)) AddMappings(*bytes);
      } else if (note.type == NT_AUXV && note.size <= kMaxAuxiliaryBytes) {
        if (const auto bytes = Bytes(note)) FindVdso(*bytes);
      }
    }
  }

  // It follows its thread's status.
  void SetSignatureBits(absl::Span<const std::byte> bytes) {
    if (core_.threads.empty()) return;
    core_.threads.back().registers.SetSignatureBits(
        At<uint64_t>(bytes, kCodeSignature));
  }

  std::optional<std::vector<std::byte>> Bytes(const NotePlace& note) {
    if (!Inside(note.offset, note.size, file_size_)) return std::nullopt;
    std::vector<std::byte> bytes(note.size);
    if (!read_(note.offset, absl::MakeSpan(bytes))) return std::nullopt;
    return bytes;
  }

  void AddThread(absl::Span<const std::byte> bytes) {
    const auto tid = At<int32_t>(bytes, kStatusTid);
    if (tid <= 0 || core_.threads.size() >= kMaxThreads) return;
    const auto registers = bytes.subspan(kStatusRegisters, kUserRegisterBytes);
    const int signal = At<int16_t>(bytes, kStatusSignal);
    // The kernel writes the signal into every thread, and the one that took it
    // first (binfmt_elf.c, fill_note_info).
    if (core_.threads.empty() && signal > 0) {
      signal_number_ = signal;
      core_.signal = SignalTaken{.name = SignalName(signal)};
    }
    core_.threads.push_back(
        {.tid = tid,
         .registers = ToRegisters(registers),
         .user_registers = {registers.begin(), registers.end()}});
  }

  void SetProcess(absl::Span<const std::byte> bytes) {
    core_.pid = std::max(0, At<int32_t>(bytes, kInfoPid));
    core_.name = TextAt(bytes, kInfoName, kInfoNameBytes);
    core_.arguments = TextAt(bytes, kInfoArguments, kInfoArgumentsBytes);
    // 't', stopped by a tracer, is what gdb's own stop looks like.
    core_.stopped = At<char>(bytes, kInfoState) == 'T';
  }

  // Of the first thread: others have their own (gdb) or none (the kernel).
  void AddFaultAddress(absl::Span<const std::byte> bytes) {
    const int number = At<int32_t>(bytes, kSignalInfoNumber);
    const bool has_address = number == kSigSegv || number == kSigBus ||
                             number == kSigIll || number == kSigFpe;
    if (core_.threads.size() != 1 || number != signal_number_ || !has_address) {
      return;
    }
    core_.signal->fault_address =
        Address(At<uint64_t>(bytes, kSignalInfoAddress));
  }

  // Two counts, so many triples, and so many texts behind them (binfmt_elf.c,
  // fill_files_note).
  void AddMappings(absl::Span<const std::byte> bytes) {
    struct Entry {
      uint64_t begin;
      uint64_t end;
      uint64_t page;
    };
    constexpr size_t kHeaderBytes = 16;
    if (bytes.size() < kHeaderBytes || !core_.mappings.empty()) return;
    const auto count = At<uint64_t>(bytes, 0);
    const auto page_bytes = At<uint64_t>(bytes, 8);
    if (count > (bytes.size() - kHeaderBytes) / sizeof(Entry)) return;
    size_t text = kHeaderBytes + count * sizeof(Entry);
    for (uint64_t i = 0; i < count && text < bytes.size(); ++i) {
      const auto entry = At<Entry>(bytes, kHeaderBytes + i * sizeof(Entry));
      std::string path = TextAt(bytes, text, bytes.size() - text);
      text += path.size() + 1;
      uint64_t offset;
      if (entry.begin >= entry.end ||
          __builtin_mul_overflow(entry.page, page_bytes, &offset)) {
        continue;
      }
      core_.mappings.push_back(
          {.range = {Address(entry.begin), Address(entry.end)},
           .file_offset = offset,
           .path = std::move(path)});
    }
  }

  void FindVdso(absl::Span<const std::byte> bytes) {
    for (size_t at = 0; Inside(at, 16, bytes.size()); at += 16) {
      if (At<uint64_t>(bytes, at) != AT_SYSINFO_EHDR) continue;
      core_.vdso = Address(At<uint64_t>(bytes, at + 8));
    }
  }

  ReadAt read_;
  uint64_t file_size_;
  int signal_number_ = 0;
  CoreContents core_;
};

}  // namespace

absl::StatusOr<CoreContents> ParseCore(ReadAt read, uint64_t file_size) {
  return CoreParser(read, file_size).Parse();
}

}  // namespace hubspy
