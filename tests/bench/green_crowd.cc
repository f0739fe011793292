// Green threads to look at, for green_looks: most wait for an hour, one in a
// hundred runs once for each line that is read. Prints a line when all wait.
//
//   green_crowd COUNT
#include <cstdlib>
#include <iostream>
#include <string>

#include "green/green.h"

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000;
  constexpr int kOneIn = 100;
  green::Semaphore turns(0);
  for (int i = 0; i < count; ++i) {
    if (i % kOneIn == 0) {
      green::SpawnN([&turns] {
        for (;;) turns.Acquire();
      });
    } else {
      green::SpawnN([] {
        for (;;) green::Sleep(absl::Hours(1));
      });
    }
  }
  std::string line;
  do {
    green::Sleep(absl::Milliseconds(1));
    std::cout << "ready" << std::endl;
    for (int i = 0; i < count; i += kOneIn) turns.Release();
  } while (std::getline(std::cin, line));
  std::_Exit(0);
}
