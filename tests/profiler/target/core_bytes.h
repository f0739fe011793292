// A core file made of bytes: what a test says is in it, in the order of a
// kernel's.
//
//   CoreBytes core;
//   core.AddThread({.tid = 7, .signal = 11});
//   core.AddSegment(0x1000, "memory");
//   ParseCore(ReaderOf(bytes), bytes.size());
#ifndef HUBSPY_TESTS_PROFILER_TARGET_CORE_BYTES_H_
#define HUBSPY_TESTS_PROFILER_TARGET_CORE_BYTES_H_

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core_machine.h"
#include "model/machine.h"

namespace hubspy {

template <typename T>
void Put(std::string& bytes, size_t at, T value) {
  bytes.resize(std::max(bytes.size(), at + sizeof(value)));
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

// An ELF note, padded.
inline std::string NoteBytes(const std::string& owner, uint32_t type,
                             std::string description) {
  std::string note;
  Put<uint32_t>(note, 0, static_cast<uint32_t>(owner.size()) + 1);
  Put<uint32_t>(note, 4, static_cast<uint32_t>(description.size()));
  Put<uint32_t>(note, 8, type);
  note += owner;
  note.resize((note.size() + 1 + 3) / 4 * 4);
  note += std::move(description);
  note.resize((note.size() + 3) / 4 * 4);
  return note;
}

class CoreBytes {
 public:
  struct Thread {
    int32_t tid = 0;
    int16_t signal = 0;
    uint64_t pc = 0;
    uint64_t sp = 0;
    int64_t call = -1;
    int64_t result = 0;
  };
  struct File {
    uint64_t begin;
    uint64_t end;
    uint64_t page;
    std::string path;
  };

  void AddThread(const Thread& thread) {
    std::string status(kStatusBytes, '\0');
    Put(status, 12, thread.signal);
    Put(status, 32, thread.tid);
    const auto put = [&](size_t which, uint64_t value) {
      Put(status, 112 + kStatusIndices[which] * 8, value);
    };
    put(0, thread.pc);
    put(1, thread.sp);
    put(2, static_cast<uint64_t>(thread.call));
    put(3, static_cast<uint64_t>(thread.result));
    AddNote(NT_PRSTATUS, std::move(status));
  }
  // One that will make its system call again; what it is seen by.
  void AddSleepingThread(int32_t tid, int16_t signal) {
    constexpr uint64_t kAt = 0x123000;
    AddThread(
        {.tid = tid, .signal = signal, .pc = kAt, .call = 0, .result = -512});
    AddSegment(kAt, std::string(kCallCode, sizeof(kCallCode) - 1));
  }
  void AddProcess(int32_t pid, const std::string& name, char state = 'S') {
    std::string info(136, '\0');
    Put(info, 1, state);
    Put(info, 24, pid);
    info.replace(40, name.size(), name);
    info.replace(56, name.size() + 10, "./" + name + " --flag ");
    AddNote(NT_PRPSINFO, std::move(info));
  }
  void AddSignalInfo(int32_t number, uint64_t address) {
    std::string info(128, '\0');
    Put(info, 0, number);
    Put(info, 16, address);
    AddNote(NT_SIGINFO, std::move(info));
  }
  void AddVdso(uint64_t address) {
    std::string auxiliary;
    for (const uint64_t word :
         {uint64_t{AT_PAGESZ}, uint64_t{4096}, uint64_t{AT_SYSINFO_EHDR},
          address, uint64_t{AT_NULL}, uint64_t{0}}) {
      Put(auxiliary, auxiliary.size(), word);
    }
    AddNote(NT_AUXV, std::move(auxiliary));
  }
  void AddFiles(const std::vector<File>& files) {
    std::string list;
    Put<uint64_t>(list, 0, files.size());
    Put<uint64_t>(list, 8, 4096);
    for (const File& file : files) {
      for (const uint64_t word : {file.begin, file.end, file.page}) {
        Put(list, list.size(), word);
      }
    }
    for (const File& file : files) list += file.path + '\0';
    AddNote(NT_FILE, std::move(list));
  }
  void AddNote(uint32_t type, std::string description,
               const std::string& owner = "CORE") {
    notes_ += NoteBytes(owner, type, std::move(description));
  }
  // `memory_bytes`: at least bytes.size(); 0: as many.
  void AddSegment(uint64_t address, std::string bytes,
                  uint64_t memory_bytes = 0, uint32_t flags = PF_R | PF_W) {
    Elf64_Phdr header = {};
    header.p_type = PT_LOAD;
    header.p_flags = flags;
    header.p_vaddr = address;
    header.p_filesz = bytes.size();
    header.p_memsz = std::max<uint64_t>(memory_bytes, bytes.size());
    segments_.emplace_back(header, std::move(bytes));
  }

  // The first program header is the notes', then the segments' follow.
  static constexpr size_t kProgramHeaders = sizeof(Elf64_Ehdr);
  static size_t HeaderOf(size_t segment) {
    return kProgramHeaders + (1 + segment) * sizeof(Elf64_Phdr);
  }

  std::string Build() const {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_CORE;
    header.e_machine = kElfMachine;
    header.e_phoff = kProgramHeaders;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(1 + segments_.size());
    std::string bytes;
    Put(bytes, 0, header);
    size_t at = HeaderOf(segments_.size());
    Elf64_Phdr notes = {};
    notes.p_type = PT_NOTE;
    notes.p_offset = at;
    notes.p_filesz = notes_.size();
    Put(bytes, kProgramHeaders, notes);
    at += notes_.size();
    for (size_t i = 0; i < segments_.size(); ++i) {
      Elf64_Phdr segment = segments_[i].first;
      segment.p_offset = at;
      Put(bytes, HeaderOf(i), segment);
      at += segments_[i].second.size();
    }
    bytes += notes_;
    for (const auto& [segment, contents] : segments_) bytes += contents;
    return bytes;
  }

 private:
  std::string notes_;
  std::vector<std::pair<Elf64_Phdr, std::string>> segments_;
};

// For ParseCore; `bytes` outlives it.
inline auto ReaderOf(const std::string& bytes) {
  return [&bytes](uint64_t offset, absl::Span<std::byte> into) {
    if (offset > bytes.size() || into.size() > bytes.size() - offset) {
      return false;
    }
    std::memcpy(into.data(), bytes.data() + offset, into.size());
    return true;
  };
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_TARGET_CORE_BYTES_H_
