// What this process publishes about its own hubs, read as an observer would: by
// the note in its program headers and the field tables, and by nothing else.
#ifndef HUBSPY_TESTS_RUNTIME_INTROSPECT_TESTING_H_
#define HUBSPY_TESTS_RUNTIME_INTROSPECT_TESTING_H_

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "green/green.h"
#include "green/introspect_abi.h"
#include "gtest/gtest.h"

namespace green {

inline const abi::Block* BlockOfNotes(const char* notes, size_t size) {
  const auto padded = [](uint32_t n) { return (n + 3) / 4 * 4; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof(note));
    const char* const owner = notes + sizeof(note);
    const char* const description = owner + padded(note.n_namesz);
    if (note.n_namesz == sizeof(abi::kNoteOwner) &&
        std::memcmp(owner, abi::kNoteOwner, note.n_namesz) == 0 &&
        note.n_type == abi::kNoteType && note.n_descsz == sizeof(int64_t)) {
      int64_t distance;
      std::memcpy(&distance, description, sizeof(distance));
      return reinterpret_cast<const abi::Block*>(description + distance);
    }
    const size_t all =
        sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
    if (all > size) break;
    notes += all;
    size -= all;
  }
  return nullptr;
}

inline std::vector<const abi::Block*> FindBlocks() {
  std::vector<const abi::Block*> blocks;
  dl_iterate_phdr(
      [](dl_phdr_info* module, size_t, void* found) {
        for (int i = 0; i < module->dlpi_phnum; ++i) {
          const auto& header = module->dlpi_phdr[i];
          if (header.p_type != PT_NOTE || header.p_align > 4) continue;
          const auto* block = BlockOfNotes(
              reinterpret_cast<const char*>(module->dlpi_addr + header.p_vaddr),
              header.p_memsz);
          if (block != nullptr) {
            static_cast<std::vector<const abi::Block*>*>(found)->push_back(
                block);
          }
        }
        return 0;
      },
      &blocks);
  return blocks;
}

inline const abi::Block& TheBlock() {
  static const abi::Block* const block = FindBlocks().at(0);
  return *block;
}

// One record, read by its table. Loads are atomic, because the hub's thread may
// be writing.
class Record {
 public:
  Record(uint64_t address, const abi::FieldInfo* fields, uint32_t count)
      : address_(address) {
    for (uint32_t i = 0; i < count; ++i) fields_[fields[i].field] = fields[i];
  }

  uint64_t Get(uint16_t field) const {
    const abi::FieldInfo& info = fields_.at(field);
    const uint64_t at = address_ + info.offset;
    switch (info.size) {
      case 4:
        return __atomic_load_n(reinterpret_cast<uint32_t*>(at),
                               __ATOMIC_ACQUIRE);
      case 8:
        return __atomic_load_n(reinterpret_cast<uint64_t*>(at),
                               __ATOMIC_ACQUIRE);
    }
    ADD_FAILURE() << "field " << field << " is " << info.size << " wide";
    return 0;
  }
  int64_t GetSigned(uint16_t field) const {
    return static_cast<int64_t>(Get(field));
  }
  std::string GetText(uint16_t field) const {
    const abi::FieldInfo& info = fields_.at(field);
    const char* text = reinterpret_cast<const char*>(address_ + info.offset);
    return std::string(text, strnlen(text, info.size));
  }
  uint64_t address() const { return address_; }

 private:
  uint64_t address_;
  std::map<uint16_t, abi::FieldInfo> fields_;
};

inline std::vector<Record> Hubs() {
  const abi::Block& block = TheBlock();
  std::vector<Record> hubs;
  uint64_t at = __atomic_load_n(&block.first_hub, __ATOMIC_ACQUIRE);
  while (at != 0) {
    hubs.emplace_back(at, block.hub_fields, block.hub_field_count);
    at = hubs.back().Get(abi::kHubNext);
  }
  return hubs;
}

inline std::optional<Record> HubOfThread(uint64_t thread_id) {
  for (const Record& hub : Hubs()) {
    if (hub.Get(abi::kHubThreadId) == thread_id) return hub;
  }
  return std::nullopt;
}

inline Record MyHub() {
  Hub::Current();
  return HubOfThread(static_cast<uint64_t>(gettid())).value();
}

inline std::vector<Record> GreenThreads(const Record& hub) {
  const abi::Block& block = TheBlock();
  std::vector<Record> threads;
  for (uint64_t at = hub.Get(abi::kHubFirstSlab); at != 0;) {
    const auto* slab = reinterpret_cast<const abi::Slab*>(at);
    for (uint32_t i = 0; i < slab->count; ++i) {
      Record record(at + sizeof(abi::Slab) + uint64_t{i} * block.green_size,
                    block.green_fields, block.green_field_count);
      if (record.Get(abi::kGreenId) != 0) threads.push_back(record);
    }
    at = slab->next;
  }
  return threads;
}

inline std::optional<Record> Named(const Record& hub, const std::string& name) {
  for (const Record& thread : GreenThreads(hub)) {
    if (thread.GetText(abi::kGreenName) == name) return thread;
  }
  return std::nullopt;
}

}  // namespace green

#endif  // HUBSPY_TESTS_RUNTIME_INTROSPECT_TESTING_H_
