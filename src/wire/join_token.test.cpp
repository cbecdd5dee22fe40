// SPDX-License-Identifier: Apache-2.0
#include "wire/join_token.h"

#include <gtest/gtest.h>

namespace lw::wire {
namespace {

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const std::string kToken = "lw1-" + kSecret + "-" + kHash;

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

TEST(JoinToken, comes_back_from_its_text) {
  EXPECT_EQ(to_string(JoinToken{kSecret, kHash}), kToken);
  for (const std::string& text :
       {kToken, "  " + kToken + "\n", "lw1-" + upper(kSecret + "-" + kHash)}) {
    const auto token = parse_join_token(text);
    ASSERT_TRUE(token.has_value()) << text;
    EXPECT_EQ(token->secret, kSecret) << text;
    EXPECT_EQ(token->authority_sha256_hex, kHash) << text;
  }
}

TEST(JoinToken, refuses_what_is_torn_and_says_what_to_do) {
  const std::vector<std::string> torn = {"",
                                         "lw1",
                                         "lw1--",
                                         kToken.substr(0, kToken.size() - 1),
                                         kToken.substr(1),
                                         kToken + "0",
                                         kToken + "-",
                                         "lw2" + kToken.substr(3),
                                         "lw1-" + kSecret,
                                         "lw1-" + kHash + "-" + kSecret,
                                         "lw1-" + std::string(32, 'g') + "-" + kHash,
                                         kToken.substr(0, 20) + " " + kToken.substr(21)};
  for (const std::string& text : torn) {
    const auto refused = parse_join_token(text);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(refused.error().message.find("linewatch agent token create"), std::string::npos);
    if (text.size() > 40) {
      EXPECT_EQ(refused.error().message.find(kSecret), std::string::npos) << "it is a secret";
    }
  }
}

}  // namespace
}  // namespace lw::wire
