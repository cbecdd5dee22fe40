// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "registry/registry.h"

namespace lw::server::oidc {

/// Whoever has `value` in `claim` gets the role, for all or for what the scopes cover.
struct Rule {
  std::string claim;
  std::string value;
  registry::Role role = registry::Role::Reader;
  std::optional<std::vector<std::string>> scopes;  ///< as of API tokens; nothing: everything
};

/// One OpenID provider with which people sign in to the web UI (docs/sign-in.md).
struct Settings {
  std::string issuer;  ///< https (http on this host), without a query; compared byte by byte
  std::string name;    ///< on the button; the issuer's host if not given
  std::string client_id;
  std::string client_secret_file;  ///< read for each sign-in; empty: a public client
  std::string public_url;          ///< "https://HOST[:PORT]": how browsers reach this server
  std::string authority_file;      ///< PEM; empty: the system's
  std::vector<std::string> scopes{"openid", "profile", "email"};
  std::string name_claim = "preferred_username";
  std::vector<Rule> rules;  ///< the first that fits decides; who fits none is not let in
  Seconds clock_skew{60};
  std::chrono::hours session_life{8};
  bool signs_out_of_provider = false;

  [[nodiscard]] std::string redirect_uri() const { return public_url + "/api/v1/oidc/callback"; }
};

/// InvalidInput says where and what is wrong.
Result<Settings> read_settings(const Value& document);
/// The same from a file, YAML or JSON.
Result<Settings> read_settings_file(const std::string& path);

}  // namespace lw::server::oidc
