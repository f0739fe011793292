// Writes one profile in every format into a folder, and what its totals are:
//
//   write_formats FOLDER
//
// For tools/check_formats.
#include <fstream>
#include <iostream>
#include <string>

#include "profiler/view/profiles.h"
#include "view/chrometrace.h"
#include "view/firefox.h"
#include "view/flat.h"
#include "view/pprof.h"
#include "view/raw.h"
#include "view/speedscope.h"

namespace hubspy {
namespace {

void Write(const std::string& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

void WriteAll(const std::string& folder) {
  const Profile profile = ProfileOfAllKinds();
  const std::string file = folder + "/all";
  Write(file + ".folded", RenderRaw(profile, {.include_idle = true}));
  Write(file + ".txt", RenderFlat(profile, profile, {.include_idle = true}));
  Write(file + ".speedscope.json",
        RenderSpeedscope(profile, {.include_idle = true}));
  Write(file + ".trace.json",
        RenderChromeTrace(profile, {.include_idle = true}));
  Write(file + ".firefox.json", RenderFirefox(profile, {.include_idle = true}));
  Write(file + ".pb.gz", RenderPprof(profile, {.include_idle = true}));
}

}  // namespace
}  // namespace hubspy

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_formats FOLDER\n";
    return 2;
  }
  hubspy::WriteAll(argv[1]);
  return 0;
}
