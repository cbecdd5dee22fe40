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

TEST(ActionGroup, ShowsNoSecretsOfAddresses) {
  const auto shown = [](std::string_view uri) { return masked_address(uri); };
  EXPECT_EQ(shown("https://hooks.example.org/T0/B1/s3cret"), "https://hooks.example.org/…");
  EXPECT_EQ(shown("http://example.org:8080?key=s3cret"), "http://example.org:8080/…");
  EXPECT_EQ(shown("HTTPS://user:s3cret@example.org/"), "HTTPS://example.org/");
  EXPECT_EQ(shown("https://user:s3cret@[2001:db8::1]:81/x"), "https://[2001:db8::1]:81/…");
  // A stray @ further on is no host's.
  EXPECT_EQ(shown("https://example.org/?mail=a@b"), "https://example.org/…");
  EXPECT_EQ(shown("https://example.org#s3cret"), "https://example.org/…");
  EXPECT_EQ(shown("https://example.org"), "https://example.org");
  EXPECT_EQ(shown("ops"), "ops");
  const Value document = parse_json(R"({"properties": {"groupShortName": "ops", "enabled": true,
    "logicAppReceivers": [{"name": "a", "callbackUrl": "https://example.org/a?sig=s3cret"}],
    "webhookReceivers": [{"name": "h", "serviceUri": "https://example.org/h"}]}})")
                             .value();
  EXPECT_EQ(to_json(with_masked_addresses(document)).find("s3cret"), std::string::npos);
  EXPECT_EQ(with_masked_addresses(document).find("properties")->text("groupShortName"), "ops");
}

}  // namespace
}  // namespace lw
