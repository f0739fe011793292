#include "symbolize/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "absl/status/status.h"

namespace hubspy {
namespace {

std::string Zlib(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string bytes(size, '\0');
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  return bytes.substr(0, size);
}

std::string Zstd(const std::string& text) {
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  const size_t size =
      ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 3);
  EXPECT_FALSE(ZSTD_isError(size));
  return bytes.substr(0, size);
}

struct Format {
  std::string (*compress)(const std::string&);
  absl::StatusOr<std::string> (*inflate)(absl::string_view, size_t);
};

class Inflate : public testing::TestWithParam<Format> {};

TEST_P(Inflate, GivesBackWhatWasCompressed) {
  const auto [compress, inflate] = GetParam();
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string(1'000'000, 'x')}) {
    EXPECT_EQ(*inflate(compress(text), text.size()), text);
  }
}

TEST_P(Inflate, RefusesASizeThatIsNotItsOwn) {
  const auto [compress, inflate] = GetParam();
  const std::string bytes = compress("hello");
  for (const size_t size : {0, 4, 6, 1000}) {
    EXPECT_TRUE(absl::IsDataLoss(inflate(bytes, size).status())) << size;
  }
}

TEST_P(Inflate, RefusesWhatIsBrokenOrNotAll) {
  const auto [compress, inflate] = GetParam();
  const std::string bytes = compress("hello, hello, hello");
  EXPECT_TRUE(absl::IsDataLoss(inflate("no such data", 19).status()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(inflate(bytes.substr(0, size), 19).status()))
        << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Inflate,
                         testing::Values(Format{Zlib, InflateZlib},
                                         Format{Zstd, InflateZstd}),
                         [](const auto& test) {
                           return test.index == 0 ? "zlib" : "zstd";
                         });

}  // namespace
}  // namespace hubspy
