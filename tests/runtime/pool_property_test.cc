// Random programs of green threads at pools, piles and maps, with timeouts,
// kills and resizes, beside what must be true of them.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "absl/time/time.h"
#include "green/green_map.h"
#include "green/green_pile.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/resource_pool.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/crowd_testing.h"
#include "runtime/input_testing.h"

namespace green {
namespace {

// Counts itself as long as it lives.
class Counted {
 public:
  explicit Counted(int& count) : count_(&count) { ++*count_; }
  Counted(Counted&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (count_ != nullptr) --*count_;
  }

 private:
  int* count_;
};

int SizeOf(Random& random) { return static_cast<int>(random.Below(5)); }

void ExpectNobodyWaitsInVain(const GreenPool& pool) {
  ASSERT_TRUE(pool.Waiting() == 0 || pool.Free() <= 0);
}

// Calls end with this, also when they are killed, so that GreenExit is for who
// waits for them.
struct Boom {};

// Some call from inside, and so in place when the pool is full; who kills them
// waits until they have ended, which one that lost its kill never would.
void LosesNoPlace(uint32_t seed) {
  Random random(seed);
  GreenPool pool(SizeOf(random));
  int spawned = 0;
  int alive = 0;  // calls, whether they have begun or not
  int running = 0;
  const auto work = [&](const Counted&) {
    const Counted runs(running);
    while (random.Below(2) == 0) Sleep(random.Milliseconds());
    if (random.Below(4) == 0) throw Boom();
  };
  const auto step = [&] {
    auto call = pool.Spawn([&, counted = Counted(alive)] {
      work(counted);
      while (random.Below(3) == 0) {
        try {
          pool.Spawn(work, Counted(alive)).Wait();
        } catch (const Boom&) {
        }
      }
    });
    ++spawned;
    if (random.Below(2) == 0) Sleep(random.Milliseconds());
    if (random.Below(2) == 0) call.Kill(std::make_exception_ptr(Boom()));
    try {
      call.Wait();
    } catch (const Boom&) {
    }
  };
  RunCrowd(seed, random, step, [&] {
    ASSERT_GE(alive, running);
    ExpectNobodyWaitsInVain(pool);
    if (random.Below(8) == 0) pool.Resize(SizeOf(random));
    ExpectNobodyWaitsInVain(pool);
  });
  pool.WaitAll();
  ASSERT_GT(spawned, 0);
  ASSERT_EQ(alive, 0);
  ASSERT_EQ(pool.Running(), 0);
  ASSERT_EQ(pool.Free(), pool.Size());
}

TEST(GreenPoolProperty, LosesNoPlaceAndNoKill) {
  testing::internal::CaptureStderr();  // of calls that nobody waits for
  ForEachSeed(&LosesNoPlace);
  testing::internal::GetCapturedStderr();
}

// Never more run than there are places.
void RunsNoMoreThanItsSize(uint32_t seed) {
  Random random(seed);
  const int size = 1 + SizeOf(random);
  GreenPool pool(size);
  int running = 0;
  const auto step = [&] {
    pool.SpawnN([&] {
      const Counted runs(running);
      EXPECT_LE(running, size);
      Sleep(random.Milliseconds());
    });
  };
  RunCrowd(seed, random, step, [&] {
    ASSERT_LE(running, pool.Running());
    ASSERT_LE(pool.Running(), size);
    ExpectNobodyWaitsInVain(pool);
  });
  pool.WaitAll();
  ASSERT_EQ(pool.Free(), size);
}

TEST(GreenPoolProperty, RunsNoMoreThanItsSize) {
  ForEachSeed(&RunsNoMoreThanItsSize);
}

// What a pool hands out, and whether somebody has it.
struct Resource {
  explicit Resource(int& count) : alive(count) {}
  Counted alive;
  bool in_use = false;
};

void HandsOutEachOnce(uint32_t seed) {
  Random random(seed);
  int size = SizeOf(random);
  int alive = 0;
  int in_use = 0;
  Pool<std::unique_ptr<Resource>> pool(
      [&] {
        if (random.Below(2) == 0) Sleep(random.Milliseconds());
        if (random.Below(4) == 0) throw std::runtime_error("boom");
        return std::make_unique<Resource>(alive);
      },
      {.max_size = size, .order_as_stack = random.Below(2) == 0});
  const auto step = [&] {
    try {
      auto item = pool.Item();
      const Counted uses(in_use);
      ASSERT_FALSE((*item)->in_use);
      (*item)->in_use = true;
      struct Done {
        ~Done() { resource.in_use = false; }
        Resource& resource;
      };
      const Done done{**item};
      if (random.Below(2) == 0) Sleep(random.Milliseconds());
    } catch (const std::runtime_error&) {
    }
  };
  RunCrowd(seed, random, step, [&] {
    ASSERT_LE(in_use, alive);
    ASSERT_LE(alive, size - std::min(pool.Free(), 0));
    ASSERT_LE(in_use, size - pool.Free());
    ASSERT_TRUE(pool.Waiting() == 0 || pool.Free() <= 0);
    if (random.Below(8) == 0) {
      size = SizeOf(random);
      pool.Resize(size);
    }
    ASSERT_TRUE(pool.Waiting() == 0 || pool.Free() <= 0);
  });
  ASSERT_EQ(in_use, 0);
  ASSERT_EQ(pool.Waiting(), 0);
  ASSERT_EQ(pool.Free(), size);
  ASSERT_LE(alive, size);
}

TEST(ResourcePoolProperty, HandsOutEachItemToOneAndLosesNone) {
  ForEachSeed(&HandsOutEachOnce);
}

// Takes with interruptions: a limit, or being killed, loses nothing. Numbers
// that a call has thrown count as given.
template <typename Results>
std::optional<int> TakeOne(Results& results) {
  try {
    return results.Next();
  } catch (const int thrown) {
    return thrown;
  }
}

int GiveOrThrow(Random& random, int number) {
  while (random.Below(2) == 0) Sleep(random.Milliseconds());
  if (random.Below(4) == 0) throw number;
  return number;
}

void GivesAllInOrder(uint32_t seed) {
  Random random(seed);
  GreenPool pool(1 + SizeOf(random));
  GreenPile<int> pile(pool);
  std::deque<int> spawned;
  int next = 0;
  const auto take = [&] {
    const std::optional<int> number = TakeOne(pile);
    if (!number.has_value()) return false;
    EXPECT_FALSE(spawned.empty());
    if (spawned.empty()) return false;
    EXPECT_EQ(*number, spawned.front());
    spawned.pop_front();
    return true;
  };
  const auto step = [&] {
    if (random.Below(2) == 0) {
      take();
      return;
    }
    const int number = next++;
    pile.Spawn([&random, number] { return GiveOrThrow(random, number); });
    spawned.push_back(number);
  };
  RunCrowd(seed, random, step, [&] { ExpectNobodyWaitsInVain(pool); });
  while (take()) {
  }
  ASSERT_TRUE(spawned.empty());
  pool.WaitAll();
  ASSERT_EQ(pool.Free(), pool.Size());
}

TEST(GreenPileProperty, GivesAllInOrder) { ForEachSeed(&GivesAllInOrder); }

void GivesAllInOrderOrIsAbandoned(uint32_t seed) {
  Random random(seed);
  const int size = 1 + SizeOf(random);
  const int length = static_cast<int>(random.Below(40));
  const bool input_throws = random.Below(4) == 0;
  int read = 0;
  int running = 0;
  int taken = 0;
  int input_threw = 0;
  std::optional<GreenPool> pool(size);
  const auto input = [&](int number) {
    if (random.Below(4) == 0) Sleep(random.Milliseconds());
    ++read;
    if (input_throws && number == length - 1) {
      throw std::runtime_error("of the input");
    }
    return number;
  };
  std::optional map(pool->IMap(
      [&](int number) {
        const Counted runs(running);
        EXPECT_LE(running, size);
        return GiveOrThrow(random, number);
      },
      InputOf(0, length, input)));
  pool.reset();
  bool ended = false;
  const auto step = [&] {
    if (!map.has_value()) return;
    try {
      const std::optional<int> number = TakeOne(*map);
      if (number.has_value()) {
        ASSERT_EQ(*number, taken++);
      } else {
        ended = true;
      }
    } catch (const std::runtime_error&) {
      ++input_threw;
    }
  };
  RunCrowd(seed, random, step, [&] { ASSERT_LE(read, taken + size); });
  const bool abandon = random.Below(2) == 0;
  while (!abandon && !ended) step();
  if (ended) {
    ASSERT_EQ(taken + input_threw, length);
    ASSERT_EQ(input_threw, input_throws && length > 0 ? 1 : 0);
  }
  testing::internal::CaptureStderr();  // of calls that nobody takes
  map.reset();
  const int read_then = read;
  while (Hub::Current().Stats().green_threads > 0) Sleep(random.Milliseconds());
  testing::internal::GetCapturedStderr();
  ASSERT_EQ(read, read_then);
  ASSERT_EQ(running, 0);
}

TEST(GreenMapProperty, GivesAllInOrderOrIsAbandoned) {
  ForEachSeed(&GivesAllInOrderOrIsAbandoned);
}

}  // namespace
}  // namespace green
