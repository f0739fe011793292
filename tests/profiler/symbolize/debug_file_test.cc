#include "symbolize/debug_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "profiler/symbolize/file_image.h"
#include "profiler/symbolize/fixtures.h"

namespace hubspy {
namespace {

namespace fs = std::filesystem;

// A target's root directory of our own, with a stripped library in /app.
class DebugFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rootXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ + "/app");
  }
  void TearDown() override { fs::remove_all(root_); }

  bool Finds(absl::string_view stripped) {
    const std::string name = "/app/libx.so";
    fs::copy_file(FixtureFile(stripped), root_ + name,
                  fs::copy_options::overwrite_existing);
    const FileImage image(ReadFile(root_ + name), {name, root_ + name});
    std::string bytes = ReadFile(root_ + name);
    ElfHandle elf(elf_memory(bytes.data(), bytes.size()));
    return FindDebugFile(elf.get(), image) != nullptr;
  }

  void Put(const std::string& from, const std::string& to) {
    fs::create_directories(fs::path(root_ + to).parent_path());
    fs::copy_file(from, root_ + to, fs::copy_options::overwrite_existing);
  }

  std::string root_;
};

std::string BuildIdPath() {
  const std::string id = FileImage::Of(FixtureFile("stripped.so"))->build_id();
  return absl::StrCat("/usr/lib/debug/.build-id/", id.substr(0, 2), "/",
                      id.substr(2), ".debug");
}

TEST_F(DebugFileTest, FindsNothingWhereThereIsNothing) {
  EXPECT_FALSE(Finds("stripped.so"));
  EXPECT_FALSE(Finds("dwarf5.so"));
}

TEST_F(DebugFileTest, LooksByBuildIdInTheTargetsRoot) {
  Put(FixtureFile("stripped.so.debug"), BuildIdPath());
  EXPECT_TRUE(Finds("stripped.so"));
}

TEST_F(DebugFileTest, FollowsTheDebugLinkBesideTheImage) {
  Put(FixtureFile("stripped.so.debug"), "/app/libstripped.so.debug");
  EXPECT_TRUE(Finds("stripped.so"));
}

TEST_F(DebugFileTest, FollowsTheDebugLinkIntoADotDebugFolder) {
  Put(FixtureFile("stripped.so.debug"), "/app/.debug/libstripped.so.debug");
  EXPECT_TRUE(Finds("stripped.so"));
}

TEST_F(DebugFileTest, FollowsTheDebugLinkUnderUsrLibDebug) {
  Put(FixtureFile("stripped.so.debug"),
      "/usr/lib/debug/app/libstripped.so.debug");
  EXPECT_TRUE(Finds("stripped.so"));
}

TEST_F(DebugFileTest, RefusesAFileOfAnotherBuild) {
  Put(FixtureFile("dwarf4.so"), BuildIdPath());
  Put(FixtureFile("dwarf4.so"), "/app/libstripped.so.debug");
  EXPECT_FALSE(Finds("stripped.so"));
}

TEST_F(DebugFileTest, ComparesChecksumsWhereThereIsNoBuildId) {
  Put(FixtureFile("stripped_no_build_id.so.debug"),
      "/app/libstripped_no_build_id.so.debug");
  EXPECT_TRUE(Finds("stripped_no_build_id.so"));
  Put(FixtureFile("no_build_id.so"), "/app/libstripped_no_build_id.so.debug");
  EXPECT_FALSE(Finds("stripped_no_build_id.so"));
}

TEST_F(DebugFileTest, IsNotHeldUpByAPipe) {
  const std::string path = root_ + "/app/libstripped.so.debug";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(Finds("stripped.so"));
}

// What dwz wrote as "shared.debug", a path relative to the file it stands in.
class SharedFileTest : public DebugFileTest {
 protected:
  bool Finds() {
    std::string bytes = ReadFile(FixtureFile("shared.so"));
    const FileImage image(bytes, {"/app/libx.so", root_ + "/app/libx.so"});
    ElfHandle elf(elf_memory(bytes.data(), bytes.size()));
    return FindSharedFile(elf.get(), image, root_ + "/app/libx.so") != nullptr;
  }
};

TEST_F(SharedFileTest, IsFoundBesideTheFileThatNamesIt) {
  EXPECT_FALSE(Finds());
  Put(absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/shared.debug"),
      "/app/shared.debug");
  EXPECT_TRUE(Finds());
}

TEST_F(SharedFileTest, IsFoundByItsBuildIdInTheTargetsRoot) {
  const std::string shared =
      absl::StrCat(HUBSPY_SYMBOL_FIXTURES, "/shared.debug");
  const std::string id = FileImage::Of(shared)->build_id();
  Put(shared, absl::StrCat("/usr/lib/debug/.build-id/", id.substr(0, 2), "/",
                           id.substr(2), ".debug"));
  EXPECT_TRUE(Finds());
}

TEST_F(SharedFileTest, IsNotOneOfAnotherBuildNorAPipe) {
  Put(FixtureFile("stripped.so.debug"), "/app/shared.debug");
  EXPECT_FALSE(Finds());
  fs::remove(root_ + "/app/shared.debug");
  ASSERT_EQ(mkfifo((root_ + "/app/shared.debug").c_str(), 0600), 0);
  EXPECT_FALSE(Finds());
}

}  // namespace
}  // namespace hubspy
