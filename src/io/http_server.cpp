// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "io/restinio_impl/server.h"

namespace lw::io {
namespace {

std::string first_of(const std::vector<std::pair<std::string, std::string>>& pairs,
                     std::string_view name, bool ignore_case) {
  const auto found = std::ranges::find_if(pairs, [&](const auto& pair) {
    return ignore_case ? equals_ignoring_case(pair.first, name) : pair.first == name;
  });
  return found == pairs.end() ? std::string() : found->second;
}

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string HttpRequest::header(std::string_view name) const {
  return first_of(headers, name, true);
}

std::string HttpRequest::parameter(std::string_view name) const {
  return first_of(query, name, false);
}

bool HttpRequest::has_parameter(std::string_view name) const {
  return std::ranges::any_of(query, [&](const auto& pair) { return pair.first == name; });
}

void HttpResponder::send(HttpResponse response) const { body_->send(std::move(response)); }
void HttpResponder::start(HttpResponse head) const { body_->start(std::move(head)); }
bool HttpResponder::write(std::string piece) const { return body_->write(std::move(piece)); }
void HttpResponder::end() const { body_->end(); }
void HttpResponder::abort() const { body_->abort(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerConfig& config,
                                                      Handler handler) {
  return std::make_unique<HttpServer>(TRY(restinio_impl::start_server(config, std::move(handler))));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const { return impl_->port(); }

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const std::string_view digits = text.substr(i + 1, 2);
      const auto byte = digits.size() == 2 ? parse_hex(digits) : std::nullopt;
      if (!byte) {
        return fail(ErrorCode::InvalidInput,
                    fmt::format("\"%{}\" at character {} is no percent escape; write %25 for a "
                                "percent sign",
                                digits, i + 1));
      }
      decoded += static_cast<char>(*byte);
      i += 2;
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

}  // namespace lw::io
