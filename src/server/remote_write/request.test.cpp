// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/request.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lw::server::remote_write {
namespace {

TEST(WriteRequest, has_the_bytes_that_protocol_buffers_prescribe) {
  const Sample sample{
      .name = "m", .labels = {{"b", "2"}, {"a", "1"}}, .value = 1.5, .at = from_unix_us(300'000)};
  // TimeSeries of 45 bytes: labels __name__, a, b, each of a name and a value; then the sample:
  // 1.5 as a little-endian double, 300 ms as a varint.
  EXPECT_EQ(hex_of(encode_write_request({sample}, {})),
            "0a2d"
            "0a0d"
            "0a085f5f6e616d655f5f"
            "12016d"
            "0a06"
            "0a0161"
            "120131"
            "0a06"
            "0a0162"
            "120132"
            "120c"
            "09000000000000f83f"
            "10ac02");
}

TEST(WriteRequest, adds_labels_but_never_over_a_series_own_and_none_that_are_empty) {
  const Sample sample{.name = "m", .labels = {{"site", "own"}, {"none", ""}}, .at = {}};
  const std::string bytes = encode_write_request({sample}, {{"site", "other"}, {"more", "yes"}});
  EXPECT_NE(bytes.find("own"), std::string::npos);
  EXPECT_EQ(bytes.find("other"), std::string::npos);
  EXPECT_EQ(bytes.find("none"), std::string::npos);
  EXPECT_LT(bytes.find("more"), bytes.find("site")) << "sorted";
}

TEST(WriteRequest, of_nothing_is_empty) { EXPECT_EQ(encode_write_request({}, {{"a", "b"}}), ""); }

}  // namespace
}  // namespace lw::server::remote_write
