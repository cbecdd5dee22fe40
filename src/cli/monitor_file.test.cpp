// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"

namespace lw::cli {
namespace {

const std::vector<std::pair<std::string, std::string>> kValues = {{"gateway", "192.0.2.1"},
                                                                  {"api_port", "${gateway}"}};

TEST(Substitute, replaces_each_placeholder_and_nothing_else) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"plain $ text {gateway} $gateway", "plain $ text {gateway} $gateway"},
      {"${gateway}", "192.0.2.1"},
      {"a${gateway}b${gateway}", "a192.0.2.1b192.0.2.1"},
      {"${api_port}", "${gateway}"},  // values are not read again
      {"$${gateway}", "$192.0.2.1"},
      {"${gateway}\n  x: '}'", "192.0.2.1\n  x: '}'"},
  };
  for (const auto& [text, expected] : cases) {
    const auto done = substitute(text, kValues);
    ASSERT_TRUE(done.has_value()) << text;
    EXPECT_EQ(*done, expected);
  }
}

TEST(Substitute, an_unknown_placeholder_is_refused_with_the_known_ones) {
  for (const std::string text :
       {"${gatway}", "x ${} y", "${GATEWAY}", "${gateway", "${ gateway}"}) {
    const auto refused = substitute(text, kValues);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(refused.error().message.find("known are ${gateway}, ${api_port}"), std::string::npos)
        << refused.error().message;
  }
}

class MonitorFileTest : public testing::Test {
 protected:
  MonitorFileTest() {
    char name[] = "/tmp/lw-monitor-file-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~MonitorFileTest() override { std::filesystem::remove_all(folder_); }
  Result<std::vector<std::string>> names_in(const std::string& text) {
    EXPECT_TRUE(write_file_atomically(folder_ + "/m.yaml", text, 0600).has_value());
    return monitor_names(folder_ + "/m.yaml");
  }
  std::string folder_;
};

TEST_F(MonitorFileTest, gives_the_names_in_a_file) {
  EXPECT_EQ(names_in("connectionMonitors: [{name: a}, {name: b}]").value(),
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(MonitorFileTest, a_file_without_monitors_is_named_in_the_error) {
  for (const std::string text : {"", "connectionMonitors: []", "monitors: [{name: a}]", "[1]"}) {
    const auto refused = names_in(text);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_NE(refused.error().message.find("m.yaml"), std::string::npos);
  }
  const auto torn = names_in("connectionMonitors: [");
  ASSERT_FALSE(torn.has_value());
  EXPECT_NE(torn.error().message.find("m.yaml"), std::string::npos);
}

TEST(Placeholder, is_found_only_if_it_is_one_of_ours) {
  EXPECT_EQ(find_placeholder("address: ${gateway}"), "${gateway}");
  EXPECT_FALSE(find_placeholder("header: ${TOKEN} $gateway {gateway}").has_value());
}

}  // namespace
}  // namespace lw::cli
