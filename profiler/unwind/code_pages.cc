#include "unwind/code_pages.h"

#include <algorithm>
#include <cstring>

#include "model/machine.h"

namespace hubspy {
namespace {

constexpr size_t kPageBytes = 4096;  // of ours: it need not be the target's
// 8 MiB of code that is on a stack; when there is more, all is read anew.
constexpr size_t kMaxPages = 2048;
// Then a page is read again, changed or not: a thousandth of a read a look.
constexpr uint64_t kMaxAge = 1000;

Address PageOf(Address address) {
  return address - address.value() % kPageBytes;
}

}  // namespace

size_t CodePages::Read(Address from, absl::Span<uint8_t> into) {
  if (!readable()) return 0;
  size_t done = 0;
  while (done < into.size()) {
    const Address at = from + done;
    const uint64_t offset = at.value() % kPageBytes;
    const Page& page = Get(PageOf(at));
    if (page.bytes.size() <= offset) break;
    const size_t size =
        std::min<size_t>(page.bytes.size() - offset, into.size() - done);
    std::memcpy(into.data() + done, page.bytes.data() + offset, size);
    done += size;
    if (page.bytes.size() < kPageBytes) break;
  }
  return done;
}

bool CodePages::ReadAgain(Address address) {
  if (!readable()) return false;
  const uint64_t before = edition_;
  const Address last = PageOf(address);
  for (Address at =
           PageOf(address - std::min<uint64_t>(kMaxCallBytes, address.value()));
       at <= last; at = at + kPageBytes) {
    const auto page = pages_.find(at);
    if (page == pages_.end() || page->second.read_at == look_) continue;
    if (Fetch(at, page->second)) ++edition_;
  }
  return edition_ != before;
}

const CodePages::Page& CodePages::Get(Address at) {
  auto known = pages_.find(at);
  if (known == pages_.end()) {
    if (pages_.size() >= kMaxPages) {
      pages_.clear();
      ++edition_;
    }
    known = pages_.emplace(at, Page{}).first;
    Fetch(at, known->second);
  } else if (look_ - known->second.read_at > kMaxAge) {
    if (Fetch(at, known->second)) ++edition_;
  }
  return known->second;
}

// Whether it is other than before.
bool CodePages::Fetch(Address at, Page& page) {
  std::vector<std::byte> bytes(kPageBytes);
  bytes.resize(std::min(kPageBytes, source_(at, absl::MakeSpan(bytes))));
  page.read_at = look_;
  if (bytes == page.bytes) return false;
  page.bytes = std::move(bytes);
  return true;
}

}  // namespace hubspy
