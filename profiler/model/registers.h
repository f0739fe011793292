// The registers of a stopped, sleeping or suspended thread, as far as known.
//
//   Registers r = Registers::FromPcAndSp(pc, sp);   // all that /proc tells
//   r.Get(Reg::kFp)                                // nullopt: not known
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
#include "model/machine.h"

namespace hubspy {

class Registers {
 public:
  static constexpr int kCount = kRegisterCount;

  static Registers FromPcAndSp(Address pc, Address sp) {
    Registers r;
    r.Set(Reg::kPc, pc.value());
    r.Set(Reg::kSp, sp.value());
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

  // Of the same thread's, of which nothing is known yet.
  Registers OfAnotherFrame() const {
    Registers r;
    r.signature_bits_ = signature_bits_;
    return r;
  }

  // Where the thread's code goes on that has stored this number, or a signed
  // one, to return.
  Address WithoutSignature(uint64_t stored) const {
    return Address(stored & ~signature_bits_);
  }
  // Where it differs from this machine: those that may be a signature.
  void SetSignatureBits(uint64_t bits) { signature_bits_ = bits; }

  // Zero where not known.
  Address pc() const { return Address(Get(Reg::kPc).value_or(0)); }
  Address sp() const { return Address(Get(Reg::kSp).value_or(0)); }

 private:
  static constexpr size_t Index(Reg reg) { return static_cast<size_t>(reg); }

  std::array<uint64_t, kCount> values_{};
  std::bitset<kCount> known_;
  uint64_t signature_bits_ = SignatureBits();
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_REGISTERS_H_
