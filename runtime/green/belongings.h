// What few green threads have: values of Local<T>, and green threads that end
// with them before they have begun (SpawnAfterLocal).
#ifndef GREEN_BELONGINGS_H_
#define GREEN_BELONGINGS_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace green::internal {

struct ControlBlock;

struct Belongings {
  // A Local<T>'s number and its value for this green thread.
  std::vector<std::pair<uint64_t, std::shared_ptr<void>>> locals;

  // The green threads that this one spawned locally and that have not begun,
  // as a list through their own belongings.
  ControlBlock* first_local = nullptr;

  // Its own place in such a list.
  ControlBlock* spawner = nullptr;
  ControlBlock* next_local = nullptr;
  ControlBlock* previous_local = nullptr;
};

Belongings& BelongingsOf(ControlBlock& block);

void AddLocal(ControlBlock& spawner, ControlBlock& spawned);

// `block` begins, or has ended before it did. Nothing happens when it was not
// spawned locally.
void LeaveSpawner(ControlBlock& block);

}  // namespace green::internal

#endif  // GREEN_BELONGINGS_H_
