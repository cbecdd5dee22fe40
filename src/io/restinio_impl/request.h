// SPDX-License-Identifier: Apache-2.0
// Part of server.cpp, apart for its subject.
#pragma once

#include <string>

#include <restinio/all.hpp>

#include "base/result.h"
#include "base/text.h"
#include "io/http_server.h"

namespace lw::io::restinio_impl {

/// "/a?b" out of "http://host/a?b", which proxies' clients send.
inline std::string_view without_authority(std::string_view target) {
  if (target.starts_with('/')) return target;
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const auto slash = target.find_first_of("/?", scheme + 3);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

inline Result<void> read_target(HttpRequest& request) {
  std::string_view target = without_authority(request.target);
  target = target.substr(0, target.find('#'));
  const auto question = target.find('?');
  request.path = TRY(percent_decode(target.substr(0, question), false));
  if (question == std::string_view::npos) return {};
  for (const std::string& item : split(target.substr(question + 1), '&')) {
    if (item.empty()) continue;
    const auto equals = item.find('=');
    std::string name = TRY(percent_decode(item.substr(0, equals), true));
    std::string value;
    if (equals != std::string::npos) value = TRY(percent_decode(item.substr(equals + 1), true));
    request.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

/// Fails if the target has a broken percent escape.
inline Result<HttpRequest> to_request(const restinio::request_t& source) {
  HttpRequest request;
  request.method = source.header().method().c_str();
  request.target = source.header().request_target();
  TRY(read_target(request));
  source.header().for_each_field([&](const auto& field) {
    // Marks of ours (limits.h) are nobody else's business.
    if (field.name().starts_with(':')) return;
    request.headers.emplace_back(field.name(), trim(field.value()));
  });
  request.body = source.body();
  request.remote_address = source.remote_endpoint().address().to_string();
  request.remote_port = source.remote_endpoint().port();
  return request;
}

}  // namespace lw::io::restinio_impl
