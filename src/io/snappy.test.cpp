// SPDX-License-Identifier: Apache-2.0
#include "io/snappy.h"

#include <gtest/gtest.h>

namespace lw::io {
namespace {

TEST(Snappy, gives_back_what_was_packed_and_packs_what_repeats) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "__name__=linewatch_test_result;";
  const std::string packed = snappy_compress(text);
  EXPECT_LT(packed.size(), text.size() / 10);
  EXPECT_EQ(snappy_uncompress(packed, text.size()).value(), text);
  EXPECT_EQ(snappy_uncompress(snappy_compress(""), 0).value(), "");
}

TEST(Snappy, the_block_format_has_no_frame) {
  // Length 1, then a literal of one byte (google/snappy, format_description.txt, 1 and 2.1).
  EXPECT_EQ(snappy_compress("a"), std::string("\x01\x00"
                                              "a",
                                              3));
}

TEST(Snappy, refuses_what_is_none_or_too_large) {
  EXPECT_EQ(snappy_uncompress("\xff\xff\xff\xff\xff\xff", 1000).error().code,
            ErrorCode::InvalidInput);
  EXPECT_FALSE(snappy_uncompress(snappy_compress("abcdef"), 5).has_value());
  EXPECT_FALSE(snappy_uncompress(snappy_compress("abcdef").substr(0, 4), 100).has_value());
}

}  // namespace
}  // namespace lw::io
