// Addresses in the target, each with its meaning in its type.
//
//   Address sp(0x7ffc0000);
//   CodeAddress top = CodeAddress::Exact(pc);
//   CodeAddress caller = CodeAddress::Return(Address(0x401234));
//   symbolizer.Resolve(caller.lookup());   // 0x401233: inside the call
//
// The surprising part: a return address names the instruction after the call,
// which may belong to another line, another inlined function or, behind a call
// that does not return, another function altogether. Whoever looks a frame up
// (unwind row, function, line) asks lookup(), never the address itself.
#ifndef HUBSPY_MODEL_ADDRESS_H_
#define HUBSPY_MODEL_ADDRESS_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace hubspy {

// A virtual address in the target.
class Address {
 public:
  constexpr Address() = default;
  constexpr explicit Address(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }

  // Wraps, as the target's arithmetic does.
  constexpr Address operator+(uint64_t bytes) const {
    return Address(value_ + bytes);
  }
  constexpr Address operator-(uint64_t bytes) const {
    return Address(value_ - bytes);
  }
  // Distance in bytes; the caller knows that `from` is not above.
  constexpr uint64_t operator-(Address from) const {
    return value_ - from.value_;
  }
  friend constexpr auto operator<=>(Address, Address) = default;

  template <typename H>
  friend H AbslHashValue(H h, Address a) {
    return H::combine(std::move(h), a.value_);
  }

 private:
  uint64_t value_ = 0;
};

// A half-open range [begin, end) of the target's memory.
struct AddressRange {
  Address begin;
  Address end;

  constexpr uint64_t size() const { return end - begin; }
  constexpr bool Contains(Address a) const { return begin <= a && a < end; }
  friend constexpr bool operator==(AddressRange, AddressRange) = default;
};

// Where a frame is: the instruction it is about to execute, or the one it will
// return to.
class CodeAddress {
 public:
  constexpr CodeAddress() = default;
  static constexpr CodeAddress Exact(Address pc) { return {pc, false}; }
  static constexpr CodeAddress Return(Address pc) { return {pc, true}; }

  constexpr Address address() const { return address_; }
  constexpr bool is_return() const { return is_return_; }
  // An address inside the instruction that the frame is executing.
  constexpr Address lookup() const {
    return is_return_ ? address_ - 1 : address_;
  }
  friend constexpr auto operator<=>(CodeAddress, CodeAddress) = default;

  template <typename H>
  friend H AbslHashValue(H h, CodeAddress a) {
    return H::combine(std::move(h), a.address_, a.is_return_);
  }

 private:
  constexpr CodeAddress(Address address, bool is_return)
      : address_(address), is_return_(is_return) {}

  Address address_;
  bool is_return_ = false;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_ADDRESS_H_
