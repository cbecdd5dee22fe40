// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "server/credentials.h"
#include "server/oidc/identity.h"
#include "server/oidc/settings.h"

namespace lw::server::oidc {

/// What people of a provider may do here, by the rules of the settings. Never changed once made;
/// any thread.
class Roles {
 public:
  /// InvalidInput names the first scope that is none of that subscription.
  static Result<Roles> make(const Settings& settings, std::string_view subscription);

  /// Who the claims of a verified ID token tell of.
  [[nodiscard]] Identity identity_of(const Value& claims) const;
  /// By the first rule that fits; nobody if none does, or if another provider said who it is. The
  /// name is "oidc:" and the identity's, so that it cannot be taken for a token's.
  [[nodiscard]] std::optional<Caller> caller_of(const Identity& identity) const;

 private:
  struct Entry {
    Rule rule;
    std::shared_ptr<const TokenScope> scope;
  };
  std::string issuer_;
  std::string name_claim_;
  std::vector<Entry> entries_;
};

/// The texts of a claim: one, or a list's. "a.b" is the claim of that name, or member b of claim a.
/// Empty for anything else.
std::vector<std::string> claim_texts(const Value& claims, std::string_view name);

}  // namespace lw::server::oidc
