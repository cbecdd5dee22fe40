// SPDX-License-Identifier: Apache-2.0
// What goldens would be too large for: limits, names and targets.
#include "migrate/migration.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "migrate/names.h"
#include "migrate/settings.h"
#include "migrate/target.h"
#include "model/validate.h"

namespace lw::migrate {
namespace {

std::size_t tests_of(const std::vector<ConnectionMonitor>& monitors) {
  std::size_t count = 0;
  for (const ConnectionMonitor& monitor : monitors) {
    for (const TestGroup& group : monitor.test_groups) {
      count += group.sources.size() * group.destinations.size() * group.test_configurations.size();
    }
  }
  return count;
}

Migration blackbox(const std::string& targets) {
  return migrate_blackbox("modules: {icmp: {prober: icmp}, http: {prober: http}}", targets, "t",
                          {.file = "f", .name = "", .sources = {}})
      .value();
}

TEST(Migration, more_endpoints_than_fit_are_spread_over_monitors_and_none_is_lost) {
  std::string targets;
  for (int i = 0; i < 250; ++i) targets += fmt::format("icmp 10.0.{}.{}\n", i / 200, i % 200 + 1);
  const Migration migration = blackbox(targets);
  ASSERT_EQ(migration.monitors.size(), 3U);
  EXPECT_EQ(migration.monitors[0].name, "blackbox");
  EXPECT_EQ(migration.monitors[2].name, "blackbox-3");
  EXPECT_EQ(migration.monitors[0].endpoints.size(), 100U);
  EXPECT_EQ(tests_of(migration.monitors), 250U);
  for (const ConnectionMonitor& monitor : migration.monitors) {
    EXPECT_TRUE(validate(monitor).empty());
  }
  const bool is_told = std::ranges::any_of(migration.report, [](const Remark& remark) {
    return !remark.is_loss && remark.what.message.find("blackbox-3") != std::string::npos;
  });
  EXPECT_TRUE(is_told);
}

TEST(Migration, more_configurations_than_fit_are_spread_over_monitors) {
  std::string targets;
  for (int i = 0; i < 45; ++i) targets += fmt::format("http http://www.example/{}\n", i);
  const Migration migration = blackbox(targets);
  ASSERT_EQ(migration.monitors.size(), 3U);
  EXPECT_EQ(migration.monitors[0].test_configurations.size(), 20U);
  EXPECT_EQ(tests_of(migration.monitors), 45U);
}

TEST(Migration, sources_that_are_named_run_the_tests) {
  const auto migration =
      migrate_smokeping("probe = FPing\n+ A\nhost = 192.0.2.1\n",
                        {.file = "f", .name = "mine", .sources = {"one", "two", "one"}});
  ASSERT_TRUE(migration);
  ASSERT_EQ(migration->monitors.size(), 1U);
  EXPECT_EQ(migration->monitors[0].name, "mine");
  EXPECT_EQ(migration->monitors[0].test_groups[0].sources,
            (std::vector<std::string>{"one", "two"}));
  const auto refused = migrate_smokeping("+ A\n", {.file = "f", .name = "", .sources = {"a/b"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
}

TEST(Migration, machines_of_a_workspace_are_named_as_azure_names_them) {
  const auto migration = migrate_npm(
      R"({"Metadata": {"WorkspaceResourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/wan"},
          "EPM": {"Rules": [{"Name": "T", "Endpoints": [{"DestAddress": "a.example", "DestPort": 1, "TestProtocol": "tcp"}]}]}})",
      {.file = "f", .name = "", .sources = {"m1.example"}});
  ASSERT_TRUE(migration) << migration.error().message;
  const ConnectionMonitor& monitor = migration->monitors.at(0);
  EXPECT_EQ(monitor.name, "wan_on-premises");
  EXPECT_EQ(monitor.endpoints[0].name, "wan_endpoint_m1.example");
  EXPECT_EQ(monitor.endpoints[0].type, EndpointType::MMAWorkspaceMachine);
  EXPECT_EQ(monitor.test_configurations[0].name, "TC_T");
}

TEST(Migration, names_are_valid_and_mean_one_thing) {
  EXPECT_EQ(valid_name("a/b\n"), "a-b_");
  EXPECT_EQ(valid_name("  "), "unnamed");
  EXPECT_EQ(valid_name(std::string(200, 'x')).size(), 70U);
  Names names;
  EXPECT_EQ(names.of("web", "1"), "web");
  EXPECT_EQ(names.of("Web", "2"), "Web-2");
  EXPECT_EQ(names.of("web", "1"), "web");
  EXPECT_EQ(names.of("web-2", "3"), "web-2-2");
}

TEST(Migration, targets_are_hosts_ports_and_urls) {
  const auto url = parse_target("HTTPS://[2001:db8::1]:8443/a?b#c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a?b");
  EXPECT_EQ(parse_target("2001:db8::1")->host, "2001:db8::1");
  EXPECT_EQ(parse_target("h.example:53")->port, 53);
  EXPECT_EQ(parse_target("h.example?x")->path, "/?x");
  for (const char* const wrong : {"", "http://", "h:0", "h:x", "ftp://h", "http://u:p@h/"}) {
    EXPECT_FALSE(parse_target(wrong)) << wrong;
  }
}

TEST(Migration, durations_are_read_as_prometheus_writes_them) {
  EXPECT_EQ(parse_duration("1m30s"), Milliseconds(90'000));
  EXPECT_EQ(parse_duration("500ms"), Milliseconds(500));
  EXPECT_EQ(parse_duration("2d"), Milliseconds(172'800'000));
  for (const char* const wrong : {"", "5", "s", "5x", "-5s", "99999999999999999999s", "999999y"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace lw::migrate
