// SPDX-License-Identifier: Apache-2.0
#include "store/client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "io/http_server.h"

namespace lw::store {

namespace {

constexpr int kNotEnoughSpace = 243;
// The server's troubles of the moment: time-outs, too many queries, memory, parts, network.
constexpr std::array kPassing = {159, 202, 203, 209, 210, 236, 241, 252, 279, 319, 394, 999};
constexpr std::size_t kErrorBytesMax = 2000;

ErrorCode code_of(int number, int status, std::string_view text) {
  // Outside of its own checks the store passes on what the operating system says.
  const bool is_full = text.find("No space left on device") != std::string_view::npos;
  if (number == kNotEnoughSpace || is_full) return ErrorCode::NoSpace;
  if (std::ranges::find(kPassing, number) != kPassing.end()) return ErrorCode::Unavailable;
  switch (status) {
    case 400:
      return ErrorCode::InvalidInput;
    case 401:
      return ErrorCode::Unauthenticated;
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::NotFound;
    case 502:
    case 503:
    case 504:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Internal;
  }
}

int number_in(std::string_view text) {
  constexpr std::string_view kStart = "Code: ";
  if (!text.starts_with(kStart)) return 0;
  int number = 0;
  std::from_chars(text.data() + kStart.size(), text.data() + text.size(), number);
  return number;
}

std::string escaped(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') result += '\\';
    result += c;
  }
  return result + quote;
}

}  // namespace

std::string quote_text(std::string_view text) { return escaped(text, '\''); }
std::string quote_name(std::string_view name) { return escaped(name, '`'); }

std::string escape_parameter(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\\\";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        result += c;
    }
  }
  return result;
}

Result<std::string> Client::send(const std::string& target, std::string body,
                                 const io::HttpSink& sink) {
  io::HttpClientRequest request;
  request.method = "POST";
  request.url = config_.url + target;
  request.headers = {{"X-ClickHouse-User", config_.user},
                     {"X-ClickHouse-Key", config_.password},
                     {"Content-Type", "application/octet-stream"}};
  request.body = std::move(body);
  request.ca_pem = config_.ca_pem;
  request.connect_timeout = config_.connect_timeout;
  request.timeout = config_.timeout;
  request.give_up = config_.give_up;
  request.sink = sink;
  last_error_number_ = 0;
  auto answer = http_.request(request);
  if (!answer) return fail(ErrorCode::Unavailable, answer.error().message);
  if (answer->status == 200) return std::move(answer->body);
  const std::string header = answer->header("X-ClickHouse-Exception-Code");
  last_error_number_ = header.empty() ? number_in(answer->body) : number_in("Code: " + header);
  std::string text(trim(std::string_view(answer->body).substr(0, kErrorBytesMax)));
  if (text.empty()) text = "HTTP status " + std::to_string(answer->status);
  const ErrorCode code = code_of(last_error_number_, answer->status, text);
  return fail(code, std::move(text));
}

Result<std::string> Client::query(const std::string& sql, const NamedValues& parameters,
                                  const NamedValues& settings) {
  // wait_end_of_query: an error that comes late still comes as one, not inside the document.
  std::string target = "/?wait_end_of_query=1&database=" + io::percent_encode(config_.database);
  for (const auto& [name, value] : parameters) {
    target += "&param_" + name + "=" + io::percent_encode(value);
  }
  for (const auto& [name, value] : settings) {
    target += "&" + name + "=" + io::percent_encode(value);
  }
  return send(target, sql);
}

Result<void> Client::stream(const std::string& sql, const NamedValues& settings,
                            const io::HttpSink& sink) {
  std::string target = "/?database=" + io::percent_encode(config_.database);
  for (const auto& [name, value] : settings) {
    target += "&" + name + "=" + io::percent_encode(value);
  }
  TRY(send(target, sql, sink));
  return {};
}

Result<void> Client::insert(const std::string& sql, std::string bytes, const std::string& token) {
  std::string target = "/?database=" + io::percent_encode(config_.database);
  if (!token.empty()) {
    // Without the second setting a repeated batch counts twice in materialized views.
    target += "&insert_deduplication_token=" + io::percent_encode(token) +
              "&deduplicate_blocks_in_dependent_materialized_views=1";
  }
  TRY(send(target + "&query=" + io::percent_encode(sql), std::move(bytes)));
  return {};
}

Result<void> Client::ping() {
  TRY(send("/ping", {}));
  return {};
}

}  // namespace lw::store
