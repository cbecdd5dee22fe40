// SPDX-License-Identifier: Apache-2.0
#include "model/action_group.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "model/object_reader.h"

namespace lw {
namespace {

constexpr std::size_t kShortNameMax = 12;
constexpr std::size_t kWebhooksMax = 10;
constexpr std::size_t kUriBytesMax = 2'048;
constexpr std::string_view kScheme = "https://";

/// Azure's other kinds of receivers, and what people call them.
constexpr std::array<std::pair<const char*, const char*>, 11> kOtherReceivers{
    {{"emailReceivers", "e-mail"},
     {"smsReceivers", "SMS"},
     {"voiceReceivers", "voice"},
     {"azureAppPushReceivers", "app push"},
     {"itsmReceivers", "ITSM"},
     {"automationRunbookReceivers", "runbook"},
     {"logicAppReceivers", "Logic App"},
     {"azureFunctionReceivers", "Azure Function"},
     {"armRoleReceivers", "ARM role"},
     {"eventHubReceivers", "Event Hub"},
     {"incidentReceivers", "incident"}}};

bool has_web_scheme(std::string_view uri) {
  const std::string lower = to_lower(uri.substr(0, kScheme.size()));
  return lower == kScheme || lower.starts_with("http://");
}

bool is_web_address(std::string_view uri) {
  const bool has_scheme = has_web_scheme(uri);
  const std::string_view rest = has_scheme ? uri.substr(uri.find("://") + 3) : std::string_view();
  const bool has_odd = std::ranges::any_of(uri, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
  return !rest.empty() && rest.front() != '/' && rest.front() != ':' && !has_odd &&
         uri.size() <= kUriBytesMax;
}

void read_webhook(const Place& place, ActionGroup& group, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  Webhook webhook;
  webhook.name = reader.required_text("name", "name the receiver");
  webhook.uri = reader.required_text("serviceUri", "give the address to call");
  if (!webhook.uri.empty() && !is_web_address(webhook.uri)) {
    reader.fault("serviceUri", "this is no http:// or https:// address");
  }
  if (std::ranges::find(group.webhooks, webhook.name, &Webhook::name) != group.webhooks.end()) {
    reader.fault("name", fmt::format("two webhooks are named `{}`", printable(webhook.name, 100)));
  }
  const bool wants_sign_in = reader.flag("useAadAuth").value_or(false);
  for (const char* const key :
       {"useCommonAlertSchema", "objectId", "identifierUri", "tenantId", "managedIdentity"}) {
    reader.ignore(key);
  }
  reader.finish();
  if (wants_sign_in) {
    group.not_served.push_back(
        fmt::format("The webhook {} wants calls that are signed in with Microsoft Entra, which "
                    "linewatch does not do; it is told nothing.",
                    printable(webhook.name, 100)));
  } else {
    group.webhooks.push_back(std::move(webhook));
  }
}

void note_others(ObjectReader& reader, ActionGroup& group) {
  for (const auto& [key, kind] : kOtherReceivers) {
    const std::size_t count = reader.list(key).size();
    if (count == 0) continue;
    group.not_served.push_back(
        fmt::format("{} of kind {}: kept, and told nothing; linewatch calls webhooks only.",
                    counted(count, "receiver"), kind));
  }
}

}  // namespace

ActionGroupRead read_action_group(const Value& properties, const std::string& path) {
  Diagnostics faults("");
  ActionGroupRead read;
  ObjectReader reader({&properties, path}, faults);
  read.group.short_name =
      reader.required_text("groupShortName", "give a name of at most 12 characters");
  if (read.group.short_name.size() > kShortNameMax) {
    reader.fault("groupShortName", "it is longer than 12 characters; shorten it");
  }
  read.group.is_enabled = reader.flag("enabled").value_or(true);
  const std::vector<Place> webhooks = reader.list("webhookReceivers");
  if (webhooks.size() > kWebhooksMax) {
    reader.fault("webhookReceivers", fmt::format("there are {}; at most {} are allowed",
                                                 webhooks.size(), kWebhooksMax));
  }
  for (const Place& item : webhooks) read_webhook(item, read.group, faults);
  note_others(reader, read.group);
  reader.finish();
  read.faults = faults.take();
  return read;
}

std::string masked_address(std::string_view uri) {
  if (!has_web_scheme(uri)) return std::string(uri);
  const std::size_t begin = uri.find("://") + 3;
  const std::size_t end = std::min(uri.find_first_of("/?#\\", begin), uri.size());
  std::string_view host = uri.substr(begin, end - begin);
  if (const std::size_t at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  const bool ends_there = uri.substr(end).empty() || uri.substr(end) == "/";
  return fmt::format("{}{}{}", uri.substr(0, begin), host, ends_there ? uri.substr(end) : "/…");
}

Value with_masked_addresses(const Value& document) {
  if (document.is_string()) return masked_address(document.as_string());
  if (document.is_array()) {
    Value list = Value::array();
    for (const Value& item : document.as_array()) list.push(with_masked_addresses(item));
    return list;
  }
  if (!document.is_object()) return document;
  Value object = Value::object();
  for (const Value::Member& member : document.as_object()) {
    object.set(member.key, with_masked_addresses(member.value));
  }
  return object;
}

}  // namespace lw
