// SPDX-License-Identifier: Apache-2.0
// Follows the ways to many destinations with the agent's path monitor as it is, for
// bench/trace/run.py and by hand:
//
//   trace_follow_bench --first 198.18.0.1 --count 10000 --interval 60 --seconds 300
//
// Names of routers are not looked up. Prints one JSON object a line every few seconds: what the
// process has used and reported until then.
#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "agent/path_monitor.h"
#include "base/ip_address.h"
#include "base/thread.h"
#include "io/loop.h"
#include "measuring.h"

namespace lw {
namespace {

struct Options {
  std::string first = "198.18.0.1";
  std::uint32_t count = 10'000;
  int interval_s = 60;
  int seconds = 300;
  int every_s = 10;
};

std::vector<Test> make_tests(const Options& options) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = IcmpConfiguration{};
  std::vector<Test> tests(options.count);
  const IpAddress first = parse_ip_address(options.first).value();
  for (std::uint32_t i = 0; i < options.count; ++i) {
    tests[i].destination_address = to_string(bench::nth_after(first, i));
    // A hash, as the agent's are: it says when within the interval its traces are made.
    tests[i].id = test_id("bench", "ways", "here", tests[i].destination_address, "icmp");
    tests[i].configuration = configuration;
  }
  return tests;
}

/// What the monitor handed out. Written by its thread, read by the main one.
struct Reported {
  Counter reports;
  Counter with_issues;
};

void print(double at, const Reported& reported) {
  fmt::print(
      "{{\"at_s\": {:.3f}, \"cpu_s\": {:.6f}, \"rss_kb\": {}, \"reports\": {}, "
      "\"with_issues\": {}}}\n",
      at, bench::cpu_seconds(), bench::resident_kb(), reported.reports.value(),
      reported.with_issues.value());
  std::fflush(stdout);
}

int run(const Options& options) {
  const SystemClock clock;
  agent::PathMonitorConfig config;
  config.schedule.interval = Seconds(options.interval_s);
  config.names.ask_name_servers = false;
  Reported reported;
  agent::PathMonitor monitor(config, clock, [&](PathReport&& report) {
    reported.reports.add();
    if (report.issues.empty()) return;
    reported.with_issues.add();
    // Nothing is wrong with that network: whatever is said of it is worth reading.
    for (const PathIssue& issue : report.issues) fmt::print(stderr, "{}\n", issue.text);
  });
  if (!monitor.problem().empty()) {
    fmt::print(stderr, "trace_follow_bench: {}\n", monitor.problem());
    return 1;
  }
  monitor.start();
  monitor.assign(make_tests(options));
  const Instant begun = clock.now();
  const auto elapsed = [&] { return std::chrono::duration<double>(clock.now() - begun).count(); };
  io::Loop waiting;
  print(0, reported);
  for (int at = 0; at < options.seconds; at += options.every_s) {
    waiting.run_for(begun + Seconds(at + options.every_s) - clock.now());
    print(elapsed(), reported);
  }
  monitor.stop();
  return 0;
}

}  // namespace
}  // namespace lw

int main(int argc, char** argv) {
  lw::Options options;
  CLI::App app("Follows the ways to many destinations.");
  app.add_option("--first", options.first, "First destination")->capture_default_str();
  app.add_option("--count", options.count, "Destinations, counting up")->capture_default_str();
  app.add_option("--interval", options.interval_s, "Seconds between two traces of a destination")
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long")->capture_default_str();
  app.add_option("--every", options.every_s, "Seconds between two lines")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return lw::run(options);
}
