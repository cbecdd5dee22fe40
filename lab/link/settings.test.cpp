// SPDX-License-Identifier: Apache-2.0
#include "link/settings.h"

#include <gtest/gtest.h>

namespace lw::lab {
namespace {

LinkPair parsed(std::string_view line, const LinkPair& current = {}) {
  const auto result = parse_settings(line, current);
  EXPECT_TRUE(result.has_value()) << line;
  return result ? *result : LinkPair{};
}

std::string fault(std::string_view line) {
  const auto result = parse_settings(line, {});
  return result ? "accepted" : result.error().message;
}

TEST(LinkSettings, hold_for_both_directions_unless_one_is_named) {
  EXPECT_EQ(parsed("delay_ms=100").a_to_b.delay, Milliseconds(100));
  EXPECT_EQ(parsed("delay_ms=100").b_to_a.delay, Milliseconds(100));
  EXPECT_EQ(parsed("dir=ab delay_ms=100").b_to_a.delay, Milliseconds(0));
  EXPECT_EQ(parsed("delay_ms=100 dir=ba").a_to_b.delay, Milliseconds(0));
}

TEST(LinkSettings, keep_what_a_line_does_not_name_until_reset) {
  const LinkPair lossy = parsed("loss=5.5 mtu=1400");
  EXPECT_EQ(parsed("delay_ms=0.25", lossy).a_to_b.loss_percent, 5.5);
  EXPECT_EQ(parsed("delay_ms=0.25", lossy).a_to_b.delay, Microseconds(250));
  EXPECT_EQ(parsed("reset", lossy), LinkPair{});
  EXPECT_EQ(parsed("reset loss=1", lossy).a_to_b.mtu, 0U);
}

TEST(LinkSettings, refuse_what_they_do_not_know_and_name_the_nearest_key) {
  EXPECT_EQ(fault("dely_ms=3"), "unknown key `dely_ms`; did you mean `delay_ms`?");
  EXPECT_EQ(fault("loss=101"), "loss=101: must be 0 to 100");
  EXPECT_EQ(fault("loss=-1"), "loss=-1: must be 0 to 100");
  EXPECT_EQ(fault("loss=nan"), "loss=nan: must be 0 to 100");
  EXPECT_EQ(fault("loss=5x"), "loss=5x: not a number");
  EXPECT_EQ(fault("loss"), "loss=: not a number");
  EXPECT_EQ(fault("dir=up loss=1"), "dir=up: must be ab, ba or both");
}

TEST(LinkSettings, show_the_keys_that_they_read) {
  EXPECT_EQ(to_json(parsed("delay_ms=1.5 loss=2 rate_kbit=64").a_to_b),
            R"({"delay_ms":1.5,"jitter_ms":0,"loss":2,"duplicate":0,"reorder":0,)"
            R"("reorder_ms":10,"rate_kbit":64,"queue_ms":1000,"mtu":0})");
}

}  // namespace
}  // namespace lw::lab
