// The registers of a stopped, sleeping or suspended thread, as far as known.
//
//   Registers r = Registers::FromPcAndSp(pc, sp);   // all that /proc tells
//   r.Get(Reg::kRbp)                                // nullopt: not known
//
// The surprising part: unknown is a value. A thread read while it sleeps shows
// only pc and sp; an unwinder that took zeros for the rest would walk into
// garbage without noticing.
#ifndef HUBSPY_MODEL_REGISTERS_H_
#define HUBSPY_MODEL_REGISTERS_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

#include "model/address.h"

namespace hubspy {

// x86_64 by DWARF register number (System V ABI AMD64, figure 3.36).
enum class Reg : uint8_t {
  kRax = 0,
  kRdx = 1,
  kRcx = 2,
  kRbx = 3,
  kRsi = 4,
  kRdi = 5,
  kRbp = 6,
  kRsp = 7,
  kR8 = 8,
  kR9 = 9,
  kR10 = 10,
  kR11 = 11,
  kR12 = 12,
  kR13 = 13,
  kR14 = 14,
  kR15 = 15,
  kRip = 16,
};

class Registers {
 public:
  static constexpr int kCount = 17;

  static Registers FromPcAndSp(Address pc, Address sp) {
    Registers r;
    r.Set(Reg::kRip, pc.value());
    r.Set(Reg::kRsp, sp.value());
    return r;
  }

  std::optional<uint64_t> Get(Reg reg) const {
    if (!Has(reg)) return std::nullopt;
    return values_[Index(reg)];
  }
  bool Has(Reg reg) const { return known_[Index(reg)]; }
  void Set(Reg reg, uint64_t value) {
    values_[Index(reg)] = value;
    known_.set(Index(reg));
  }
  void Forget(Reg reg) { known_.reset(Index(reg)); }

  // Zero where not known.
  Address pc() const { return Address(Get(Reg::kRip).value_or(0)); }
  Address sp() const { return Address(Get(Reg::kRsp).value_or(0)); }

 private:
  static constexpr size_t Index(Reg reg) { return static_cast<size_t>(reg); }

  std::array<uint64_t, kCount> values_{};
  std::bitset<kCount> known_;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_REGISTERS_H_
