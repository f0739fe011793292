#include "target/linux/process_vm.h"

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// Linux takes up to UIO_MAXIOV (1024) ranges in a call; more than a few dozen
// gain nothing.
constexpr size_t kRangesPerCall = 64;

iovec RemoteIovec(Address at, size_t size) {
  return {reinterpret_cast<void*>(at.value()), size};
}

// The kernel refuses a range that wraps around the address space outright.
uint64_t BytesToTheTop(Address from) {
  return std::numeric_limits<uint64_t>::max() - from.value();
}

}  // namespace

size_t ProcessVmMemory::Read(Address from, absl::Span<std::byte> into) const {
  size_t done = 0;
  while (done < into.size()) {
    const Address at = from + done;
    const iovec local = {into.data() + done, into.size() - done};
    const iovec remote =
        RemoteIovec(at, std::min<uint64_t>(local.iov_len, BytesToTheTop(at)));
    ssize_t n = process_vm_readv(tid_, &local, 1, &remote, 1, 0);
    if (n < 0 && errno == ESRCH) {
      const absl::StatusOr<int32_t> living = process_.LivingThread();
      if (!living.ok()) break;
      tid_ = *living;
      n = process_vm_readv(tid_, &local, 1, &remote, 1, 0);
    }
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

absl::Status StackReader::Prepare(absl::Span<const AddressRange> also,
                                  size_t max_stack_bytes) {
  pieces_.clear();
  uint64_t total = 0;
  const auto add = [&](AddressRange range) {
    pieces_.push_back({.range = range, .buffer_offset = total});
    total += range.size();
  };
  for (const AddressRange& range : also) {
    if (range.end < range.begin || range.size() > kMaxBytes - total) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot capture ", also.size(), " ranges: at ",
                       absl::Hex(range.begin.value()), " there are more than ",
                       kMaxBytes, " bytes"));
    }
    add(range);
  }
  if (max_stack_bytes > kMaxBytes - total) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot capture ", max_stack_bytes, " bytes of stack at once"));
  }
  add({Address(0), Address(max_stack_bytes)});
  max_stack_bytes_ = max_stack_bytes;
  if (buffer_.size() < total) buffer_.resize(total);
  return absl::OkStatus();
}

void StackReader::Read(int32_t tid, Address sp, size_t most_stack_bytes) {
  pieces_.back().range = {
      sp, sp + std::min<uint64_t>(
                   {max_stack_bytes_, most_stack_bytes, BytesToTheTop(sp)})};
  for (size_t next = 0; next < pieces_.size();) next = ReadFrom(tid, next);
}

size_t StackReader::ReadFrom(int32_t tid, size_t first) {
  std::array<iovec, kRangesPerCall> local;
  std::array<iovec, kRangesPerCall> remote;
  const size_t count = std::min(pieces_.size() - first, kRangesPerCall);
  for (size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces_[first + i];
    const size_t size = piece.range.size();
    local[i] = {buffer_.data() + piece.buffer_offset, size};
    remote[i] = RemoteIovec(piece.range.begin, size);
  }
  const ssize_t n =
      process_vm_readv(tid, local.data(), count, remote.data(), count, 0);

  // The bytes lie in the pieces in their order; where they end early, that
  // piece is short, and the ones behind it have not been tried yet.
  size_t rest = n > 0 ? static_cast<size_t>(n) : 0;
  for (size_t i = first; i < first + count; ++i) {
    Piece& piece = pieces_[i];
    piece.read = std::min<size_t>(rest, piece.range.size());
    rest -= piece.read;
    if (piece.read < piece.range.size()) return i + 1;
  }
  return first + count;
}

MemoryCopy StackReader::Copy(const Piece& piece) const {
  const auto begin =
      buffer_.begin() + static_cast<ptrdiff_t>(piece.buffer_offset);
  return {piece.range.begin,
          {begin, begin + static_cast<ptrdiff_t>(piece.read)}};
}

std::vector<MemoryCopy> StackReader::Extra() const {
  std::vector<MemoryCopy> extra;
  for (size_t i = 0; i + 1 < pieces_.size(); ++i) {
    extra.push_back(Copy(pieces_[i]));
  }
  return extra;
}

}  // namespace hubspy
