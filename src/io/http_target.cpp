// SPDX-License-Identifier: Apache-2.0
#include "io/http_target.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/ip_address.h"
#include "base/text.h"

namespace lw::io {
namespace {

struct UrlDelete {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDelete>;

/// Long enough for any real one, short enough to be shown.
constexpr std::size_t kShownMax = 200;

std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url.get(), which, &text, flags);
  // libcurl 7.88 hands out a text with some errors too, and forgets it.
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return code == CURLUE_OK ? std::string(text) : std::string();
}

std::string shown(const std::string& url) { return printable(url, kShownMax); }

std::string host_of(const Url& url) {
  std::string host = part(url, CURLUPART_HOST, CURLU_PUNYCODE);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  // One spelling for each address, so that the same place is known again.
  if (const auto address = parse_ip_address(host)) return to_string(*address);
  return host;
}

Result<HttpTarget> target_of(const Url& url, const std::string& text) {
  HttpTarget target;
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is neither http nor https", shown(text)));
  }
  target.use_tls = scheme == "https";
  target.host = host_of(url);
  const std::string port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), target.port);
  // libcurl unescapes what it would refuse as it stands.
  const bool is_unreadable = std::ranges::any_of(
      target.host, [](unsigned char byte) { return byte <= ' ' || byte == 0x7f; });
  if (target.host.empty() || is_unreadable || target.port == 0) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} names no host", shown(text)));
  }
  target.path = part(url, CURLUPART_PATH);
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  if (const std::string query = part(url, CURLUPART_QUERY); !query.empty()) {
    target.path += "?" + query;
  }
  return target;
}

}  // namespace

Result<HttpTarget> parse_http_url(const std::string& url) {
  const Url parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is no URL", shown(url)));
  }
  return target_of(parsed, url);
}

Result<HttpTarget> resolve_location(const HttpTarget& from, const std::string& location) {
  const Url url(curl_url());
  const std::string base = to_url(from);
  // Many servers send spaces and other bytes that no URL may have; browsers escape and go on.
  constexpr unsigned kLenient = CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME;
  if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), kLenient) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, location.c_str(), kLenient) != CURLUE_OK) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is no URL", shown(location)));
  }
  return target_of(url, location);
}

std::string to_url(const HttpTarget& target) {
  const auto address = parse_ip_address(target.host);
  const std::string host = address ? to_url_host(*address) : target.host;
  const bool is_implied = target.port == (target.use_tls ? 443 : 80);
  return fmt::format("{}://{}{}{}", target.use_tls ? "https" : "http", host,
                     is_implied ? "" : fmt::format(":{}", target.port), target.path);
}

}  // namespace lw::io
