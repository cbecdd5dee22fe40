// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"

namespace lw::server::oidc {

/// Where a provider is asked for what (OpenID Connect Discovery 1.0 §3).
struct Endpoints {
  std::string authorization;
  std::string token;
  std::string keys;
  std::string end_session;    ///< RP-Initiated Logout 1.0; empty if it has none
  bool takes_basic = true;    ///< the client's secret as basic authentication
  bool takes_post = false;    ///< likewise in the body
  bool names_issuer = false;  ///< in each answer (RFC 9207)
};

/// Out of the document that the issuer has at its well-known place. InvalidInput, in words, if it
/// is another issuer's, names anything but https (or, as its issuer does, http on this host), or
/// cannot do what we need.
Result<Endpoints> read_discovery(const Value& document, const std::string& issuer);

/// Where that document is.
std::string discovery_url(const std::string& issuer);

/// An address of which the network learns nothing but the host: https, or http to this host itself
/// by a name that cannot be another's. Nobody's name and password stand in it.
bool is_confidential(std::string_view url);

}  // namespace lw::server::oidc
