// SPDX-License-Identifier: Apache-2.0
#include "model/action_group.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

ActionGroupRead read(const std::string& json) {
  return read_action_group(parse_json(json).value(), "properties");
}

std::string first_fault(const std::string& json) {
  const auto faults = read(json).faults;
  return faults.empty() ? "" : faults.front().path + ": " + faults.front().message;
}

TEST(ActionGroup, IsReadAsClientsSendIt) {
  const ActionGroupRead group = read(R"({"groupShortName": "ops", "enabled": true,
    "webhookReceivers": [{"name": "hook", "serviceUri": "https://example.org/x?k=1",
                          "useCommonAlertSchema": true}],
    "emailReceivers": [{"name": "a", "emailAddress": "a@example.org"}], "smsReceivers": []})");
  EXPECT_TRUE(group.faults.empty());
  EXPECT_EQ(group.group.webhooks, (std::vector<Webhook>{{"hook", "https://example.org/x?k=1"}}));
  ASSERT_EQ(group.group.not_served.size(), 1U);
  EXPECT_TRUE(group.group.not_served[0].starts_with("1 receiver of kind e-mail"));
}

TEST(ActionGroup, TellsNothingToWhoWantsEntra) {
  const ActionGroupRead group = read(R"({"groupShortName": "ops", "webhookReceivers": [
    {"name": "safe", "serviceUri": "https://example.org/", "useAadAuth": true, "objectId": "o"}]})");
  EXPECT_TRUE(group.faults.empty());
  EXPECT_TRUE(group.group.webhooks.empty());
  ASSERT_EQ(group.group.not_served.size(), 1U);
}

TEST(ActionGroup, RefusesWhatCannotBeCalled) {
  for (const char* const uri : {"ftp://example.org/", "https://", "https:///x", "example.org",
                                "http://a b/", "http://:80/"}) {
    EXPECT_TRUE(first_fault(R"({"groupShortName": "ops", "webhookReceivers": [{"name": "h",
      "serviceUri": ")" + std::string(uri) +
                            R"("}]})")
                    .starts_with("properties.webhookReceivers[0].serviceUri: "))
        << uri;
  }
  EXPECT_NE(first_fault(R"({"groupShortName": "thirteen-long"})").find("12 characters"),
            std::string::npos);
  EXPECT_TRUE(first_fault("{}").starts_with("properties.groupShortName: "));
  EXPECT_NE(first_fault(R"({"groupShortName": "ops", "webhooks": []})").find("webhookReceivers"),
            std::string::npos);
}

}  // namespace
}  // namespace lw
