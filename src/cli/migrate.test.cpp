// SPDX-License-Identifier: Apache-2.0
// linewatch migrate and export as command lines; what they carry over is tested in src/migrate.
#include <gtest/gtest.h>

#include "base/files.h"
#include "cli/cli_fixture.h"
#include "cli/monitor_file.h"

namespace lw::cli {
namespace {

using MigrateVerb = ServerTest;
using ExportVerb = ServerTest;

TEST_F(MigrateVerb, monitors_go_to_standard_output_and_the_report_to_standard_error) {
  write("Targets", "probe = FPing\n+ Home\nhost = 192.0.2.1\nalerts = x\n");
  const Outcome yaml = run_with({"migrate", "smokeping", folder_ + "/Targets", "--name", "home"});
  EXPECT_EQ(yaml.code, 0) << yaml.err;
  const auto monitors = check_monitor_text(yaml.out, "");
  ASSERT_TRUE(monitors) << monitors.error().message;
  EXPECT_EQ(monitors->at(0).name, "home");
  EXPECT_TRUE(contains(yaml.err, "/Targets:4:1: target Home: alerts is not carried over"));
  EXPECT_TRUE(contains(yaml.err, "1 connection monitor with 1 test group; 1 thing could not"));
  const Outcome json =
      run_with({"migrate", "smokeping", folder_ + "/Targets", "-o", "json", "--source", "here"});
  EXPECT_TRUE(json.out.starts_with("{"));
  EXPECT_TRUE(contains(json.out, R"("agent": "here")"));
}

TEST_F(MigrateVerb, strict_is_a_negative_result_if_something_is_lost) {
  write("all", "probe = FPing\n+ Home\nhost = 192.0.2.1\n");
  write("some", "probe = FPing\n+ Home\nhost = 192.0.2.1\n+ Away\nprobe = DNS\nhost = ns\n");
  write("none", "probe = DNS\n+ Away\nhost = ns\n");
  EXPECT_EQ(run_with({"migrate", "smokeping", folder_ + "/all", "--strict"}).code, 0);
  EXPECT_EQ(run_with({"migrate", "smokeping", folder_ + "/some"}).code, 0);
  EXPECT_EQ(run_with({"migrate", "smokeping", folder_ + "/some", "--strict"}).code, 1);
  EXPECT_EQ(run_with({"migrate", "smokeping", folder_ + "/none"}).code, 1) << "no monitor at all";
}

TEST_F(MigrateVerb, misuse_says_what_to_do) {
  write("b.yml", "modules: {icmp: {prober: icmp}}\n");
  write("t", "192.0.2.1\n");
  const Outcome missing = run_with({"migrate", "blackbox", folder_ + "/b.yml"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_TRUE(contains(missing.err, "--targets FILE"));
  EXPECT_EQ(run_with({"migrate", "blackbox", folder_ + "/b.yml", "--targets", folder_ + "/t"}).code,
            0);
  EXPECT_EQ(run_with({"migrate", "blackbox", folder_ + "/b.yml", "--targets", "/nowhere"}).code, 2);
  EXPECT_EQ(run_with({"migrate", "npm", folder_ + "/b.yml"}).code, 2);
  EXPECT_EQ(run_with({"migrate", "classic", folder_ + "/b.yml", "-o", "csv"}).code, 2);
  EXPECT_EQ(run_with({"migrate"}).code, 2);
  const Outcome typo = run_with({"migrate", "clasic", "x"});
  EXPECT_TRUE(contains(typo.err, "did you mean `classic`?")) << typo.err;
}

io::HttpResponse answer_monitor(const io::HttpRequest& request) {
  const std::string body = request.target.starts_with("/api/v1/status")
                               ? R"({"subscriptionId": "sub-1"})"
                               : R"({"name": "Watcher/web", "document": {"name": "web",
 "location": "local", "properties": {"source": {"resourceId":
 "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/front"},
 "destination": {"address": "192.0.2.1", "port": 443}}}})";
  return {.status = 200, .headers = {}, .body = body};
}

TEST_F(ExportVerb, a_monitor_is_printed_in_each_format) {
  answer_ = answer_monitor;
  const Outcome yaml = linewatch({"export", "Watcher/web"});
  EXPECT_EQ(yaml.code, 0) << yaml.err;
  ASSERT_TRUE(check_monitor_text(yaml.out, "")) << yaml.out;
  EXPECT_TRUE(contains(yaml.err, "network watcher Watcher"));
  const Outcome arm = linewatch({"export", "Watcher/web", "--format", "arm"});
  EXPECT_TRUE(contains(arm.out, R"("name": "Watcher/web")")) << arm.out;
  const Outcome terraform = linewatch({"export", "Watcher/web", "--format", "terraform"});
  EXPECT_TRUE(contains(terraform.out,
                       R"(network_watcher_id = "/subscriptions/sub-1/resourceGroups/)"
                       R"(NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/Watcher")"))
      << terraform.out;
  EXPECT_EQ(linewatch({"export", "web", "--format", "pdf"}).code, 2);
}

TEST_F(ExportVerb, the_name_reaches_the_server_as_it_is_and_its_refusal_the_user) {
  std::string asked;
  answer_ = [&asked](const io::HttpRequest& request) {
    asked = request.target;
    return io::HttpResponse{.status = 404,
                            .headers = {},
                            .body = R"({"error":{"code":"NotFound","message":"no such one"}})"};
  };
  const Outcome outcome = linewatch({"export", "a/b c"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "no such one"));
  EXPECT_EQ(asked, "/api/v1/connection-monitors/a%2Fb%20c");
}

}  // namespace
}  // namespace lw::cli
