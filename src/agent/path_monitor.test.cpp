// SPDX-License-Identifier: Apache-2.0
#include "agent/path_monitor.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/test_dns.h"
#include "io/test_network.h"

namespace lw::agent {
namespace {

lw::Test ping(const std::string& address) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = IcmpConfiguration{};
  lw::Test test;
  test.id = TestId{1};
  test.destination_address = address;
  test.configuration = std::move(configuration);
  return test;
}

TEST(PathMonitor, puts_the_names_of_routers_into_the_first_report_already) {
  EXPECT_TRUE(io::in_own_network({"ip addr add 198.18.0.1/32 dev lo"}, [] {
    const SystemClock clock;
    io::Loop loop;
    io::FakeDns dns(loop);
    dns.answer.pointers = {"core.example"};
    PathMonitorConfig config;
    config.names.name_servers.resolv_conf = "/nonexistent";
    config.names.name_servers.servers = {dns.address};
    std::optional<PathReport> first;
    PathMonitor monitor(config, clock, [&](PathReport&& report) {
      loop.post([&, report = std::move(report)] {
        if (!first) first = report;
        loop.stop();
      });
    });
    ASSERT_EQ(monitor.problem(), "");
    monitor.start();
    monitor.assign({ping("198.18.0.1")});
    loop.run_for(Seconds(60));
    monitor.stop();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->cause, PathReportCause::First);
    ASSERT_FALSE(first->paths.empty());
    EXPECT_EQ(first->paths.at(0).hops.back().name, "core.example");
  }));
}

}  // namespace
}  // namespace lw::agent
