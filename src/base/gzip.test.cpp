// SPDX-License-Identifier: Apache-2.0
#include "base/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace lw {
namespace {

std::string unpack(const std::string& packed, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(size + 1, '\0');
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

TEST(Gzip, UnpacksToWhatWasPacked) {
  std::string noise;
  for (std::uint32_t state = 7; noise.size() < 300'000;) {
    state = state * 1'664'525 + 1'013'904'223;
    noise += static_cast<char>(state >> 24);
  }
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(1 << 20, 'a'), noise}) {
    EXPECT_EQ(unpack(gzip(bytes), bytes.size()), bytes);
  }
}

TEST(Gzip, MakesTextSmaller) { EXPECT_LT(gzip(std::string(100'000, 'a')).size(), 1'000); }

}  // namespace
}  // namespace lw
