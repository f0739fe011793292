#include "green/context.h"

#include <fenv.h>
#include <unwind.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "green/sanitizers.h"
#include "green/stack.h"
#include "gtest/gtest.h"
#include "runtime/machine.h"

namespace green::internal {
namespace {

using ::testing::ElementsAre;

// A function on a stack of its own that goes back and forth with the test.
class Coroutine {
 public:
  explicit Coroutine(std::function<void(Coroutine&)> body)
      : body_(std::move(body)), stack_(pool_.Acquire()) {
    caller_stack_.AdoptThread();
    own_stack_.Create(stack_.begin, stack_.end);
    own_sp_ = PrepareContext(stack_.end, &Coroutine::Main, this);
  }
  ~Coroutine() { own_stack_.Destroy(); }

  // By the test: runs the body up to its next Back(), or its end.
  void Go() {
    caller_stack_.BeginSwitch(own_stack_);
    SwitchContext(&caller_sp_, own_sp_);
    caller_stack_.EndSwitch(own_stack_);
  }

  // By the body.
  void Back() {
    own_stack_.BeginSwitch(caller_stack_);
    SwitchContext(&own_sp_, caller_sp_);
    own_stack_.EndSwitch(caller_stack_);
  }

  const Stack& stack() const { return stack_; }
  uint64_t saved_sp() const { return own_sp_; }

 private:
  static void Main(void* argument) {
    auto& self = *static_cast<Coroutine*>(argument);
    self.own_stack_.EndSwitch(self.caller_stack_);
    self.body_(self);
    self.own_stack_.BeginLastSwitch(self.caller_stack_);
    SwitchContext(&self.own_sp_, self.caller_sp_);
  }

  std::function<void(Coroutine&)> body_;
  StackPool pool_{size_t{256} << 10};
  Stack stack_;
  uint64_t own_sp_ = 0;
  uint64_t caller_sp_ = 0;
  SanitizedStack own_stack_;
  SanitizedStack caller_stack_;
};

MATCHER_P(CountsFrom, first, "") {
  for (size_t i = 0; i < arg.size(); ++i) {
    if (arg[i] != static_cast<uint64_t>(first) + i) return false;
  }
  return !arg.empty();
}

TEST(Context, SwitchesBackAndForth) {
  std::vector<std::string> order;
  Coroutine coroutine([&](Coroutine& self) {
    order.push_back("in 1");
    self.Back();
    order.push_back("in 2");
  });
  coroutine.Go();
  order.push_back("out");
  coroutine.Go();
  EXPECT_THAT(order, ElementsAre("in 1", "out", "in 2"));
}

TEST(Context, RunsOnItsStack) {
  uint64_t address = 0;
  Coroutine coroutine([&](Coroutine&) {
    address = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  });
  coroutine.Go();
  EXPECT_GE(address, coroutine.stack().begin);
  EXPECT_LT(address, coroutine.stack().end);
}

TEST(Context, BeginsWithAnAlignedStack) {
  // A function may assume that its frame ends on 16 bytes (System V ABI AMD64,
  // 3.2.2; Procedure Call Standard for AArch64, 6.4.5.1): aligned vector moves,
  // or any use of the stack, fault otherwise.
  bool aligned = false;
  Coroutine coroutine([&](Coroutine&) {
    alignas(16) volatile char buffer[16] = {};
    aligned = reinterpret_cast<uint64_t>(&buffer) % 16 == 0 &&
              reinterpret_cast<uint64_t>(__builtin_frame_address(0)) % 16 == 0;
  });
  coroutine.Go();
  EXPECT_TRUE(aligned);
}

TEST(Context, ExceptionsStayOnTheirStack) {
  std::string caught;
  Coroutine coroutine([&](Coroutine& self) {
    try {
      self.Back();
      throw std::runtime_error("inside");
    } catch (const std::exception& e) {
      caught = e.what();
    }
  });
  coroutine.Go();
  coroutine.Go();
  EXPECT_EQ(caught, "inside");
}

TEST(Context, KeepsTheRoundingModeApart) {
  int inside = -1;
  Coroutine coroutine([&](Coroutine& self) {
    fesetround(FE_UPWARD);
    self.Back();
    inside = fegetround();
  });
  fesetround(FE_TOWARDZERO);
  coroutine.Go();
  const int outside = fegetround();
  coroutine.Go();
  fesetround(FE_TONEAREST);
  EXPECT_EQ(outside, FE_TOWARDZERO);
  EXPECT_EQ(inside, FE_UPWARD);
}

TEST(Context, KeepsApartWhatHappened) {
  int inside = -1;
  Coroutine coroutine([&](Coroutine& self) {
    feclearexcept(FE_ALL_EXCEPT);
    self.Back();
    inside = fetestexcept(FE_DIVBYZERO);
  });
  coroutine.Go();
  feraiseexcept(FE_DIVBYZERO);
  coroutine.Go();
  EXPECT_EQ(inside, 0);
  EXPECT_EQ(fetestexcept(FE_DIVBYZERO), FE_DIVBYZERO);
}

TEST(Context, KeepsPreservedRegistersApart) {
  std::vector<uint64_t> inside;
  Coroutine coroutine([&](Coroutine& self) {
    inside = FillPreservedAndCall(
        1000, [](void* c) { static_cast<Coroutine*>(c)->Back(); }, &self);
  });
  coroutine.Go();
  const std::vector<uint64_t> outside = FillPreservedAndCall(
      2000, [](void* c) { static_cast<Coroutine*>(c)->Go(); }, &coroutine);
  EXPECT_THAT(outside, CountsFrom(2001));
  EXPECT_THAT(inside, CountsFrom(1001));
}

_Unwind_Reason_Code Collect(_Unwind_Context* context, void* addresses) {
  // libgcc shows the end of the stack as one more frame, at 0.
  if (const uint64_t address = _Unwind_GetIP(context); address != 0) {
    static_cast<std::vector<uint64_t>*>(addresses)->push_back(address);
  }
  return _URC_NO_REASON;
}

TEST(Context, AnUnwinderStopsAtItsFirstFrame) {
  std::vector<uint64_t> addresses;
  _Unwind_Reason_Code reason = _URC_NO_REASON;
  Coroutine coroutine(
      [&](Coroutine&) { reason = _Unwind_Backtrace(Collect, &addresses); });
  coroutine.Go();
  EXPECT_EQ(reason, _URC_END_OF_STACK);
  ASSERT_FALSE(addresses.empty());
  EXPECT_LT(addresses.size(), 20u);
  const auto start = reinterpret_cast<uint64_t>(&green_start_context);
  const auto is_in_start = [&](uint64_t address) {
    return address > start && address <= start + 16;
  };
  EXPECT_TRUE(is_in_start(addresses.back())) << std::hex << addresses.back();
}

// Of whom a switch goes to that has not begun yet, an unwinder asks for the
// byte before where it will begin.
TEST(Context, TheByteBeforeItsFirstInstructionIsItsOwn) {
  const auto start = reinterpret_cast<uintptr_t>(&green_start_context);
  const void* const function =
      _Unwind_FindEnclosingFunction(reinterpret_cast<void*>(start + 1));
  ASSERT_NE(function, nullptr);
  // This looks up the byte before the one that it is told.
  EXPECT_EQ(_Unwind_FindEnclosingFunction(reinterpret_cast<void*>(start)),
            function);
}

TEST(Context, ASavedContextHoldsItsReturnAddress) {
  Coroutine coroutine([](Coroutine& self) { self.Back(); });
  coroutine.Go();
  ASSERT_GE(coroutine.saved_sp(), coroutine.stack().begin);
  ASSERT_LE(coroutine.saved_sp() + sizeof(SavedContext), coroutine.stack().end);
  const auto* saved =
      reinterpret_cast<const SavedContext*>(coroutine.saved_sp());
  const void* function =
      _Unwind_FindEnclosingFunction(reinterpret_cast<void*>(saved->pc()));
  EXPECT_NE(function, nullptr);
  coroutine.Go();
}

}  // namespace
}  // namespace green::internal
