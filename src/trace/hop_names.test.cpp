// SPDX-License-Identifier: Apache-2.0
#include "trace/hop_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "io/test_dns.h"
#include "io/test_network_file.h"

namespace lw::trace {
namespace {

class HopNamesTest : public testing::Test {
 protected:
  HopNamesTest() {
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    config.name_servers.resolv_conf = "/nonexistent";
    config.name_servers.servers = {dns.address};
    config.name_servers.server_timeout = Seconds(600);
    dns.answer.pointers = {"core.example"};
  }
  ~HopNamesTest() override { std::filesystem::remove_all(folder); }

  /// A path with a silent hop before the others.
  static PathReport report_of(int hops) {
    PathReport report;
    Path& path = report.paths.emplace_back();
    path.hops.emplace_back().ttl = 1;
    for (int i = 1; i <= hops; ++i) {
      PathHop& hop = path.hops.emplace_back();
      hop.ttl = static_cast<std::uint8_t>(i + 1);
      hop.address = *parse_ip_address("198.18.0." + std::to_string(i));
    }
    return report;
  }
  static Trace trace_of(const PathReport& report) {
    Trace trace;
    for (const PathHop& hop : report.paths.at(0).hops) {
      TraceProbe& probe = trace.probes.emplace_back();
      probe.ttl = hop.ttl;
      if (!hop.address) continue;
      probe.reply.from = *hop.address;
      probe.reply.rtt = Microseconds(1);
    }
    return trace;
  }
  bool wait_for(HopNames& names, const PathReport& report) {
    bool is_known = false;
    names.when_known(report, [&] {
      is_known = true;
      loop.stop();
    });
    loop.run_for(Seconds(20));
    return is_known;
  }

  std::string folder = std::filesystem::temp_directory_path() / "lw-names-XXXXXX";
  io::Loop loop;
  ManualClock clock;
  io::FakeDns dns{loop};
  HopNamesConfig config;
};

TEST_F(HopNamesTest, are_there_for_a_report_once_a_trace_has_met_the_hops) {
  HopNames names(loop, clock, config);
  PathReport report = report_of(2);
  names.look_up(trace_of(report));
  EXPECT_TRUE(wait_for(names, report));
  EXPECT_EQ(dns.queries, 2) << "nobody asks for silent hops";
  names.fill(report);
  const auto& hops = report.paths.at(0).hops;
  EXPECT_EQ(hops.at(0).name, "");
  EXPECT_EQ(hops.at(1).name, "core.example");
  EXPECT_EQ(hops.at(2).name, "core.example");
  EXPECT_EQ(hops.at(1).network, "");
  EXPECT_FALSE(names.problem());
}

TEST_F(HopNamesTest, of_more_hops_than_lookups_may_be_under_way_are_waited_for) {
  config.name_servers.asking_max = 3;
  HopNames names(loop, clock, config);
  PathReport report = report_of(30);
  EXPECT_TRUE(wait_for(names, report));
  names.fill(report);
  EXPECT_EQ(std::ranges::count(report.paths.at(0).hops, "core.example", &PathHop::name), 30);
  EXPECT_EQ(dns.queries, 30);
}

TEST_F(HopNamesTest, come_with_networks_and_change_no_id) {
  io::NetworkFile file;
  file.add("198.18.0.0", 15, {64'500, {{"autonomous_system_organization", "Example Net"}}});
  config.networks_file = folder + "/networks.mmdb";
  ASSERT_TRUE(write_file_atomically(config.networks_file, file.bytes(), 0600));
  HopNames names(loop, clock, config);
  const PathReport before = report_of(1);
  PathReport report = before;
  names.fill(report);
  EXPECT_EQ(report.paths.at(0).hops.at(1).network, "AS64500 Example Net");
  EXPECT_EQ(report.paths.at(0).hops.at(1).name, "") << "not known yet, and not waited for";
  EXPECT_EQ(report.paths.at(0).id, before.paths.at(0).id);
}

TEST_F(HopNamesTest, are_not_asked_for_if_not_wanted) {
  config.ask_name_servers = false;
  config.networks_file = folder + "/missing.mmdb";
  HopNames names(loop, clock, config);
  PathReport report = report_of(2);
  names.look_up(trace_of(report));
  EXPECT_TRUE(wait_for(names, report));
  names.fill(report);
  EXPECT_EQ(report, report_of(2));
  EXPECT_EQ(dns.queries, 0);
  EXPECT_EQ(names.problem().value().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace lw::trace
