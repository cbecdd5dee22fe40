// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/settings.h"

#include <gtest/gtest.h>

namespace lw::server::remote_write {
namespace {

Result<Settings> read(const std::string& text) { return read_settings(parse_yaml(text).value()); }

TEST(RemoteWriteSettings, reads_all_of_it) {
  const auto settings = read(
      "intervalSec: 30\n"
      "targets:\n"
      "  - url: https://user@prometheus:9090/api/v1/write?x=secret\n"
      "    basicAuth: {username: ann, passwordFile: /p}\n"
      "    caFile: /ca\n"
      "    headers: {X-Scope-OrgID: team}\n"
      "    labels: {site: here}\n"
      "    samplesPerRequest: 100\n"
      "    samplesWaitingMax: 1000\n"
      "    timeoutSec: 5\n"
      "  - {name: second, url: 'http://localhost/write', bearerTokenFile: /t}\n");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->interval, Seconds(30));
  const Target& target = settings->targets.front();
  EXPECT_EQ(target.name, "https://prometheus:9090/api/v1/write") << "nothing secret in metrics";
  EXPECT_EQ(target.user, "ann");
  EXPECT_EQ(target.labels, (Labels{{"site", "here"}}));
  EXPECT_EQ(target.samples_per_request, 100U);
  EXPECT_EQ(target.samples_waiting_max, 1'000U);
  EXPECT_EQ(target.timeout, Seconds(5));
  EXPECT_EQ(settings->targets.back().token_file, "/t");
}

TEST(RemoteWriteSettings, says_what_is_wrong_and_where) {
  for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
           {"targets: []", "targets"},
           {"target: [{url: 'http://x/'}]", "target"},
           {"targets: [{url: x}]", "targets[0]"},
           {"targets: [{url: 'http://x/', user: y}]", "user"},
           {"targets: [{url: 'http://x/', basicAuth: {username: y}}]", "passwordFile"},
           {"targets: [{url: 'http://x/', labels: {__name__: y}}]", "__name__"},
           {"targets: [{url: 'http://x/', samplesPerRequest: 0}]", "samplesPerRequest"},
           {"{intervalSec: 0, targets: [{url: 'http://x/'}]}", "intervalSec"},
           {"targets: [{url: 'http://x/'}, {url: 'http://x/'}]", "targets[1]"}}) {
    const auto settings = read(text);
    ASSERT_FALSE(settings.has_value()) << text;
    EXPECT_EQ(settings.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(settings.error().message.find(word), std::string::npos) << settings.error().message;
  }
}

}  // namespace
}  // namespace lw::server::remote_write
