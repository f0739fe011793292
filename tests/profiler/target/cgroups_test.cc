#include "target/linux/cgroups.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kMounts[] =
    "25 20 0:22 / /proc rw - proc proc rw\n"
    "31 23 0:27 / /cg/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
    "32 23 0:28 / /cg/freezer rw - cgroup cgroup rw,freezer\n"
    "33 23 0:29 /box /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";

TEST(Cgroups, GroupsAreFoundUpToTheRootOfTheirMount) {
  const CgroupFolders folders = FindCgroups(
      "6:freezer:/\n1:cpu,cpuacct:/box/app\n0::/system.slice/app\n", kMounts);
  EXPECT_THAT(
      folders.unified,
      ElementsAre(
          CgroupFolder{"/cg/unified/system.slice/app", "/system.slice/app"},
          CgroupFolder{"/cg/unified/system.slice", "/system.slice"},
          CgroupFolder{"/cg/unified", "/"}));
  EXPECT_THAT(folders.freezer, ElementsAre(CgroupFolder{"/cg/freezer", "/"}));
  // What is mounted is a part of the hierarchy.
  EXPECT_THAT(folders.cpu, ElementsAre(CgroupFolder{"/cg/cpu/app", "/app"},
                                       CgroupFolder{"/cg/cpu", "/"}));
}

TEST(Cgroups, WhatCannotBeFoundIsEmpty) {
  EXPECT_THAT(FindCgroups("", "").unified, IsEmpty());
  EXPECT_THAT(FindCgroups("0::/../other\n", kMounts).unified, IsEmpty());
  EXPECT_THAT(FindCgroups("1:cpu:/elsewhere\n", kMounts).cpu, IsEmpty());
  EXPECT_THAT(FindCgroups("garbage\n::\n0:\n", "garbage - cgroup2\n - \n").cpu,
              IsEmpty());
  std::string deep = "0::";
  for (int i = 0; i < 10'000; ++i) deep += "/a";
  EXPECT_EQ(FindCgroups(deep, kMounts).unified.size(), 64u);
}

class CgroupFilesTest : public ::testing::Test {
 protected:
  CgroupFilesTest() {
    char name[] = "/tmp/cgroupsXXXXXX";
    outer_ = mkdtemp(name);
    inner_ = outer_ + "/inner";
    mkdir(inner_.c_str(), 0755);
  }
  ~CgroupFilesTest() override {
    EXPECT_EQ(std::system(("rm -r " + outer_).c_str()), 0);
  }
  static void Put(const std::string& file, const std::string& text) {
    std::ofstream(file) << text;
  }
  std::vector<CgroupFolder> folders() const {
    return {{inner_, "/outer/inner"}, {outer_, "/outer"}};
  }

  std::string outer_;
  std::string inner_;
};

TEST_F(CgroupFilesTest, TheOutermostGroupThatWasToldToFreezeIsNamed) {
  const CgroupFolders v2{.unified = folders()};
  Put(inner_ + "/cgroup.events", "populated 1\nfrozen 0\n");
  Put(outer_ + "/cgroup.freeze", "1\n");
  EXPECT_EQ(LookAtCgroups(v2).frozen, "");  // not yet
  Put(inner_ + "/cgroup.events", "populated 1\nfrozen 1\n");
  EXPECT_EQ(LookAtCgroups(v2).frozen, "/outer");
  const CgroupFolders v1{.freezer = folders()};
  Put(inner_ + "/freezer.state", "FROZEN\n");
  Put(inner_ + "/freezer.self_freezing", "1\n");
  EXPECT_EQ(LookAtCgroups(v1).frozen, "/outer/inner");
}

TEST_F(CgroupFilesTest, LimitsOfEveryLevelAreRead) {
  Put(inner_ + "/cpu.max", "max 100000\n");
  Put(outer_ + "/cpu.max", "50000 100000\n");
  Put(outer_ + "/cpu.stat", "usage_usec 7\nthrottled_usec 1500\n");
  const CgroupFacts v2 = LookAtCgroups({.unified = folders()});
  ASSERT_EQ(v2.quotas.size(), 1u);
  EXPECT_EQ(v2.quotas[0].group, "/outer");
  EXPECT_EQ(v2.quotas[0].cpus, 0.5);
  EXPECT_EQ(v2.quotas[0].throttled_ns, 1'500'000);

  Put(inner_ + "/cpu.cfs_quota_us", "-1\n");
  Put(outer_ + "/cpu.cfs_quota_us", "20000\n");
  Put(outer_ + "/cpu.cfs_period_us", "100000\n");
  Put(outer_ + "/cpu.stat", "nr_throttled 3\nthrottled_time 99\n");
  const CgroupFacts v1 = LookAtCgroups({.cpu = folders()});
  ASSERT_EQ(v1.quotas.size(), 1u);
  EXPECT_EQ(v1.quotas[0].cpus, 0.2);
  EXPECT_EQ(v1.quotas[0].throttled_ns, 99);
}

}  // namespace
}  // namespace hubspy
