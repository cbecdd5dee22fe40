// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/oidc/discovery.h"
#include "server/settings_block.h"

namespace lw::server::oidc {
namespace {

constexpr std::size_t kRulesMax = 1'000;
const std::string kSubject = "OIDC";

Result<registry::Role> role_of(const SettingsBlock& block) {
  static constexpr std::array<std::pair<std::string_view, registry::Role>, 3> kRoles{
      {{"reader", registry::Role::Reader},
       {"operator", registry::Role::Operator},
       {"administrator", registry::Role::Administrator}}};
  const std::string name = TRY(block.text("role"));
  const auto* const found =
      std::ranges::find(kRoles, name, [](const auto& each) { return each.first; });
  if (found != kRoles.end()) return found->second;
  return block.wrong("`role` must be reader, operator or administrator");
}

Result<Rule> read_rule(const Value& value, const std::string& place,
                       const std::string& groups_claim) {
  const SettingsBlock block = TRY(
      SettingsBlock::open(value, kSubject, place, {"group", "claim", "value", "role", "scopes"}));
  Rule rule;
  const std::string group = TRY(block.text("group"));
  rule.claim = TRY(block.text("claim"));
  rule.value = TRY(block.text("value"));
  const bool is_by_group = !group.empty() && rule.claim.empty() && rule.value.empty();
  const bool is_by_claim = group.empty() && !rule.claim.empty() && !rule.value.empty();
  if (!is_by_group && !is_by_claim) {
    return block.wrong("a rule needs either `group`, or `claim` and `value`");
  }
  if (is_by_group) {
    rule.claim = groups_claim;
    rule.value = group;
  }
  rule.role = TRY(role_of(block));
  if (block.find("scopes") == nullptr) return rule;
  if (rule.role == registry::Role::Administrator) {
    return block.wrong("administrators have no scopes: who makes tokens can make one without");
  }
  rule.scopes = TRY(block.texts("scopes"));
  return rule;
}

Result<void> read_rules(const SettingsBlock& file, Settings& settings) {
  std::string groups_claim = TRY(file.text("groupsClaim"));
  if (groups_claim.empty()) groups_claim = "groups";
  const Value* const rules = file.find("roles");
  if (rules == nullptr || !rules->is_array() || rules->as_array().empty() ||
      rules->as_array().size() > kRulesMax) {
    return file.wrong(fmt::format(
        "`roles` must be a list of 1 to {} rules: without one nobody could sign in", kRulesMax));
  }
  for (std::size_t i = 0; i < rules->as_array().size(); ++i) {
    settings.rules.push_back(
        TRY(read_rule(rules->as_array()[i], fmt::format("roles[{}]", i), groups_claim)));
  }
  return {};
}

/// Nothing but a scheme, a host, maybe a port, and maybe a path.
bool is_plain_url(const std::string& url) {
  return is_confidential(url) && url.find_first_of("?#@ \\") == std::string::npos;
}

/// What stands after the scheme.
std::string rest_of(const std::string& url) { return url.substr(url.find("://") + 3); }

std::string host_of(const std::string& url) {
  const std::string rest = rest_of(url);
  return rest.substr(0, rest.find('/'));
}

Result<void> read_client(const SettingsBlock& file, Settings& settings) {
  settings.issuer = TRY(file.text("issuer"));
  if (!is_plain_url(settings.issuer)) {
    return file.wrong(
        "`issuer` must be like https://id.example.org/realms/main; http is for providers on "
        "localhost, 127.0.0.1 or [::1] only");
  }
  settings.name = TRY(file.text("name"));
  if (settings.name.empty()) settings.name = host_of(settings.issuer);
  settings.client_id = TRY(file.text("clientId"));
  if (settings.client_id.empty()) return file.wrong("`clientId` is missing");
  settings.client_secret_file = TRY(file.text("clientSecretFile"));
  settings.public_url = TRY(file.text("publicUrl"));
  if (settings.public_url.ends_with('/')) settings.public_url.pop_back();
  const bool is_https = settings.public_url.starts_with("https://");
  if (!is_https || !is_plain_url(settings.public_url) ||
      rest_of(settings.public_url).find('/') != std::string::npos) {
    return file.wrong(
        "`publicUrl` must be how browsers reach this server, like "
        "https://linewatch.example.org:8443");
  }
  settings.authority_file = TRY(file.text("caFile"));
  return {};
}

}  // namespace

Result<Settings> read_settings(const Value& document) {
  const SettingsBlock file = TRY(SettingsBlock::open(
      document, kSubject, "the file",
      {"issuer", "name", "clientId", "clientSecretFile", "publicUrl", "caFile", "scopes",
       "nameClaim", "groupsClaim", "roles", "clockSkewSec", "sessionHours", "signOutOfProvider"}));
  Settings settings;
  TRY(read_client(file, settings));
  settings.scopes = TRY(file.texts("scopes", settings.scopes));
  if (std::ranges::find(settings.scopes, "openid") == settings.scopes.end()) {
    return file.wrong("`scopes` must have openid in it");
  }
  const std::string name_claim = TRY(file.text("nameClaim"));
  if (!name_claim.empty()) settings.name_claim = name_claim;
  TRY(read_rules(file, settings));
  settings.clock_skew = Seconds(TRY(file.number("clockSkewSec", 60, 600)));
  settings.session_life = std::chrono::hours(TRY(file.number("sessionHours", 8, 168)));
  settings.signs_out_of_provider = TRY(file.flag("signOutOfProvider", false));
  return settings;
}

Result<Settings> read_settings_file(const std::string& path) {
  return read_settings_file_with(path, read_settings);
}

}  // namespace lw::server::oidc
