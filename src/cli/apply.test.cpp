// SPDX-License-Identifier: Apache-2.0
// linewatch validate, plan and apply: what is found without a server, and what a server says.
#include <gtest/gtest.h>

#include "cli/cli_fixture.h"
#include "io/host.h"

namespace lw::cli {
namespace {

constexpr const char* kGood =
    "connectionMonitors:\n"
    "  - name: web\n"
    "    endpoints:\n"
    "      - {name: here, type: Agent, address: web1}\n"
    "      - {name: there, address: 192.0.2.7}\n"
    "    testConfigurations: [{name: ping, protocol: Icmp, testFrequencySec: 30}]\n"
    "    testGroups:\n"
    "      - {name: g, sources: [here], destinations: [there], testConfigurations: [ping]}\n";

class ApplyTest : public ServerTest {
 protected:
  ApplyTest() {
    answer_ = [this](const io::HttpRequest& request) {
      paths_.push_back(request.path);
      return io::HttpResponse{.status = 200, .headers = {}, .body = body_};
    };
  }
  /// With a faulty key and a faulty reference.
  static std::string faulty() {
    std::string text = kGood;
    text.replace(text.find("testFrequencySec"), 16, "testFrequencySek");
    text.replace(text.find("destinations: [there]"), 21, "destinations: [ther]");
    return text;
  }
  Outcome with_file(const std::string& verb, const std::string& text,
                    std::vector<std::string> more = {}) {
    write("m.yaml", text);
    more.insert(more.begin(), {verb, "-f", folder_ + "/m.yaml"});
    return linewatch(std::move(more));
  }

  std::vector<std::string> paths_;  ///< that the server was asked for
  std::string body_ = R"({"dryRun":true,"changes":[],"warnings":[]})";
};

TEST_F(ApplyTest, every_fault_is_said_with_its_line_before_a_server_is_looked_for) {
  ASSERT_TRUE(remove_file(folder_ + "/server.url").has_value());
  for (const std::string verb : {"validate", "plan", "apply"}) {
    const Outcome outcome = with_file(verb, faulty());
    EXPECT_EQ(outcome.code, 2) << verb;
    EXPECT_TRUE(contains(outcome.err, "linewatch: 2 faults in the connection monitors; nothing "))
        << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "\n  " + folder_ + "/m.yaml:6:")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "did you mean `testFrequencySec`?")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "\n  " + folder_ + "/m.yaml:8:")) << outcome.err;
    EXPECT_FALSE(contains(outcome.err, "server")) << outcome.err;
  }
}

TEST_F(ApplyTest, a_faulty_file_does_not_reach_the_server) {
  EXPECT_EQ(with_file("apply", faulty()).code, 2);
  EXPECT_EQ(with_file("apply", "connectionMonitors: [").code, 2);
  EXPECT_TRUE(paths_.empty());
}

TEST_F(ApplyTest, what_is_no_yaml_is_said_with_file_and_line) {
  const Outcome outcome = with_file("plan", "connectionMonitors:\n\t- name: x\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, folder_ + "/m.yaml: ")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "line 2")) << outcome.err;
}

TEST_F(ApplyTest, a_good_file_is_called_good_though_the_server_is_away) {
  const std::string away = "http://127.0.0.1:" + std::to_string(*io::free_loopback_port());
  for (const std::string verb : {"plan", "apply"}) {
    const Outcome outcome = with_file(verb, kGood, {"--server", away});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, "m.yaml has no faults, but the server cannot be reached: "))
        << outcome.err;
  }
  const Outcome valid = with_file("validate", kGood, {"--server", away});
  EXPECT_EQ(valid.code, 0) << valid.err;
  EXPECT_EQ(valid.out, folder_ + "/m.yaml: 1 connection monitor, no faults\n");
}

TEST_F(ApplyTest, warnings_of_the_server_stand_on_lines_of_their_own_and_are_no_failure) {
  body_ =
      R"({"dryRun":false,"changes":[],"warnings":["no agent named `web1` has joined yet","b"]})";
  for (const std::string output : {"table", "json"}) {
    const Outcome outcome = with_file("apply", kGood, {"-o", output});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err,
              "linewatch: warning: no agent named `web1` has joined yet\n"
              "linewatch: warning: b\n");
    EXPECT_FALSE(contains(outcome.out, "web1")) << outcome.out;
  }
  body_ = R"({"dryRun":false,"changes":[]})";
  EXPECT_EQ(with_file("apply", kGood).err, "") << "an older server gives none";
  EXPECT_EQ(paths_, (std::vector<std::string>(3, "/api/v1/apply")));
}

}  // namespace
}  // namespace lw::cli
