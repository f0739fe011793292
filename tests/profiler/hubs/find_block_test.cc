// Where a Mach-O image's section leads (tests/live has ELF's notes).
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "hubs/hub_reader.h"
#include "image/macho_format.h"
#include "model/machine.h"
#include "profiler/hubs/published.h"

namespace hubspy {
namespace {

constexpr uint64_t kBias = 0x100000000;
constexpr uint64_t kMachoBlockAt = 0x70000000;

class MachoBlock : public testing::Test {
 protected:
  MachoBlock() {
    const bool x86 = kMachoCpu == macho::kCpuX86_64;
    const std::string file =
        std::string(HUBSPY_MACHO_FILES) +
        (x86 ? "/libshapes_x86_64.dylib" : "/libshapes_arm64.dylib");
    // __TEXT, behind which the section begins.
    const uint64_t text = x86 ? 0x2000 : 0x4000;
    section_ = kBias + text;
    modules_.Update({{.range = {Address(kBias), Address(kBias + text)},
                      .executable = true,
                      .device = 1,
                      .inode = 2,
                      .path = "/lib/shapes",
                      .open_path = file}},
                    {});
  }

  ModuleMap modules_;
  FakeMemory memory_;
  uint64_t section_;
};

TEST_F(MachoBlock, IsWhereItsSectionPointsTo) {
  memory_.Put(section_, kMachoBlockAt);
  memory_.Put(kMachoBlockAt, MakeBlock(0));
  EXPECT_EQ(FindHubBlock(modules_, memory_), Address(kMachoBlockAt));
}

TEST_F(MachoBlock, IsNotFoundBeforeDyldHasPutItsAddressThere) {
  memory_.Put(section_, uint64_t{0x8010000000002008});
  EXPECT_EQ(FindHubBlock(modules_, memory_), std::nullopt);
  memory_.Put(section_, kMachoBlockAt);
  EXPECT_EQ(FindHubBlock(modules_, memory_), std::nullopt);
  memory_.Put(kMachoBlockAt, uint64_t{7});
  EXPECT_EQ(FindHubBlock(modules_, memory_), std::nullopt);
}

}  // namespace
}  // namespace hubspy
