// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace lw::io {

/// What an http or https URL points to. Neither user names nor fragments: they are not sent.
struct HttpTarget {
  bool use_tls = false;
  std::string host;  ///< A name in ASCII, or an address without brackets.
  std::uint16_t port = 80;
  std::string path = "/";  ///< With the query.
  bool operator==(const HttpTarget&) const = default;
};

/// Fails with what is wrong, if it is no URL or its scheme is neither http nor https.
Result<HttpTarget> parse_http_url(const std::string& url);
/// Where an answer from `from` with this Location header leads to (RFC 9110 §10.2.2).
Result<HttpTarget> resolve_location(const HttpTarget& from, const std::string& location);
/// The URL as people write it, without a port that the scheme implies.
std::string to_url(const HttpTarget& target);

}  // namespace lw::io
