#include "cli/green_watch.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "cli/deep_stacks.h"
#include "target/now.h"

namespace hubspy {
namespace {

// How often one that moves is looked at again in one look.
constexpr int kRounds = 5;

// Most green threads wait some calls deep; who is deeper is copied again.
constexpr std::array<size_t, 3> kCopyBytes = {2048, 64 * 1024,
                                              DeepStacks::kMostBytes};

bool SameStay(const GreenThreadView& a, const GreenThreadView& b) {
  return a.id == b.id && a.switches == b.switches && a.context == b.context;
}

void AddTime(GreenState state, int64_t ns, GreenTimes& times) {
  switch (state) {
    case GreenState::kRunning:
      times.busy_ns += ns;
      break;
    case GreenState::kReady:
      times.ready_ns += ns;
      break;
    case GreenState::kWaiting:
    case GreenState::kFinished:
      times.waiting_ns += ns;
      break;
  }
}

// The thread's own code has no entry, and no stack but the thread's.
bool HasNotBegun(const GreenThreadView& view) {
  return !view.stack.end && view.entry;
}

}  // namespace

size_t GreenWatch::SameFrames::operator()(
    const std::shared_ptr<const Stack>& stack) const {
  return absl::HashOf(stack->program, stack->frames, stack->end);
}

bool GreenWatch::SameFrames::operator()(
    const std::shared_ptr<const Stack>& a,
    const std::shared_ptr<const Stack>& b) const {
  return a->program == b->program && a->end == b->end &&
         a->frames == b->frames && a->left_out.after == b->left_out.after &&
         a->left_out.count == b->left_out.count;
}

absl::Status GreenWatch::Look(const HubReader& reader, const HubView& hub,
                              int64_t now_ns) {
  if (absl::Status status = reader.ReadSlabs(hub, copies_); !status.ok()) {
    return status;
  }
  moved_.clear();
  now_ns_ = now_ns;
  looked_ns_ = NowNs();
  // First, so that pointers to what they hold stay good.
  AddSlabs();
  if (slabs_.size() > copies_.size()) {  // slabs never go, in a sane process
    slabs_.clear();
    slab_at_.clear();
    AddSlabs();
  }
  for (SlabCopy& copy : copies_) {
    LookAtSlab(reader, hub, copy, slabs_[slab_at_[copy.records]]);
  }
  CopyStacks(reader, hub);
  first_look_ = false;
  return absl::OkStatus();
}

WatchedGreen GreenWatch::LookAt(const HubReader& reader, const HubView& hub,
                                const GreenThreadView& view) {
  WatchedGreen green{.view = view};
  moved_.clear();
  if (view.context) moved_.push_back(&green);
  CopyStacks(reader, hub);
  return green;
}

void GreenWatch::AddSlabs() {
  for (const SlabCopy& copy : copies_) {
    if (slab_at_.try_emplace(copy.records, slabs_.size()).second) {
      slabs_.emplace_back();
    }
  }
}

// To be called while its view has the state of before.
void GreenWatch::ChangeState(WatchedGreen& green, GreenState state) const {
  if (state == green.view.state) return;
  AddTime(green.view.state, now_ns_ - green.as_now_since_ns,
          green.times_before);
  green.as_now_since_ns = now_ns_;
}

const WatchedGreen* GreenWatch::FindByRecord(Address record) const {
  for (const auto& [records, index] : slab_at_) {
    const Slab& slab = slabs_[index];
    if (!AddressRange{records, records + slab.bytes.size()}.Contains(record)) {
      continue;
    }
    const size_t record_bytes = slab.bytes.size() / slab.greens.size();
    const WatchedGreen& green = slab.greens[(record - records) / record_bytes];
    return green.view.id == 0 ? nullptr : &green;
  }
  return nullptr;
}

const WatchedGreen* GreenWatch::FindByStack(Address sp) const {
  for (const Slab& slab : slabs_) {
    for (const WatchedGreen& green : slab.greens) {
      if (green.view.id != 0 && green.view.stack.Contains(sp)) return &green;
    }
  }
  return nullptr;
}

GreenTimes GreenWatch::TimesOf(const WatchedGreen& green) const {
  GreenTimes times = green.times_before;
  AddTime(green.view.state, now_ns_ - green.as_now_since_ns, times);
  return times;
}

void GreenWatch::LookAtSlab(const HubReader& reader, const HubView& hub,
                            SlabCopy& copy, Slab& slab) {
  const size_t record_bytes = reader.green_record_bytes();
  if (slab.bytes.size() != copy.bytes.size()) {
    slab.bytes.assign(copy.bytes.size(), std::byte{0});
    slab.greens.assign(copy.bytes.size() / record_bytes, {});
  }
  for (size_t i = 0; i < slab.greens.size(); ++i) {
    const std::byte* const now = &copy.bytes[i * record_bytes];
    WatchedGreen& green = slab.greens[i];
    if (std::memcmp(now, &slab.bytes[i * record_bytes], record_bytes) == 0 &&
        green.problem.ok()) {
      continue;
    }
    GreenThreadView view = reader.ParseGreenThread(
        hub, copy.records + i * record_bytes, {now, record_bytes});
    const bool is_new = view.id != green.view.id;
    if (is_new) {
      green = {.as_now_since_ns = now_ns_};
    } else {
      ChangeState(green, view.state);
    }
    if (!is_new && SameStay(view, green.view) && green.problem.ok()) {
      green.view = std::move(view);  // ready instead of waiting, and the like
      continue;
    }
    green.has_moved = is_new ? !first_look_ : true;
    green.view = std::move(view);
    green.stack = nullptr;
    green.problem = absl::OkStatus();
    if (green.view.id == 0) continue;
    if (green.view.context) {
      moved_.push_back(&green);
    } else if (HasNotBegun(green.view)) {
      KeepStack(green, {.program = program_,
                        .frames = {CodeAddress::Exact(green.view.entry)}});
    }
  }
  std::swap(slab.bytes, copy.bytes);
}

void GreenWatch::CopyStacks(const HubReader& reader, const HubView& hub) {
  std::vector<WatchedGreen*> now = std::move(moved_);
  std::vector<WatchedGreen*> deeper;
  std::vector<const GreenThreadView*> views;
  for (size_t size = 0; size < kCopyBytes.size(); ++size) {
    deeper.clear();
    for (int round = 0; round < kRounds && !now.empty(); ++round) {
      views.clear();
      for (const WatchedGreen* green : now) views.push_back(&green->view);
      std::vector<WatchedGreen*> again;
      reader.CopySuspended(
          hub, views, kCopyBytes[size],
          [&](size_t index, SuspendedGreen* copy, GreenThreadView* seen) {
            WatchedGreen& green = *now[index];
            if (copy == nullptr) {
              if (seen->id != green.view.id) {
                green.view.id = 0;  // ended meanwhile
              } else {
                ChangeState(green, seen->state);
                green.view = *std::move(seen);
                green.has_moved = true;
                if (green.view.context) again.push_back(&green);
              }
              return;
            }
            Stack stack = unwind_(copy->registers, copy->stack);
            if (stack.end == StackEnd::kCopyTooSmall &&
                copy->stack.bytes.size() >= kCopyBytes[size] &&
                size + 1 < kCopyBytes.size()) {
              deeper.push_back(&green);
            } else {
              KeepStack(green, std::move(stack));
            }
          });
      now = std::move(again);
    }
    for (WatchedGreen* green : now) {
      green->problem = absl::AbortedError(
          absl::StrCat("green thread ", green->view.id,
                       " moved in every one of several looks"));
    }
    now = std::move(deeper);
  }
}

void GreenWatch::KeepStack(WatchedGreen& green, Stack stack) {
  green.stack =
      *stacks_.insert(std::make_shared<const Stack>(std::move(stack))).first;
}

}  // namespace hubspy
