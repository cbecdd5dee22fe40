// SPDX-License-Identifier: Apache-2.0
#include "model/test.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(TestId, NeverChanges) {
  // History hangs on these numbers: a failure here means that every stored row lost its test.
  EXPECT_EQ(to_string(test_id("cm1", "web", "local", "db", "ping")), "4f2197b223978ea4");
}

TEST(TestId, TellsNamesApartThatReadTheSameWhenJoined) {
  EXPECT_NE(test_id("a", "bc", "d", "e", "f"), test_id("ab", "c", "d", "e", "f"));
  EXPECT_NE(test_id("m", "g", "a", "b", "c"), test_id("m", "g", "b", "a", "c"));
}

TEST(FullName, ListsTheFiveNames) {
  lw::Test test;  // plain Test is gtest's here
  test.connection_monitor = "cm1";
  test.test_group = "web";
  test.source = "agents/web1";
  test.destination = "db";
  EXPECT_EQ(test.full_name(), "cm1/web/agents/web1/db");
  TestConfiguration configuration;
  configuration.name = "ping";
  test.configuration = std::make_shared<const TestConfiguration>(configuration);
  EXPECT_EQ(test.full_name(), "cm1/web/agents/web1/db/ping");
}

}  // namespace
}  // namespace lw
