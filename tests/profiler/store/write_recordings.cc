// Writes everything.hubspy and stalls.hubspy (recordings.h) into a folder.
#include <cstdio>
#include <fstream>
#include <string>

#include "profiler/store/recordings.h"
#include "store/store.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_recordings FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  std::ofstream(folder + "/everything.hubspy", std::ios::binary)
      << hubspy::StoreProfile(hubspy::RecordingOfEverything());
  std::ofstream(folder + "/stalls.hubspy", std::ios::binary)
      << hubspy::StoreProfile(hubspy::RecordingOfStalls());
  return 0;
}
