// How a verdict speaks: durations, rates and names in a sentence.
#ifndef HUBSPY_DIAGNOSE_WORDS_H_
#define HUBSPY_DIAGNOSE_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/diagnosis.h"

namespace hubspy::words {

// "0.4 ms", "2.0 s", "58 minutes", "3 hours".
std::string Duration(double ns);
// "1736 times slow", "2.5 times fast", "stands still", "runs backwards".
std::string Rate(double hub_seconds_per_second);
// "green thread 3 (foo)", or without a name "green thread 3". 0 is the thread's
// own code.
std::string Green(uint64_t id, const std::string& name);
// "thread 7 (worker)".
std::string Thread(const ThreadWait& thread);
// "mutex 0x7f12", "the end of green thread 3", ...: what `green` waits for.
std::string Waited(const GreenThreadView& green);
// "Green thread 3": as a sentence begins.
std::string Capitalized(std::string text);
// "a", "a and b", "a, b and c".
std::string List(const std::vector<std::string>& items);
// "1 timer", "2 timers".
std::string Count(uint64_t n, const std::string& noun);

}  // namespace hubspy::words

#endif  // HUBSPY_DIAGNOSE_WORDS_H_
