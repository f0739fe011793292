#include "green/address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/net_testing.h"

namespace green {
namespace {

using internal::AddressUse;
using internal::ResolveAddress;
using testing::AllOf;
using testing::HasSubstr;

std::string Again(absl::string_view text) {
  const std::optional<Address> address = Address::Parse(text);
  return address.has_value() ? address->ToString() : "a name";
}

std::string Complaint(const std::string& text) {
  return MessageOf([&] { Address::Parse(text); });
}

TEST(Address, ReadsIpv4) {
  const Address address = Address::Parse("127.0.0.1:8080").value();
  EXPECT_EQ(address.family(), AF_INET);
  EXPECT_EQ(address.port(), 8080);
  EXPECT_EQ(address.size(), sizeof(sockaddr_in));
  sockaddr_in ipv4;
  std::memcpy(&ipv4, address.data(), sizeof(ipv4));
  EXPECT_EQ(ntohl(ipv4.sin_addr.s_addr), uint32_t{INADDR_LOOPBACK});
}

TEST(Address, ReadsIpv6InBrackets) {
  const Address address = Address::Parse("[::1]:443").value();
  EXPECT_EQ(address.family(), AF_INET6);
  EXPECT_EQ(address.port(), 443);
  EXPECT_EQ(address.size(), sizeof(sockaddr_in6));
}

TEST(Address, PrintsWhatItReads) {
  for (const char* const text :
       {"1.2.3.4:0", "255.255.255.255:65535", "[::]:80", "[2001:db8::1]:1",
        "[::ffff:1.2.3.4]:9", "unix:/run/app.sock", "unix:relative",
        "unix:/a:b", "unix:@abstract", "unix:@"}) {
    EXPECT_EQ(Again(text), text);
  }
}

TEST(Address, ABarePortIsEveryAddressToListenersAndThisMachineToClients) {
  EXPECT_EQ(Again(":80"), "0.0.0.0:80");
  EXPECT_EQ(ResolveAddress(":80", AddressUse::kListen).at(0).ToString(),
            "0.0.0.0:80");
  EXPECT_EQ(ResolveAddress(":80", AddressUse::kConnect).at(0).ToString(),
            "127.0.0.1:80");
}

TEST(Address, OfNoSocketPrintsNothing) {
  EXPECT_EQ(Address().ToString(), "");
  EXPECT_EQ(Address().port(), 0);
}

TEST(Address, ANameIsNoNumber) {
  EXPECT_EQ(Again("localhost:80"), "a name");
  EXPECT_EQ(Again("1.2.3.4.5:80"), "a name");
}

TEST(Address, FindsOutWhatANameMeans) {
  const std::vector<Address> found =
      ResolveAddress("localhost:80", AddressUse::kConnect);
  ASSERT_FALSE(found.empty());
  for (const Address& address : found) {
    EXPECT_THAT(address.ToString(), testing::AnyOf("127.0.0.1:80", "[::1]:80"));
  }
}

TEST(Address, SaysWhichNameIsNotKnown) {
  // No resolver is asked about a label of more than 63 bytes (RFC 1035, 2.3.4).
  const std::string name(64, 'x');
  try {
    ResolveAddress(name + ":80", AddressUse::kConnect);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.code().category().name(), "getaddrinfo");
    EXPECT_THAT(error.what(), AllOf(HasSubstr(name), HasSubstr(": ")));
  }
}

TEST(Address, SaysWhatIsWrongWithATextAndWhatWouldBeRight) {
  EXPECT_THAT(Complaint("localhost"),
              AllOf(HasSubstr("green::Address: \"localhost\": has no port"),
                    HasSubstr("\"host:port\"")));
  EXPECT_THAT(Complaint(""), HasSubstr("has no port"));
  EXPECT_THAT(Complaint("::1:80"), HasSubstr("needs brackets"));
  EXPECT_THAT(Complaint("[::1:80"), HasSubstr("a bracket is missing"));
  EXPECT_THAT(Complaint("[1.2.3.4]:80"), HasSubstr("no IPv6 address"));
  EXPECT_THAT(Complaint("[]:80"), HasSubstr("no IPv6 address"));
  EXPECT_THAT(Complaint("unix:"), HasSubstr("the path is empty"));
}

TEST(Address, TakesNoPortButADecimalNumberThatFits) {
  for (const char* const port :
       {"", "-1", "+1", " 1", "1 ", "0x50", "65536", "4294967376",
        "99999999999999999999", "http", "80]"}) {
    EXPECT_THAT(Complaint(std::string("1.2.3.4:") + port),
                HasSubstr("the port is no number from 0 to 65535"))
        << port;
  }
}

TEST(Address, AUnixPathMayBeAsLongAsTheSystemTakes) {
  constexpr size_t kRoom = sizeof(sockaddr_un::sun_path);
  const std::string path = "unix:" + std::string(kRoom - 1, 'p');
  EXPECT_EQ(Again(path), path);
  EXPECT_THAT(Complaint(path + "p"), HasSubstr("too long"));
  const std::string name = "unix:@" + std::string(kRoom - 1, 'n');
  EXPECT_EQ(Again(name), name);
  EXPECT_THAT(Complaint(name + "n"), HasSubstr("too long"));
}

// C strings end there: what comes behind would be left out in silence.
TEST(Address, TakesNoNulWhereTheSystemWouldCutTheTextOff) {
  const std::string nul(1, '\0');
  EXPECT_THAT(Complaint("127.0.0.1" + nul + ".example.org:80"),
              HasSubstr("NUL"));
  EXPECT_THAT(Complaint("localhost" + nul + ":80"), HasSubstr("NUL"));
  EXPECT_THAT(Complaint("[::1" + nul + "]:80"), HasSubstr("NUL"));
  EXPECT_THAT(Complaint("unix:/run/app" + nul + ".sock"), HasSubstr("NUL"));
}

TEST(Address, OthersRunWhileANameIsLookedUp) {
  bool ran = false;
  SpawnN([&] { ran = true; });
  ResolveAddress("127.0.0.1:80", AddressUse::kConnect);
  EXPECT_FALSE(ran);
  ResolveAddress("localhost:80", AddressUse::kConnect);
  EXPECT_TRUE(ran);
}

TEST(Address, AnAbstractNameMayBeAnyBytes) {
  const std::string name("unix:@a\0b", 9);
  EXPECT_EQ(Again(name), name);
}

TEST(Address, PrintsAUnixSocketWithoutAName) {
  sockaddr_storage storage = {};
  storage.ss_family = AF_UNIX;
  const Address address(storage, offsetof(sockaddr_un, sun_path));
  EXPECT_EQ(address.ToString(), "unix:");
  EXPECT_EQ(address.port(), 0);
}

// Another program may have bound it so; then the system tells a size that is
// one more than sockaddr_un's (man 7 unix, "Pathname sockets").
TEST(Address, PrintsAPathThatLeavesNoRoomForItsEnd) {
  sockaddr_un full = {};
  full.sun_family = AF_UNIX;
  std::memset(full.sun_path, 'p', sizeof(full.sun_path));
  sockaddr_storage storage = {};
  std::memcpy(&storage, &full, sizeof(full));
  EXPECT_EQ(Address(storage, sizeof(full) + 1).ToString(),
            "unix:" + std::string(sizeof(full.sun_path), 'p'));
}

}  // namespace
}  // namespace green
