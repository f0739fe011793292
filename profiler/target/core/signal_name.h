// A signal's name by its number on Linux on x86_64 (signal(7)), whatever
// machine reads the core.
#ifndef HUBSPY_TARGET_CORE_SIGNAL_NAME_H_
#define HUBSPY_TARGET_CORE_SIGNAL_NAME_H_

#include <string>

namespace hubspy {

// "SIGSEGV"; "signal 34" for one without a name.
std::string SignalName(int number);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_SIGNAL_NAME_H_
