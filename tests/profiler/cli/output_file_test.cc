#include "cli/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    std::string name = ::testing::TempDir() + "output_file_XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~OutputFileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) { return directory_ + "/" + name; }
  static std::string Contents(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  int FilesPresent() {
    int files = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(directory_)) {
      ++files;
    }
    return files;
  }

  std::string directory_;
};

TEST_F(OutputFileTest, WritesTheFileWithTheUsualPermissions) {
  auto file = OutputFile::Create(Path("a.svg"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("hello").ok());
  EXPECT_EQ(Contents(Path("a.svg")), "hello");
  struct stat status;
  stat(Path("a.svg").c_str(), &status);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);
  EXPECT_EQ(FilesPresent(), 1);
}

TEST_F(OutputFileTest, TheOldFileStaysUntilTheNewOneIsWhole) {
  std::ofstream(Path("a.svg")) << "old";
  chmod(Path("a.svg").c_str(), 0600);
  {
    auto file = OutputFile::Create(Path("a.svg"));
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(Contents(Path("a.svg")), "old");
  }  // never written: recording failed
  EXPECT_EQ(Contents(Path("a.svg")), "old");
  EXPECT_EQ(FilesPresent(), 1);
  {
    auto file = OutputFile::Create(Path("a.svg"));
    ASSERT_TRUE((*file)->Write("new").ok());
  }
  EXPECT_EQ(Contents(Path("a.svg")), "new");
  struct stat status;
  stat(Path("a.svg").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(OutputFileTest, FollowsASymbolicLinkInsteadOfReplacingIt) {
  std::ofstream(Path("real")) << "old";
  std::filesystem::create_symlink("real", Path("link"));
  auto file = OutputFile::Create(Path("link"));
  ASSERT_TRUE((*file)->Write("new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(Contents(Path("real")), "new");
}

TEST_F(OutputFileTest, SaysWhyItCannotWrite) {
  EXPECT_THAT(
      std::string(OutputFile::Create(Path("no/such/dir")).status().message()),
      HasSubstr("No such file or directory; choose another file with -o"));
  EXPECT_THAT(std::string(OutputFile::Create(directory_).status().message()),
              HasSubstr("Is a directory"));
}

TEST_F(OutputFileTest, WritesToWhatIsNotARegularFileInPlace) {
  auto file = OutputFile::Create("/dev/null");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Write("gone").ok());
  auto full = OutputFile::Create("/dev/full");
  ASSERT_TRUE(full.ok());
  EXPECT_THAT(std::string((*full)->Write("x").message()),
              HasSubstr("No space left"));
}

}  // namespace
}  // namespace hubspy
