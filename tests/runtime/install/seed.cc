#include <iostream>
#include <string>

#include "green/green.h"

void Echo(const std::string& name) {
  for (;;) {
    std::cout << name << std::endl;
    green::Sleep(absl::Seconds(2));
  }
}

int main() {
  green::GreenPool pool(2);
  pool.Spawn(Echo, "foo");
  pool.Spawn(Echo, "bar");
  pool.WaitAll();
}
