// SPDX-License-Identifier: Apache-2.0
#include "cli/name_line.h"

#include <gtest/gtest.h>

namespace lw::cli {
namespace {

std::string shown(const NameFacts& facts) { return name_line("a.example", name_value(facts)); }

TEST(NameLine, tells_who_said_what_in_how_long) {
  NameFacts facts;
  facts.addresses = {"192.0.2.1", "2001:db8::1"};
  facts.server = "10.0.0.2:53";
  facts.took = Microseconds(1234);
  facts.ttl = Seconds(300);
  EXPECT_EQ(shown(facts),
            "a.example → 192.0.2.1, 2001:db8::1 from 10.0.0.2:53 in 1.23 ms, TTL 300 s");
  facts.detail = "SERVFAIL from 10.0.0.1:53 in 2 ms";
  EXPECT_EQ(shown(facts),
            "a.example → 192.0.2.1, 2001:db8::1 from 10.0.0.2:53 in 1.23 ms, TTL 300 s; "
            "SERVFAIL from 10.0.0.1:53 in 2 ms");
  facts = {};
  facts.addresses = {"192.0.2.1"};
  EXPECT_EQ(shown(facts), "a.example → 192.0.2.1 from the hosts file");
}

TEST(NameLine, tells_why_a_name_did_not_resolve) {
  NameFacts facts;
  facts.outcome = CheckOutcome::NameNotFound;
  facts.detail = "NXDOMAIN from 10.0.0.2:53 in 1.2 ms";
  EXPECT_EQ(shown(facts), "a.example did not resolve: NXDOMAIN from 10.0.0.2:53 in 1.2 ms");
  facts.is_last_good = true;
  EXPECT_EQ(shown(facts),
            "a.example did not resolve: NXDOMAIN from 10.0.0.2:53 in 1.2 ms; its last known "
            "address was checked");
  facts.detail.clear();
  facts.is_last_good = false;
  EXPECT_EQ(shown(facts), "a.example did not resolve: NameNotFound");
}

}  // namespace
}  // namespace lw::cli
