// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace lw {
namespace {

TEST(Base64, has_the_examples_of_the_rfc) {
  // RFC 4648 §10.
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, for_urls_has_other_digits_and_no_padding) {
  const std::string bytes = "\xfb\xff\xfe";
  EXPECT_EQ(to_base64(bytes), "+//+");
  EXPECT_EQ(to_base64url(bytes), "-__-");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(bytes_of_base64url("-__-"), bytes);
}

TEST(Base64, whatever_is_written_is_read) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes = random_bytes(size);
    EXPECT_EQ(bytes_of_base64url(to_base64url(bytes)), bytes) << size;
    EXPECT_EQ(bytes_of_base64(to_base64(bytes)), bytes) << size;
  }
}

TEST(Base64, padding_may_be_missing_but_not_be_wrong) {
  EXPECT_EQ(bytes_of_base64("Zg"), "f");
  EXPECT_EQ(bytes_of_base64("Zm8"), "fo");
  EXPECT_EQ(bytes_of_base64("+//+"), "\xfb\xff\xfe");
  for (const std::string bad :
       {"Z", "Z===", "Zg=", "Zm8==", "Zm9v=", "====", "-__-", "Zh==", "?"}) {
    EXPECT_FALSE(bytes_of_base64(bad)) << bad;
  }
}

TEST(Base64, what_was_not_written_so_is_refused) {
  for (const std::string bad :
       {"Z", "Zg==", "Zg=", "Zm9v\n", "Zm 9v", "+//+", "Zh", "Zm9", "Zm9vY", "Z\xc3\xb6"}) {
    EXPECT_FALSE(bytes_of_base64url(bad)) << bad;
  }
}

}  // namespace
}  // namespace lw
