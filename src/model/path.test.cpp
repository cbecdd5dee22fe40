// SPDX-License-Identifier: Apache-2.0
#include "model/path.h"

#include <gtest/gtest.h>

#include <set>

#include "model/trace.h"

namespace lw {
namespace {

TEST(TraceProtocol, is_read_as_it_is_written_in_any_case) {
  for (const TraceProtocol protocol :
       {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp}) {
    EXPECT_EQ(parse_trace_protocol(to_string(protocol)), protocol);
  }
  EXPECT_EQ(parse_trace_protocol("TCP"), TraceProtocol::Tcp);
  EXPECT_FALSE(parse_trace_protocol("sctp"));
  EXPECT_FALSE(parse_trace_protocol(""));
}

TEST(HopLabel, each_bit_up_to_the_last_has_a_name_of_its_own) {
  std::set<std::string> names;
  const HopLabels all = (static_cast<HopLabels>(HopLabel::AsymmetricReturn) << 1U) - 1;
  for (const HopLabel label : labels_in(all)) names.insert(to_string(label));
  EXPECT_EQ(names.size(), 13U);
  EXPECT_FALSE(names.contains(""));
}

TEST(HopLabel, labels_are_put_together_and_taken_apart) {
  const HopLabels labels = with(with(0, HopLabel::Loop), HopLabel::RateLimited);
  EXPECT_TRUE(has(labels, HopLabel::Loop));
  EXPECT_FALSE(has(labels, HopLabel::Silent));
  EXPECT_EQ(labels_in(labels), (std::vector{HopLabel::RateLimited, HopLabel::Loop}));
  EXPECT_TRUE(labels_in(0).empty());
}

TEST(HopLabel, a_bit_of_a_newer_version_is_passed_over) {
  EXPECT_TRUE(labels_in(1U << 31U).empty());
  EXPECT_EQ(to_string(static_cast<HopLabel>(1U << 31U)), "");
}

TEST(PathIssueKind, each_number_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (int number = 0; number <= 8; ++number) {
    names.insert(to_string(static_cast<PathIssueKind>(number)));
  }
  EXPECT_EQ(names.size(), 9U);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(to_string(PathIssueKind::ForwardingLoss), "ForwardingLoss");
}

}  // namespace
}  // namespace lw
