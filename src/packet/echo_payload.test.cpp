// SPDX-License-Identifier: Apache-2.0
#include "packet/echo_payload.h"

#include <gtest/gtest.h>

#include <vector>

namespace lw::packet {
namespace {

constexpr EchoSecret kSecret{0xfeed1234, 0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(EchoPayload, sip_hash_gives_the_vectors_of_its_paper) {
  std::vector<std::uint8_t> bytes;
  EXPECT_EQ(sip_hash(kSecret.key0, kSecret.key1, bytes), 0x726fdb47dd0e0e31U);
  for (std::uint8_t i = 0; i < 15; ++i) bytes.push_back(i);
  EXPECT_EQ(sip_hash(kSecret.key0, kSecret.key1, bytes), 0xa129ca6149be45e5U);
}

TEST(EchoPayload, comes_back_as_it_was_sent) {
  const auto bytes = build_echo_payload(kSecret, {0x80000001, -5});
  const auto parsed = parse_echo_payload(kSecret, bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->token, 0x80000001);
  EXPECT_EQ(parsed->sent_ns, -5);
}

TEST(EchoPayload, any_changed_bit_makes_it_foreign) {
  const auto original = build_echo_payload(kSecret, {7, 123'456'789});
  for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
    auto changed = original;
    changed.at(bit / 8) ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(parse_echo_payload(kSecret, changed)) << bit;
  }
}

TEST(EchoPayload, one_made_with_another_key_is_foreign) {
  EchoSecret other = kSecret;
  other.key1 ^= 1;
  EXPECT_FALSE(parse_echo_payload(kSecret, build_echo_payload(other, {7, 1})));
}

TEST(EchoPayload, a_cut_one_is_foreign) {
  const auto bytes = build_echo_payload(kSecret, {7, 1});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_echo_payload(kSecret, std::span(bytes).first(size))) << size;
  }
}

}  // namespace
}  // namespace lw::packet
