// Debug information that lies in files of its own, or otherwise than in plain
// sections, tells the same as that which does not.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "profiler/symbolize/addr2line.h"
#include "profiler/symbolize/file_image.h"
#include "profiler/symbolize/fixtures.h"
#include "symbolize/elf_handles.h"
#include "symbolize/elf_section.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

namespace fs = std::filesystem;

std::string Folder(absl::string_view name) {
  return absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/", name);
}

// All that is shown of an address.
std::vector<std::string> Lines(absl::Span<const SymbolFrame> frames) {
  std::vector<std::string> lines;
  for (const SymbolFrame& f : frames) {
    lines.push_back(absl::StrCat(f.function, " (", f.file, ":", f.line, ") of ",
                                 f.function_line, f.inlined ? " inlined" : ""));
  }
  return lines;
}

// That `image`, whose code is that of the fixture `plain`, is told the same of.
void ExpectSame(const std::shared_ptr<const Image>& image,
                absl::string_view plain) {
  const std::vector<uint64_t> addresses = AddressesOfFunctions(Fixture(plain));
  const LoadedModule ours = Loaded(image);
  const LoadedModule theirs = Loaded(FileImage::Of(Fixture(plain)));
  Symbolizer symbolizer;
  size_t deepest = 0;
  for (const uint64_t address : addresses) {
    const auto frames = symbolizer.Resolve(&ours, At(address));
    ASSERT_EQ(Lines(frames), Lines(symbolizer.Resolve(&theirs, At(address))))
        << absl::StrCat("0x", absl::Hex(address));
    deepest = std::max(deepest, frames.size());
  }
  EXPECT_GT(addresses.size(), 500u);
  EXPECT_GE(deepest, 3u);
}

struct SplitCase {
  std::string fixture;
  std::string plain;
};

// For the test's name, which otherwise shows the bytes of a pointer.
void PrintTo(const SplitCase& test, std::ostream* out) { *out << test.fixture; }

std::vector<SplitCase> SplitCases() {
  std::vector<SplitCase> cases = {{"zstd", "pair5"}, {"zdebug", "pair5"}};
  for (const char version : {'4', '5'}) {
    const std::string plain = absl::StrCat("pair", std::string(1, version));
    std::vector<std::string> names = {"types", "split", "split_types",
                                      "split_compressed"};
    // For which compilers there are packers: see CMakeLists.txt.
    if (absl::StrContains(HUBSPY_PACKAGE_VERSIONS, version)) {
      names.insert(names.end(), {"package", "package_types"});
    }
    if (!absl::string_view(HUBSPY_LLVM_SYMBOLIZER).empty()) {
      for (const char* name : {"split_types", "package_types"}) {
        cases.push_back({absl::StrCat("scoped_", name, std::string(1, version)),
                         absl::StrCat("scoped", std::string(1, version))});
      }
    }
    for (const std::string& name : names) {
      cases.push_back({absl::StrCat(name, std::string(1, version)), plain});
    }
  }
  return cases;
}

class SameAsPlain : public testing::TestWithParam<SplitCase> {};

TEST_P(SameAsPlain, AtEveryAddress) {
  ExpectSame(FileImage::Of(Fixture(GetParam().fixture)), GetParam().plain);
}

INSTANTIATE_TEST_SUITE_P(Dwarf, SameAsPlain, testing::ValuesIn(SplitCases()),
                         [](const auto& test) { return test.param.fixture; });

// Where in a file's bytes a section's lie.
size_t SectionOffset(std::string bytes, absl::string_view name) {
  const ElfHandle elf(elf_memory(bytes.data(), bytes.size()));
  return static_cast<size_t>(RawSection(elf.get(), name).data() - bytes.data());
}

TEST(CompressedSections, AreNotInflatedToWhateverSizeTheyClaim) {
  for (const absl::string_view fixture : {"zstd", "compressed"}) {
    std::string bytes = ReadFile(Fixture(fixture));
    const uint64_t claimed = uint64_t{1} << 60;
    const size_t header = SectionOffset(bytes, ".debug_info");
    bytes.replace(header + offsetof(Elf64_Chdr, ch_size), sizeof(claimed),
                  reinterpret_cast<const char*>(&claimed), sizeof(claimed));
    const LoadedModule module = Loaded(std::make_shared<FileImage>(
        bytes, FileImage::Paths{"/nowhere/libx.so", ""}));
    const uint64_t run =
        SymbolAddresses(Fixture(fixture))["_ZN3hub4Loop3RunEPFiiE"];
    Symbolizer symbolizer;
    const auto frames = symbolizer.Resolve(&module, At(run));
    EXPECT_EQ(frames.back().function, "hub::Loop::Run") << fixture;
    EXPECT_EQ(frames.back().file, "") << fixture;
  }
}

// A target's root directory of our own, with a library in /app that was
// compiled in /build (see CMakeLists.txt), where its .dwo files no longer are.
class SplitFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rootXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Put(const std::string& from, const std::string& to) {
    fs::create_directories(fs::path(root_ + to).parent_path());
    fs::copy_file(from, root_ + to, fs::copy_options::overwrite_existing);
  }

  std::shared_ptr<const Image> PutImage(absl::string_view fixture) {
    const std::string name = "/app/libx.so";
    Put(Fixture(fixture), name);
    return std::make_shared<FileImage>(ReadFile(root_ + name),
                                       FileImage::Paths{name, root_ + name});
  }

  // What is left to tell of a function whose split unit is not found.
  static void ExpectOnlyLines(std::shared_ptr<const Image> image,
                              absl::string_view fixture) {
    const uint64_t run =
        SymbolAddresses(Fixture(fixture))["_ZN3hub4Loop3RunEPFiiE"];
    const LoadedModule module = Loaded(std::move(image));
    Symbolizer symbolizer;
    const auto frames = symbolizer.Resolve(&module, At(run));
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "hub::Loop::Run");
    EXPECT_GT(frames[0].line, 0);
    EXPECT_EQ(frames[0].function_line, 0);
  }

  std::string root_;
};

TEST_F(SplitFiles, AreFoundInTheTargetsRoot) {
  for (const std::string version : {"4", "5"}) {
    const std::string name = "split_moved" + version;
    for (const std::string file : {"/fixture.dwo", "/second.dwo"}) {
      Put(Folder(name) + file, "/build" + file);
    }
    ExpectSame(PutImage(name), "pair" + version);
  }
}

TEST_F(SplitFiles, AreFoundBesideTheImage) {
  for (const std::string version : {"4", "5"}) {
    const std::string name = "split_moved" + version;
    for (const std::string file : {"/fixture.dwo", "/second.dwo"}) {
      Put(Folder(name) + file, "/app" + file);
    }
    ExpectSame(PutImage(name), "pair" + version);
  }
}

TEST_F(SplitFiles, AreNotUsedForAnotherUnit) {
  for (const std::string version : {"4", "5"}) {
    const std::string name = "split_moved" + version;
    Put(Folder(name) + "/fixture.dwo", "/build/second.dwo");
    Put(Folder(name) + "/second.dwo", "/build/fixture.dwo");
    ExpectOnlyLines(PutImage(name), name);
  }
}

TEST_F(SplitFiles, DoNotHoldUpWhereTheyArePipes) {
  const auto image = PutImage("split_moved5");
  fs::create_directories(root_ + "/build");
  for (const std::string file :
       {"/build/fixture.dwo", "/app/fixture.dwo", "/app/libx.so.dwp"}) {
    ASSERT_EQ(mkfifo((root_ + file).c_str(), 0600), 0);
  }
  ExpectOnlyLines(image, "split_moved5");
}

TEST_F(SplitFiles, ArePackedBesideTheImageInTheTargetsRoot) {
  for (const char version : absl::string_view(HUBSPY_PACKAGE_VERSIONS)) {
    const std::string digit(1, version);
    Put(Fixture("package" + digit) + ".dwp", "/app/libx.so.dwp");
    ExpectSame(PutImage("package" + digit), "pair" + digit);
  }
}

TEST_F(SplitFiles, GiveNamesWhateverBytesChange) {
  const std::string name =
      absl::StrCat("package_types", std::string(1, HUBSPY_PACKAGE_VERSIONS[0]));
  const std::string whole = ReadFile(Fixture(name) + ".dwp");
  const std::vector<uint64_t> addresses = AddressesOfFunctions(Fixture(name));
  const auto image = PutImage(name);
  std::mt19937 random(20);
  for (int round = 0; round < 200; ++round) {
    std::string bytes = whole.substr(
        0, round % 4 == 0 ? random() % whole.size() : whole.size());
    for (int changes = 1 << (round % 8); changes > 0 && !bytes.empty();
         --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    std::ofstream(root_ + "/app/libx.so.dwp", std::ios::binary) << bytes;
    const LoadedModule module = Loaded(image);
    Symbolizer symbolizer;
    for (size_t i = 0; i < addresses.size(); i += 7) {
      const auto frames = symbolizer.Resolve(&module, At(addresses[i]));
      ASSERT_FALSE(frames.empty());
      ASSERT_FALSE(frames.back().function.empty());
    }
  }
}

TEST_F(SplitFiles, ArePackedBesideTheDebugFile) {
  const std::string package =
      absl::StrCat("package", std::string(1, HUBSPY_PACKAGE_VERSIONS[0]));
  const std::string id = FileImage::Of(Fixture(package))->build_id();
  const std::string debug =
      absl::StrCat("/usr/lib/debug/.build-id/", id.substr(0, 2), "/",
                   id.substr(2), ".debug");
  Put(Fixture(package), debug);
  Put(Fixture(package) + ".dwp", debug + ".dwp");
  const auto stripped = PutImage(package + "_stripped");
  ExpectSame(stripped, absl::StrCat("pair", package.substr(7)));
}

}  // namespace
}  // namespace hubspy
