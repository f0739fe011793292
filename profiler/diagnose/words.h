// How a verdict speaks, besides what everybody says (model/words.h).
#ifndef HUBSPY_DIAGNOSE_WORDS_H_
#define HUBSPY_DIAGNOSE_WORDS_H_

#include <string>

#include "model/diagnosis.h"
#include "model/words.h"

namespace hubspy::words {

// "1736 times slow", "2.50 times fast", "not at all", "backwards".
std::string Rate(double hub_seconds_per_second);
// "thread 7 (worker)".
std::string Thread(const ThreadWait& thread);

}  // namespace hubspy::words

#endif  // HUBSPY_DIAGNOSE_WORDS_H_
