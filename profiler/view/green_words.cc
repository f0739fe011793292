#include "view/green_words.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/numbers.h"
#include "model/words.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {
namespace {

// So many fds, or objects, are told of.
constexpr size_t kThingsShown = 3;

std::string Commas(size_t n) { return WithCommas(static_cast<int64_t>(n)); }

// By the address of an object, the same for all who wait for the same.
bool WaitsForObject(const GreenThreadView& view) {
  return view.state == GreenState::kWaiting && view.waits_on != 0 &&
         view.waiting_for != WaitReason::kFd &&
         view.waiting_for != WaitReason::kJoin;
}

std::string Span(int64_t least_ns, int64_t most_ns) {
  const std::string least = words::Duration(static_cast<double>(least_ns));
  const std::string most = words::Duration(static_cast<double>(most_ns));
  return least == most ? least : absl::StrCat(least, " to ", most);
}

// Least and most of what `time_of` says of them; nullopt: nothing of any.
template <typename TimeOf>
std::optional<std::pair<int64_t, int64_t>> Range(const GreenGroup& group,
                                                 TimeOf time_of) {
  std::optional<std::pair<int64_t, int64_t>> range;
  for (const Dump::GreenThread* green : group) {
    const std::optional<int64_t> time = time_of(*green);
    if (!time) continue;
    if (!range) range.emplace(*time, *time);
    range->first = std::min(range->first, *time);
    range->second = std::max(range->second, *time);
  }
  return range;
}

// ", due in 1.6 s", ", overdue by 2.0 s to 3.0 s", or both of a group.
std::string Due(const GreenGroup& group) {
  const auto due =
      Range(group, [](const Dump::GreenThread& g) -> std::optional<int64_t> {
        if (!g.due_in_ns || *g.due_in_ns < 0) return std::nullopt;
        return g.due_in_ns;
      });
  const auto overdue =
      Range(group, [](const Dump::GreenThread& g) -> std::optional<int64_t> {
        if (!g.due_in_ns || *g.due_in_ns >= 0) return std::nullopt;
        return -*g.due_in_ns;
      });
  return absl::StrCat(
      due ? absl::StrCat(", due in ", Span(due->first, due->second)) : "",
      overdue
          ? absl::StrCat(", overdue by ", Span(overdue->first, overdue->second))
          : "");
}

// "fds", "queues": of several that are waited for.
std::string Plural(WaitReason reason) {
  if (reason == WaitReason::kMutex) return "mutexes";
  return absl::StrCat(WaitReasonName(reason), "s");
}

std::string Direction(const GreenThreadView& view) {
  switch (static_cast<FdDirection>(view.waits_on)) {
    case FdDirection::kRead:
      return " to read";
    case FdDirection::kWrite:
      return " to write";
    case FdDirection::kUnknown:
      break;
  }
  return "";
}

// What tells the things apart that they wait for.
uint64_t ThingOf(const GreenThreadView& view) {
  if (view.waiting_for != WaitReason::kFd) return view.waits_on;
  return static_cast<uint64_t>(view.fd.value_or(-1));
}

// Each thing that they wait for, and how many do.
std::vector<std::pair<const Dump::GreenThread*, size_t>> Things(
    const GreenGroup& group) {
  absl::flat_hash_map<uint64_t, size_t> known;
  std::vector<std::pair<const Dump::GreenThread*, size_t>> things;
  for (const Dump::GreenThread* green : group) {
    const auto [thing, is_new] =
        known.try_emplace(ThingOf(green->view), things.size());
    if (is_new) things.emplace_back(green, 0);
    ++things[thing->second].second;
  }
  return things;
}

std::string AndMore(std::vector<std::string> shown, size_t all,
                    absl::string_view between) {
  std::string text = absl::StrJoin(shown, between);
  if (all > shown.size()) {
    absl::StrAppend(&text, " and ", Commas(all - shown.size()), " more");
  }
  return text;
}

}  // namespace

GreenWords::GreenWords(const Dump& dump) : dump_(dump) {
  by_id_.reserve(dump.green_threads.size());
  for (const Dump::GreenThread& green : dump.green_threads) {
    by_id_[green.view.id] = &green;
    if (WaitsForObject(green.view)) {
      ++waiters_[{green.view.waiting_for, green.view.waits_on}];
    }
  }
}

std::string GreenWords::Name(uint64_t id) const {
  if (id == 0) return words::Green(0, "");
  const auto green = by_id_.find(id);
  if (green == by_id_.end()) {
    return absl::StrCat(words::Green(id, ""), ", which has ended");
  }
  return words::Green(id, CleanText(green->second->view.name));
}

std::string GreenWords::Waited(const GreenGroup& group) const {
  const GreenThreadView& view = group.front()->view;
  const size_t things = Things(group).size();
  if (things > 1) {
    if (view.waiting_for == WaitReason::kJoin) {
      return absl::StrCat("the end of one of ", Commas(things), " others");
    }
    return absl::StrCat("one of ", Commas(things), " ",
                        Plural(view.waiting_for));
  }
  if (view.waiting_for == WaitReason::kJoin && view.waits_on != 0) {
    return absl::StrCat("the end of ", Name(view.waits_on));
  }
  std::string text = words::Waited(view);
  if (view.waiting_for == WaitReason::kFd) text += Direction(view);
  if (view.mutex_holder) {
    absl::StrAppend(&text, ", held by ", Name(*view.mutex_holder));
  }
  return text;
}

std::string GreenWords::State(const GreenGroup& group) const {
  const GreenThreadView& view = group.front()->view;
  std::string text(GreenStateName(view.state));
  if (view.state == GreenState::kWaiting &&
      view.waiting_for != WaitReason::kNone) {
    absl::StrAppend(&text, " for ", Waited(group));
  }
  if (const auto since = Range(
          group, [](const Dump::GreenThread& g) { return g.since_run_ns; })) {
    const std::string span = Span(since->first, since->second);
    if (view.state != GreenState::kReady) {
      absl::StrAppend(&text, ", for ", span);
    } else if (view.switches == 0) {
      absl::StrAppend(&text, ", not begun, for ", span);
    } else {
      absl::StrAppend(&text, ", last ran ", span, " ago");
    }
  }
  if (view.state == GreenState::kWaiting) absl::StrAppend(&text, Due(group));
  return text;
}

std::string GreenWords::Fds(const GreenGroup& group) const {
  const auto things = Things(group);
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(kThingsShown, things.size()); ++i) {
    const std::optional<int32_t> number = things[i].first->view.fd;
    const auto fd = dump_.fds.find(number.value_or(-1));
    if (fd == dump_.fds.end() || !number) continue;
    shown.push_back(absl::StrCat(
        "fd ", *number, ": ",
        fd->second.is_open ? CleanText(fd->second.what) : "not open"));
  }
  if (shown.empty()) return "";
  return AndMore(std::move(shown), things.size(), "; ");
}

std::string GreenWords::Objects(const GreenGroup& group) const {
  const GreenThreadView& view = group.front()->view;
  if (view.state != GreenState::kWaiting) return "";
  if (view.waiting_for == WaitReason::kFd) return Fds(group);
  if (!WaitsForObject(view)) return "";
  auto things = Things(group);
  const auto waiters = [this](const Dump::GreenThread& green) {
    const auto count =
        waiters_.find({green.view.waiting_for, green.view.waits_on});
    return count == waiters_.end() ? 0 : count->second;
  };
  if (things.size() == 1) {
    const size_t all = waiters(*group.front());
    return all > group.size() ? absl::StrCat(Commas(all), " wait for it in all")
                              : "";
  }
  std::stable_sort(
      things.begin(), things.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(kThingsShown, things.size()); ++i) {
    shown.push_back(absl::StrCat(words::Waited(things[i].first->view), " (",
                                 Commas(waiters(*things[i].first)), ")"));
  }
  return AndMore(std::move(shown), things.size(), ", ");
}

std::string GreenWords::Times(const GreenGroup& group) const {
  GreenTimes sum;
  bool is_known = false;
  for (const Dump::GreenThread* green : group) {
    if (!green->times) continue;
    is_known = true;
    sum.busy_ns += green->times->busy_ns;
    sum.ready_ns += green->times->ready_ns;
    sum.waiting_ns += green->times->waiting_ns;
  }
  if (!is_known) return "";
  const auto say = [](int64_t ns) {
    return words::Duration(static_cast<double>(ns));
  };
  return absl::StrCat("in ", say(dump_.watched_ns),
                      group.size() > 1 ? ", all together: " : ": ", "busy ",
                      say(sum.busy_ns), ", ready ", say(sum.ready_ns),
                      ", waiting ", say(sum.waiting_ns));
}

std::string GreenWords::Spawned(const GreenGroup& group) const {
  const Dump::GreenThread& first = *group.front();
  if (!first.spawned_at) return "";
  const std::string place = absl::StrCat(
      "spawned in ", FrameLabel(dump_.spawn_sites[*first.spawned_at]));
  const bool is_same =
      std::all_of(group.begin(), group.end(), [&](const auto* green) {
        return green->view.parent == first.view.parent;
      });
  if (!is_same) return place;
  return absl::StrCat(place, " by ", Name(first.view.parent));
}

}  // namespace hubspy
