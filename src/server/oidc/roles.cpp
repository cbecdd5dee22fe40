// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/roles.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace lw::server::oidc {
namespace {

/// More would make a session's record large; nobody needs rules about more groups of one person.
constexpr std::size_t kTextsMax = 1'000;
constexpr std::size_t kNameBytesMax = 200;

/// The claim of that name, or what lies below at its dots.
const Value* find_claim(const Value& claims, std::string_view name) {
  if (const Value* const found = claims.find(name)) return found;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const Value* const block = claims.find(name.substr(0, dot));
  return block == nullptr ? nullptr : find_claim(*block, name.substr(dot + 1));
}

/// Anybody can write any address into a profile; only a verified one says who somebody is (OpenID
/// Connect Core 5.1).
bool is_credible(const Value& claims, const std::string& claim) {
  return claim != "email" || claims.flag("email_verified");
}

}  // namespace

std::vector<std::string> claim_texts(const Value& claims, std::string_view name) {
  const Value* const found = find_claim(claims, name);
  if (found == nullptr) return {};
  if (found->is_string()) return {found->as_string()};
  std::vector<std::string> texts;
  if (!found->is_array()) return texts;
  for (const Value& item : found->as_array()) {
    if (item.is_string() && texts.size() < kTextsMax) texts.push_back(item.as_string());
  }
  return texts;
}

Result<Roles> Roles::make(const Settings& settings, std::string_view subscription) {
  Roles roles;
  roles.issuer_ = settings.issuer;
  roles.name_claim_ = settings.name_claim;
  for (const Rule& rule : settings.rules) {
    auto scope = unlimited_scope();
    if (rule.scopes) {
      auto parsed = TokenScope::parse(*rule.scopes, subscription);
      if (!parsed) return std::unexpected(parsed.error().during("OIDC, roles"));
      scope = std::make_shared<const TokenScope>(std::move(*parsed));
    }
    roles.entries_.push_back({rule, std::move(scope)});
  }
  return roles;
}

Identity Roles::identity_of(const Value& claims) const {
  Identity identity{.issuer = issuer_, .subject = claims.text("sub"), .name = {}, .claims = {}};
  const auto names = claim_texts(claims, name_claim_);
  identity.name = printable(names.empty() ? identity.subject : names.front(), kNameBytesMax);
  for (const Entry& entry : entries_) {
    const std::string& claim = entry.rule.claim;
    if (!is_credible(claims, claim) || identity.claims.contains(claim)) continue;
    identity.claims.emplace(claim, claim_texts(claims, claim));
  }
  return identity;
}

std::optional<Caller> Roles::caller_of(const Identity& identity) const {
  if (identity.issuer != issuer_) return std::nullopt;
  for (const Entry& entry : entries_) {
    const auto claim = identity.claims.find(entry.rule.claim);
    if (claim == identity.claims.end()) continue;
    const auto& texts = claim->second;
    if (std::ranges::find(texts, entry.rule.value) == texts.end()) continue;
    return Caller{"oidc:" + identity.name, entry.rule.role, entry.scope};
  }
  return std::nullopt;
}

}  // namespace lw::server::oidc
