// hubspy's main, as a function: parses, runs, and returns the exit status.
//
//   0 done (diagnose: healthy), 1 could not, 2 wrong usage, 10 diagnose found a
//   stall. Errors are one line on standard error that says what to do.
#ifndef HUBSPY_CLI_CLI_H_
#define HUBSPY_CLI_CLI_H_

namespace hubspy {

int Main(int argc, const char* const* argv);

}  // namespace hubspy

#endif  // HUBSPY_CLI_CLI_H_
