#include "image/image.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/machine.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::byte> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// What readelf prints, as one string.
std::string Readelf(const std::string& options) {
  std::FILE* const pipe = popen(absl::StrCat("readelf -W ", options, " /proc/",
                                             getpid(), "/exe 2>/dev/null")
                                    .c_str(),
                                "r");
  std::string out;
  char part[4096];
  while (size_t size = std::fread(part, 1, sizeof part, pipe)) {
    out.append(part, size);
  }
  pclose(pipe);
  return out;
}

std::shared_ptr<const Image> Self() {
  absl::StatusOr<std::shared_ptr<const Image>> image =
      Image::Open("/proc/self/exe", "self");
  EXPECT_TRUE(image.ok()) << image.status();
  return *image;
}

TEST(Image, BuildIdIsWhatReadelfSays) {
  const std::string id = Self()->build_id();
  if (id.empty()) {
    EXPECT_THAT(Readelf("-n"), Not(HasSubstr("Build ID")));
  } else {
    EXPECT_THAT(Readelf("-n"), HasSubstr(absl::StrCat("Build ID: ", id)));
  }
}

TEST(Image, SegmentsAreTheLoaderS) {
  struct Seen {
    std::vector<Segment> segments;
  } seen;
  // The first one is the program itself.
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD) continue;
          static_cast<Seen*>(data)->segments.push_back(
              {.vaddr = header.p_vaddr,
               .file_offset = header.p_offset,
               .file_size = header.p_filesz,
               .memory_size = header.p_memsz,
               .executable = (header.p_flags & PF_X) != 0});
        }
        return 1;
      },
      &seen);
  const std::shared_ptr<const Image> image = Self();
  ASSERT_EQ(image->segments().size(), seen.segments.size());
  for (size_t i = 0; i < seen.segments.size(); ++i) {
    const Segment& a = image->segments()[i];
    const Segment& b = seen.segments[i];
    EXPECT_EQ(a.vaddr, b.vaddr);
    EXPECT_EQ(a.file_offset, b.file_offset);
    EXPECT_EQ(a.file_size, b.file_size);
    EXPECT_EQ(a.memory_size, b.memory_size);
    EXPECT_EQ(a.executable, b.executable);
  }
}

TEST(Image, ShadowHoldsEverySegmentWhereItBelongs) {
  const std::shared_ptr<const Image> image = Self();
  const std::vector<std::byte> file = ReadFile("/proc/self/exe");
  ASSERT_EQ(image->bytes().size(), file.size());
  ASSERT_TRUE(image->ShadowBias().ok());
  for (const Segment& segment : image->segments()) {
    EXPECT_EQ(std::memcmp(reinterpret_cast<const void*>(*image->ShadowBias() +
                                                        segment.vaddr),
                          file.data() + segment.file_offset, segment.file_size),
              0);
  }
}

TEST(Image, FromBytesIsTheSameImage) {
  const std::shared_ptr<const Image> file = Self();
  const std::vector<std::byte> bytes = ReadFile("/proc/self/exe");
  const auto copy = Image::FromBytes(bytes, "copy");
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ((*copy)->build_id(), file->build_id());
  EXPECT_EQ((*copy)->open_path(), "");
  EXPECT_EQ((*copy)->eh_frame_hdr(), file->eh_frame_hdr());
  const Segment& code = file->segments()[1];
  EXPECT_EQ(std::memcmp(reinterpret_cast<const void*>(*(*copy)->ShadowBias() +
                                                      code.vaddr),
                        bytes.data() + code.file_offset, code.file_size),
            0);
}

TEST(Image, VdsoParsesFromMemory) {
  const auto* const vdso =
      reinterpret_cast<const std::byte*>(getauxval(AT_SYSINFO_EHDR));
  if (vdso == nullptr) GTEST_SKIP() << "this machine has no vdso";
  // The kernel maps it with its section headers behind everything else.
  Elf64_Ehdr header;
  std::memcpy(&header, vdso, sizeof header);
  const size_t size =
      header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
  const auto image = Image::FromBytes({vdso, size}, "[vdso]");
  ASSERT_TRUE(image.ok()) << image.status();
  // x86_64's has one, aarch64's none.
  const auto* const headers =
      reinterpret_cast<const Elf64_Phdr*>(vdso + header.e_phoff);
  EXPECT_EQ(
      (*image)->eh_frame_hdr().has_value(),
      std::any_of(headers, headers + header.e_phnum, [](const Elf64_Phdr& h) {
        return h.p_type == PT_GNU_EH_FRAME;
      }));
}

TEST(Image, OtherFilesAreRefusedByName) {
  EXPECT_TRUE(absl::IsNotFound(Image::Open("/no/such/file", "x").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Image::Open("/proc/self/maps", "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Image::Open("/dev/null", "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Image::Open("/", "x").status()));
}

// A header and program headers, to be spoilt in one place each.
struct TinyElf {
  Elf64_Ehdr header{};
  Elf64_Phdr load{};
  Elf64_Phdr note{};
  struct {
    Elf64_Nhdr header{4, 4, NT_GNU_BUILD_ID};
    char owner[4] = {'G', 'N', 'U', 0};
    unsigned char id[4] = {0xde, 0xad, 0xbe, 0xef};
  } id;

  TinyElf() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = kElfMachine;
    header.e_type = ET_DYN;
    header.e_phoff = offsetof(TinyElf, load);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    load.p_type = PT_LOAD;
    load.p_flags = PF_R | PF_X;
    load.p_filesz = load.p_memsz = sizeof(TinyElf);
    note.p_type = PT_NOTE;
    note.p_offset = note.p_vaddr = offsetof(TinyElf, id);
    note.p_filesz = sizeof id;
  }
  absl::StatusOr<std::shared_ptr<const Image>> Parse() const {
    return Image::FromBytes(
        {reinterpret_cast<const std::byte*>(this), sizeof *this}, "tiny");
  }
};

TEST(HostileImage, TheUnspoiltOneParses) {
  const auto image = TinyElf().Parse();
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ((*image)->build_id(), "deadbeef");
  ASSERT_EQ((*image)->Notes().size(), 1u);
  EXPECT_EQ((*image)->Notes()[0].owner, "GNU");
  EXPECT_EQ((*image)->Notes()[0].description_vaddr,
            offsetof(TinyElf, id) + offsetof(decltype(TinyElf::id), id));
  EXPECT_EQ((*image)->vaddr_end(), 4096u);
}

TEST(HostileImage, SegmentOutsideTheFileIsRefused) {
  TinyElf elf;
  elf.load.p_filesz = elf.load.p_memsz = sizeof elf + 1;
  EXPECT_FALSE(elf.Parse().ok());
  elf.load.p_filesz = UINT64_MAX;
  elf.load.p_memsz = UINT64_MAX;
  EXPECT_FALSE(elf.Parse().ok());
  elf = {};
  elf.load.p_offset = UINT64_MAX - 8;
  EXPECT_FALSE(elf.Parse().ok());
}

TEST(HostileImage, SegmentOutsideTheAddressSpaceIsRefused) {
  TinyElf elf;
  elf.load.p_vaddr = UINT64_MAX - 100;
  EXPECT_FALSE(elf.Parse().ok());
}

TEST(HostileImage, HugeMemorySizeIsRefused) {
  TinyElf elf;
  elf.load.p_memsz = uint64_t{1} << 50;
  EXPECT_FALSE(elf.Parse().ok());
}

TEST(HostileImage, ProgramHeadersOutsideTheFileAreRefused) {
  TinyElf elf;
  elf.header.e_phoff = sizeof elf;
  EXPECT_FALSE(elf.Parse().ok());
  elf.header.e_phoff = UINT64_MAX;
  EXPECT_FALSE(elf.Parse().ok());
  elf = {};
  elf.header.e_phnum = 0xffff;
  EXPECT_FALSE(elf.Parse().ok());
}

TEST(HostileImage, OtherMachinesAreRefused) {
  TinyElf elf;
  elf.header.e_machine = EM_RISCV;
  EXPECT_FALSE(elf.Parse().ok());
  elf = {};
  elf.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_FALSE(elf.Parse().ok());
}

TEST(HostileImage, NoteLongerThanItsSegmentIsLeftOut) {
  TinyElf elf;
  elf.id.header.n_descsz = 0xffffffff;
  ASSERT_TRUE(elf.Parse().ok());
  EXPECT_TRUE((*elf.Parse())->Notes().empty());
  elf.id.header = {0xfffffffd, 4, NT_GNU_BUILD_ID};
  EXPECT_TRUE((*elf.Parse())->Notes().empty());
}

TEST(HostileImage, MisalignedSegmentHasNoShadowButIsAnImage) {
  TinyElf elf;
  elf.load.p_vaddr = 100;
  const std::string path = testing::TempDir() + "/misaligned";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(&elf), sizeof elf);
  const auto image = Image::Open(path, "misaligned");
  ASSERT_TRUE(image.ok());
  EXPECT_FALSE((*image)->ShadowBias().ok());
  unlink(path.c_str());
}

TEST(HostileImage, SpoiltBytesNeverCrash) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    TinyElf elf;
    auto* const bytes = reinterpret_cast<unsigned char*>(&elf);
    for (int i = 0; i < 3; ++i) {
      bytes[16 + random() % (sizeof elf - 16)] =
          static_cast<unsigned char>(random());
    }
    elf.header.e_machine = kElfMachine;
    const auto image = elf.Parse();
    if (image.ok()) (*image)->Notes();
  }
}

}  // namespace
}  // namespace hubspy
