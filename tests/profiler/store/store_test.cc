#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "gzip/gzip.h"
#include "profiler/store/recordings.h"
#include "protozero/pbf_reader.hpp"
#include "protozero/pbf_writer.hpp"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

// As recording.proto numbers them.
enum Field : uint32_t {
  kVersion = 1,
  kStrings = 2,
  kRate = 7,
  kFrames = 11,
  kSamples = 12,
  kLanes = 16,
  kHubs = 17,
};

void ExpectSame(const Profile& profile) {
  const absl::StatusOr<Profile> read = LoadProfile(StoreProfile(profile));
  ASSERT_TRUE(read.ok()) << read.status();
  // First what tells more when it fails.
  EXPECT_TRUE(read->frames == profile.frames);
  EXPECT_TRUE(read->samples == profile.samples);
  EXPECT_TRUE(read->lanes == profile.lanes);
  EXPECT_TRUE(read->hubs == profile.hubs);
  EXPECT_TRUE(read->quality == profile.quality);
  EXPECT_TRUE(*read == profile);
}

TEST(Store, GivesBackTheSame) {
  ExpectSame(RecordingOfEverything());
  ExpectSame(RecordingOfStalls());
  ExpectSame(Profile());
  Profile empty;
  empty.frames.resize(2);
  empty.samples.resize(2);
  ExpectSame(empty);
}

TEST(Store, GivesBackEveryState) {
  Profile profile;
  profile.rate_hz = 0.5;
  const auto add = [&profile](Profile::Sample sample) {
    sample.count = 1;
    profile.samples.push_back(std::move(sample));
  };
  for (int i = 0; i <= static_cast<int>(ThreadState::kZombie); ++i) {
    add({.state = static_cast<ThreadState>(i)});
  }
  for (int i = 0; i <= static_cast<int>(StackEnd::kFault); ++i) {
    add({.end = static_cast<StackEnd>(i)});
  }
  for (int i = 0; i <= static_cast<int>(GreenState::kFinished); ++i) {
    add({.green = GreenActivity{.state = static_cast<GreenState>(i)}});
  }
  for (int i = 0; i <= static_cast<int>(WaitReason::kOther); ++i) {
    add({.green = GreenActivity{.waiting_for = static_cast<WaitReason>(i)}});
  }
  ExpectSame(profile);
}

// A file that is made by hand, field by field.
class ByHand {
 public:
  ByHand() : to_(bytes_) {
    to_.add_uint32(kVersion, 1);
    to_.add_bytes(kStrings, "");
    to_.add_double(kRate, 100);
  }
  protozero::pbf_writer& operator*() { return to_; }
  protozero::pbf_writer* operator->() { return &to_; }
  absl::StatusOr<Profile> Load() const { return LoadProfile(Gzip(bytes_)); }
  std::string Complaint() const {
    return std::string(Load().status().message());
  }

 private:
  std::string bytes_;
  protozero::pbf_writer to_;
};

TEST(Load, SkipsWhatItDoesNotKnow) {
  ByHand file;
  file->add_string(1000, "of a newer one");
  file->add_uint64(1001, 7);
  {
    protozero::pbf_writer frame(*file, kFrames);
    frame.add_double(500, 1.5);
    frame.add_int64(3, 88);
  }
  // Known by its number, but of another kind.
  file->add_string(18, "x");
  const auto profile = file.Load();
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->frames.size(), 1u);
  EXPECT_EQ(profile->frames[0].line, 88);
}

TEST(Load, SaysThatAFileIsNewer) {
  ByHand file;
  file->add_uint32(kVersion, 2);
  EXPECT_EQ(file.Load().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(file.Complaint(),
            "was written by a newer hubspy, in version 2 of the format; this "
            "one reads up to 1");
  ByHand with_state;
  {
    protozero::pbf_writer sample(*with_state, kSamples);
    sample.add_uint64(4, 99);
  }
  EXPECT_THAT(with_state.Complaint(), HasSubstr("newer hubspy"));
}

TEST(Load, RefusesWhatIsNoRecording) {
  const auto complaint = [](absl::string_view file) {
    return std::string(LoadProfile(file).status().message());
  };
  EXPECT_EQ(complaint(""), "is no recording of hubspy's");
  EXPECT_EQ(complaint("<svg>"), "is no recording of hubspy's");
  EXPECT_EQ(complaint(Gzip("")), "is no recording of hubspy's");
  EXPECT_THAT(complaint(Gzip("hello world")), HasSubstr("is damaged"));
}

// Wherever a file was cut, or a bit of it turned over, it is refused: gzip has
// a checksum. Of the same bytes there are several ways to pack them.
TEST(Load, RefusesWhatIsNotWhole) {
  const Profile profile = RecordingOfEverything();
  const std::string file = StoreProfile(profile);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(LoadProfile(file.substr(0, size)).ok()) << size;
  }
  for (size_t i = 10; i < file.size() - 4; ++i) {
    std::string other = file;
    other[i] = static_cast<char>(other[i] ^ 4);
    const absl::StatusOr<Profile> read = LoadProfile(other);
    EXPECT_TRUE(!read.ok() || *read == profile) << i;
  }
}

TEST(Load, RefusesAnIndexBehindItsTable) {
  const uint32_t one[] = {1};
  ByHand frames;
  {
    protozero::pbf_writer sample(*frames, kSamples);
    sample.add_packed_uint32(8, one, one + 1);
  }
  EXPECT_THAT(frames.Complaint(), HasSubstr("frames"));
  ByHand process;
  {
    protozero::pbf_writer sample(*process, kSamples);
    sample.add_uint32(1, 1);
  }
  EXPECT_THAT(process.Complaint(), HasSubstr("process"));
  ByHand text;
  {
    protozero::pbf_writer frame(*text, kFrames);
    frame.add_uint64(1, 1);
  }
  EXPECT_THAT(text.Complaint(), HasSubstr("name is missing"));
  ByHand time;
  {
    protozero::pbf_writer lane(*time, kLanes);
    lane.add_uint64(3, 1000);
    for (uint32_t column = 4; column <= 7; ++column) {
      lane.add_packed_uint64(column, one, one + 1);
    }
  }
  EXPECT_THAT(time.Complaint(), HasSubstr("a time is of a sample"));
  ByHand hub;
  {
    protozero::pbf_writer series(*hub, kHubs);
    series.add_uint32(1, 1);
  }
  EXPECT_THAT(hub.Complaint(), HasSubstr("hub"));
}

TEST(Load, RefusesNumbersThatCannotBeAddedUp) {
  for (const int64_t count : {int64_t{-1}, INT64_MAX, int64_t{1} << 60}) {
    ByHand file;
    {
      protozero::pbf_writer sample(*file, kSamples);
      sample.add_int64(9, count);
    }
    EXPECT_THAT(file.Complaint(), HasSubstr("out of bounds")) << count;
  }
  ByHand sum;
  for (int i = 0; i < 2; ++i) {
    protozero::pbf_writer sample(*sum, kSamples);
    sample.add_int64(9, int64_t{1} << 50);
  }
  EXPECT_THAT(sum.Complaint(), HasSubstr("more samples"));
  ByHand rate;
  rate->add_double(kRate, 0);
  EXPECT_THAT(rate.Complaint(), HasSubstr("no rate"));
  // Columns of different lengths; a time that wraps around.
  const uint64_t most[] = {UINT64_MAX};
  for (const uint32_t columns : {4u, 3u}) {
    ByHand lane_file;
    {
      protozero::pbf_writer lane(*lane_file, kLanes);
      lane.add_uint64(3, 1);
      for (uint32_t column = 0; column < columns; ++column) {
        lane.add_packed_uint64(4 + column, most, most + 1);
      }
    }
    EXPECT_THAT(lane_file.Complaint(), HasSubstr("out of bounds"));
  }
}

TEST(Load, TakesNoMoreMemoryThanItMay) {
  // A thousand times what it takes as a file; and messages of two bytes that
  // are each a hundred in memory.
  ByHand zeros;
  zeros->add_bytes(1000, std::string(1 << 20, '\0'));
  ByHand empty;
  for (int i = 0; i < 1000; ++i) empty->add_message(kFrames, std::string());
  EXPECT_TRUE(zeros.Load().ok());
  EXPECT_TRUE(empty.Load().ok());
  std::string bytes;
  protozero::pbf_writer to(bytes);
  to.add_uint32(kVersion, 1);
  to.add_double(kRate, 1);
  for (int i = 0; i < 100'000; ++i) to.add_message(kFrames, std::string());
  const auto profile = LoadProfile(Gzip(bytes), 1 << 20);
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(
      LoadProfile(Gzip(std::string(2 << 20, '\0')), 1 << 20).status().code(),
      absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace hubspy
