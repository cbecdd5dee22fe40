// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "registry/registry.h"
#include "server/token_scope.h"

namespace lw::server {

/// Who sent a request.
struct Caller {
  std::string name;  ///< the token's
  registry::Role role = registry::Role::Reader;
  std::shared_ptr<const TokenScope> scope = unlimited_scope();  ///< never null
};

/// Who may call the API: bearer tokens, known by their SHA-256 only. Any thread.
class Credentials {
 public:
  Credentials() : Credentials(std::vector<registry::ApiToken>()) {}
  explicit Credentials(const std::vector<registry::ApiToken>& tokens) { replace(tokens); }

  /// From now on these tokens are good and no others.
  void replace(const std::vector<registry::ApiToken>& tokens);
  /// Who is behind an Authorization header ("Bearer …"); nobody if it is missing, wrong or has
  /// expired. The look-up is by hash, so its time says nothing of the token.
  [[nodiscard]] std::optional<Caller> caller_of(const std::string& authorization,
                                                Timestamp now) const;
  /// Likewise by the SHA-256 of the token (raw bytes).
  [[nodiscard]] std::optional<Caller> caller_with_hash(const std::string& sha256,
                                                       Timestamp now) const;
  /// The registered token of that text; nothing if there is none or it has expired.
  [[nodiscard]] std::optional<registry::ApiToken> token_of(std::string_view text,
                                                           Timestamp now) const;

 private:
  struct Known {
    registry::ApiToken token;
    std::shared_ptr<const TokenScope> scope;
  };
  using Tokens = std::map<std::string, Known>;  ///< by SHA-256
  [[nodiscard]] std::optional<Known> find(const std::string& sha256, Timestamp now) const;

  Guarded<std::shared_ptr<const Tokens>> tokens_;
};

/// Who signs in with the token.
Caller caller_with(const registry::ApiToken& token);

/// The name of the token that is in DIRECTORY/admin.token.
inline constexpr std::string_view kAdminTokenName = "admin";

/// The token in DIRECTORY/admin.token, made and registered at the first start.
Result<std::string> ensure_admin_token(const std::string& directory, registry::Registry& registry,
                                       Timestamp now);

/// A new token's text. What is registered of it is its SHA-256.
std::string make_token();

}  // namespace lw::server
