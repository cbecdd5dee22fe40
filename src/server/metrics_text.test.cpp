// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_text.h"

#include <gtest/gtest.h>

namespace lw::server {
namespace {

TEST(MetricsText, WritesHelpTypeAndSamples) {
  MetricsText metrics;
  metrics.begin("linewatch_tests", "gauge", "Tests by state.");
  metrics.sample(3, {{"state", "Pass"}});
  metrics.sample(0.5, {{"a", "x"}, {"b", "quote \" slash \\ line\nend"}});
  metrics.single("up", "gauge", "One.", 1);
  EXPECT_EQ(metrics.text(),
            "# HELP linewatch_tests Tests by state.\n# TYPE linewatch_tests gauge\n"
            "linewatch_tests{state=\"Pass\"} 3\n"
            "linewatch_tests{a=\"x\",b=\"quote \\\" slash \\\\ line\\nend\"} 0.5\n"
            "# HELP up One.\n# TYPE up gauge\nup 1\n");
}

}  // namespace
}  // namespace lw::server
