// SPDX-License-Identifier: Apache-2.0
#include "cli/check_settings.h"

#include <fmt/core.h>

#include "base/ip_address.h"
#include "base/pattern.h"
#include "base/text.h"

namespace lw::cli {
namespace {

Result<HttpHeader> parse_header(const std::string& text) {
  const auto colon = text.find(':');
  const std::string_view name = trim(std::string_view(text).substr(0, colon));
  if (colon == std::string::npos || name.empty()) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is no header; write --header 'Name: value'", text));
  }
  return HttpHeader{std::string(name), std::string(trim(std::string_view(text).substr(colon + 1)))};
}

/// The place of a word among those that the flag takes; CLI11 has refused all others.
template <class Choice>
Choice choice_of(const std::string& word, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (equals_ignoring_case(words[i], word)) return static_cast<Choice>(i);
  }
  return Choice{};
}

Result<void> apply_http(const CheckSettings& settings, HttpConfiguration& http) {
  http.method = choice_of<HttpMethod>(settings.method, {"get", "post", "head"});
  for (const std::string& header : settings.headers) {
    http.request_headers.push_back(TRY(parse_header(header)));
  }
  http.version = choice_of<HttpVersion>(settings.http_version, {"any", "1.1", "2"});
  http.redirects_max = settings.max_redirects;
  http.body_matches = settings.body_matches;
  if (const std::string wrong = pattern_fault(http.body_matches); !wrong.empty()) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is no regular expression of RE2: {}", http.body_matches, wrong));
  }
  http.body_bytes_max = settings.body_bytes_max.value_or(http.body_bytes_max);
  http.revocation = choice_of<RevocationPolicy>(settings.revocation, {"off", "soft", "strict"});
  return {};
}

}  // namespace

Result<void> apply_settings(const CheckSettings& settings, TestConfiguration& configuration) {
  if (auto* const http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
    TRY(apply_http(settings, *http));
  }
  if (!settings.source_address.empty() && !parse_ip_address(settings.source_address)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is no IP address", settings.source_address));
  }
  configuration.packets = {.payload_bytes = settings.payload_bytes,
                           .dscp = settings.dscp,
                           .ttl = settings.ttl,
                           .dont_fragment = settings.dont_fragment,
                           .source_address = settings.source_address,
                           .source_interface = settings.source_interface};
  return {};
}

}  // namespace lw::cli
