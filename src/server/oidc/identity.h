// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace lw::server::oidc {

/// Who an OpenID provider says that somebody is, and those of the provider's claims that rules look
/// at. What it may do is not kept: that is decided anew with each call, by the rules in force
/// (server/oidc/roles.h).
struct Identity {
  std::string issuer;
  std::string subject;  ///< the provider's own name of the user, which never changes
  std::string name;     ///< for people and the audit log
  std::map<std::string, std::vector<std::string>> claims;
  bool operator==(const Identity&) const = default;
};

}  // namespace lw::server::oidc
