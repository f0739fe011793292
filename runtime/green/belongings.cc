#include "green/belongings.h"

#include "green/control_block.h"

namespace green::internal {

Belongings& BelongingsOf(ControlBlock& block) {
  if (block.belongings == nullptr) block.belongings = new Belongings;
  return *block.belongings;
}

void AddLocal(ControlBlock& spawner, ControlBlock& spawned) {
  Belongings& whole = BelongingsOf(spawner);
  Belongings& part = BelongingsOf(spawned);
  part.spawner = &spawner;
  part.next_local = whole.first_local;
  if (whole.first_local != nullptr) {
    whole.first_local->belongings->previous_local = &spawned;
  }
  whole.first_local = &spawned;
}

void LeaveSpawner(ControlBlock& block) {
  if (block.belongings == nullptr) return;
  Belongings& part = *block.belongings;
  if (part.spawner == nullptr) return;
  if (part.next_local != nullptr) {
    part.next_local->belongings->previous_local = part.previous_local;
  }
  (part.previous_local == nullptr
       ? part.spawner->belongings->first_local
       : part.previous_local->belongings->next_local) = part.next_local;
  part.spawner = part.next_local = part.previous_local = nullptr;
}

}  // namespace green::internal
