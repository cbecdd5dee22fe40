// SPDX-License-Identifier: Apache-2.0
#include "base/zip_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>

#include "base/hash.h"

namespace lw {
namespace {

std::uint64_t number(const std::string& bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

std::string unpacked(const std::string& packed, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -15), Z_OK);
  std::string in = packed;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

/// The files by the list at the end, as every reader finds them.
std::vector<std::pair<std::string, std::string>> files_of(const std::string& zip) {
  std::vector<std::pair<std::string, std::string>> files;
  const std::size_t end = zip.size() - 22;
  EXPECT_EQ(number(zip, end, 4), 0x06054b50U);
  std::size_t at = number(zip, end + 16, 4);
  EXPECT_EQ(at + number(zip, end + 12, 4), end);
  for (std::uint64_t left = number(zip, end + 10, 2); left > 0; --left) {
    EXPECT_EQ(number(zip, at, 4), 0x02014b50U);
    const std::size_t packed = number(zip, at + 20, 4), bytes = number(zip, at + 24, 4),
                      name = number(zip, at + 28, 2), local = number(zip, at + 42, 4);
    EXPECT_EQ(number(zip, local, 4), 0x04034b50U);
    const std::string text = unpacked(zip.substr(local + 30 + name, packed), bytes);
    EXPECT_EQ(text.size(), bytes);
    EXPECT_EQ(crc32(text), number(zip, at + 16, 4));
    const std::size_t behind = local + 30 + name + packed;
    EXPECT_EQ(number(zip, behind, 4), 0x08074b50U);
    EXPECT_EQ(zip.substr(behind + 4, 12), zip.substr(at + 16, 12));
    files.emplace_back(zip.substr(at + 46, name), text);
    at += 46 + name;
  }
  return files;
}

TEST(ZipStream, FilesComeOutAsTheyWentIn) {
  ZipStream zip;
  std::string archive, large;
  for (int i = 0; i < 40'000; ++i) large += std::to_string(i * 7919);
  zip.begin_file("a/b.txt");
  zip.add("hello, ");
  archive += zip.take();
  zip.add("world");
  EXPECT_EQ(zip.file_bytes(), 12U);
  zip.begin_file("empty");
  zip.begin_file("großes");
  for (std::size_t at = 0; at < large.size(); at += 1'000) {
    zip.add(std::string_view(large).substr(at, 1'000));
    archive += zip.take();
  }
  zip.finish();
  archive += zip.take();
  EXPECT_LT(archive.size(), large.size());
  EXPECT_EQ(files_of(archive), (std::vector<std::pair<std::string, std::string>>{
                                   {"a/b.txt", "hello, world"}, {"empty", ""}, {"großes", large}}));
  EXPECT_FALSE(zip.is_broken());
}

}  // namespace
}  // namespace lw
