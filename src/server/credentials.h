// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "registry/registry.h"

namespace lw::server {

/// Who may call the API: bearer tokens, known by their SHA-256 only. An immutable snapshot that
/// HTTP threads read.
class Credentials {
 public:
  Credentials() = default;
  explicit Credentials(const std::vector<std::pair<std::string, registry::Role>>& tokens)
      : roles_(tokens.begin(), tokens.end()) {}

  /// The role behind an Authorization header ("Bearer …"); nothing if it is missing or wrong. The
  /// look-up is by hash, so its time says nothing of the token.
  [[nodiscard]] std::optional<registry::Role> role_of(const std::string& authorization) const;

 private:
  std::map<std::string, registry::Role> roles_;
};

/// The token in DIRECTORY/admin.token, made and registered at the first start.
Result<std::string> ensure_admin_token(const std::string& directory, registry::Registry& registry);

}  // namespace lw::server
