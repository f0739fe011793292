#include "target/linux/process_vm.h"

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// Linux takes up to UIO_MAXIOV (1024) ranges in a call; more than a few dozen
// gain nothing.
constexpr size_t kRangesPerCall = 64;

// The kernel refuses a range that wraps around the address space outright.
uint64_t BytesToTheTop(Address from) {
  return std::numeric_limits<uint64_t>::max() - from.value();
}

iovec RemoteIovec(Address at, size_t size) {
  return {reinterpret_cast<void*>(at.value()),
          std::min<uint64_t>(size, BytesToTheTop(at))};
}

// Reads pieces from the first one on, in one call; the number of those that
// are done with. `error`: the call's, or 0.
size_t ReadSome(int32_t tid, absl::Span<MemoryPiece> pieces, int& error) {
  std::array<iovec, kRangesPerCall> local;
  std::array<iovec, kRangesPerCall> remote;
  const size_t count = std::min(pieces.size(), kRangesPerCall);
  for (size_t i = 0; i < count; ++i) {
    const MemoryPiece& piece = pieces[i];
    remote[i] = RemoteIovec(piece.from, piece.into.size());
    local[i] = {piece.into.data(), remote[i].iov_len};
  }
  const ssize_t n =
      process_vm_readv(tid, local.data(), count, remote.data(), count, 0);
  error = n < 0 ? errno : 0;

  // The bytes lie in the pieces in their order; where they end early, that
  // piece is short, and the ones behind it have not been tried yet.
  size_t rest = n > 0 ? static_cast<size_t>(n) : 0;
  for (size_t i = 0; i < count; ++i) {
    pieces[i].read = std::min(rest, remote[i].iov_len);
    rest -= pieces[i].read;
    if (pieces[i].read < remote[i].iov_len) return i + 1;
  }
  return count;
}

MemoryCopy CopyOf(const MemoryPiece& piece) {
  return {piece.from,
          {piece.into.begin(),
           piece.into.begin() + static_cast<ptrdiff_t>(piece.read)}};
}

}  // namespace

size_t ProcessVmMemory::Read(Address from, absl::Span<std::byte> into) const {
  size_t done = 0;
  while (done < into.size()) {
    const Address at = from + done;
    const iovec remote = RemoteIovec(at, into.size() - done);
    const iovec local = {into.data() + done, remote.iov_len};
    ssize_t n = process_vm_readv(tid_, &local, 1, &remote, 1, 0);
    if (n < 0 && errno == ESRCH && FindLivingThread()) {
      n = process_vm_readv(tid_, &local, 1, &remote, 1, 0);
    }
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

void ProcessVmMemory::ReadEach(absl::Span<MemoryPiece> pieces) const {
  while (!pieces.empty()) {
    int error = 0;
    size_t done = ReadSome(tid_, pieces, error);
    if (error == ESRCH && FindLivingThread()) {
      done = ReadSome(tid_, pieces, error);
    }
    pieces.remove_prefix(done);
  }
}

bool ProcessVmMemory::FindLivingThread() const {
  const absl::StatusOr<int32_t> living = process_.LivingThread();
  if (living.ok()) tid_ = *living;
  return living.ok();
}

absl::Status StackReader::Prepare(absl::Span<const AddressRange> also,
                                  size_t max_stack_bytes) {
  uint64_t total = 0;
  for (const AddressRange& range : also) {
    if (range.end < range.begin || range.size() > kMaxBytes - total) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot capture ", also.size(), " ranges: at ",
                       absl::Hex(range.begin.value()), " there are more than ",
                       kMaxBytes, " bytes"));
    }
    total += range.size();
  }
  if (max_stack_bytes > kMaxBytes - total) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot capture ", max_stack_bytes, " bytes of stack at once"));
  }
  total += max_stack_bytes;
  max_stack_bytes_ = max_stack_bytes;
  if (buffer_.size() < total) buffer_.resize(total);

  pieces_.clear();
  absl::Span<std::byte> room = absl::MakeSpan(buffer_);
  for (const AddressRange& range : also) {
    pieces_.push_back({range.begin, room.first(range.size())});
    room.remove_prefix(range.size());
  }
  pieces_.push_back({Address(0), room});
  return absl::OkStatus();
}

void StackReader::Read(int32_t tid, Address sp, size_t most_stack_bytes) {
  MemoryPiece& stack = pieces_.back();
  stack.from = sp;
  const size_t begin = static_cast<size_t>(stack.into.data() - buffer_.data());
  stack.into = absl::MakeSpan(buffer_).subspan(
      begin, std::min(max_stack_bytes_, most_stack_bytes));
  for (absl::Span<MemoryPiece> rest = absl::MakeSpan(pieces_); !rest.empty();) {
    int error = 0;
    rest.remove_prefix(ReadSome(tid, rest, error));
  }
}

MemoryCopy StackReader::Stack() const { return CopyOf(pieces_.back()); }

std::vector<MemoryCopy> StackReader::Extra() const {
  std::vector<MemoryCopy> extra;
  for (size_t i = 0; i + 1 < pieces_.size(); ++i) {
    extra.push_back(CopyOf(pieces_[i]));
  }
  return extra;
}

}  // namespace hubspy
