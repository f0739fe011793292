// How durations, numbers and green threads are called in a sentence, and what
// threads do.
#ifndef HUBSPY_MODEL_WORDS_H_
#define HUBSPY_MODEL_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/hub.h"
#include "model/profile.h"
#include "model/stall.h"

namespace hubspy::words {

// "0.4 ms", "2.0 s", "58 minutes", "3 hours".
std::string Duration(double ns);
// "green thread 3 (foo)", or without a name "green thread 3". 0 is the thread's
// own code.
std::string Green(uint64_t id, const std::string& name);
// Who has a hub's thread in a turn of its loop: "green thread 3 (foo)",
// "timers' callbacks", "the loop itself".
std::string TurnRunner(StallCause kind, uint64_t id, const std::string& name);
// "mutex 0x7f12", "the end of green thread 3", ...: what `green` waits for.
std::string Waited(const GreenThreadView& green);
// What a sample's thread was doing, in every format the same: "running",
// "runnable" (it waits for a CPU), "sleeping: epoll_wait", "stopped". Of a
// green thread's sample, what that did: "ready", "waiting: timer"; of one that
// has the hub's thread, what the thread does, and "blocking: read" where that
// sleeps.
std::string State(const Profile::Sample& sample);
// "Green thread 3": as a sentence begins.
std::string Capitalized(std::string text);
// "a", "a and b", "a, b and c".
std::string List(const std::vector<std::string>& items);
// "1 timer", "2,000 timers".
std::string Count(uint64_t n, const std::string& noun);

}  // namespace hubspy::words

#endif  // HUBSPY_MODEL_WORDS_H_
