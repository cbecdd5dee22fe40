// SPDX-License-Identifier: Apache-2.0
#include "cli/api_client.h"

#include <fmt/core.h>

#include "base/files.h"
#include "base/text.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

constexpr std::size_t kPlainTextMax = 200;

Result<std::string> first_line(const std::string& path) {
  return std::string(trim(TRY(read_file(path))));
}

/// `given`, or the content of the file that a local server wrote.
Result<std::string> or_from_file(const std::string& given, const std::string& path,
                                 const std::string& flag) {
  if (!given.empty()) return given;
  auto found = first_line(path);
  if (found) return found;
  const bool is_forbidden = found.error().code == ErrorCode::PermissionDenied;
  return fail(
      ErrorCode::InvalidInput,
      is_forbidden
          ? fmt::format("{} cannot be read by this user; run with sudo, or pass {}", path, flag)
          : fmt::format(
                "no server known: pass {}, or --data with the folder of a server on this machine ("
                "{} is not there)",
                flag, path));
}

Error error_in(const io::HttpClientResponse& response, const std::string& url) {
  ErrorCode code = ErrorCode::Internal;
  if (response.status == 400 || response.status == 413 || response.status == 422) {
    code = ErrorCode::InvalidInput;
  }
  if (response.status == 401) code = ErrorCode::Unauthenticated;
  if (response.status == 403) code = ErrorCode::PermissionDenied;
  if (response.status == 404) code = ErrorCode::NotFound;
  if (response.status == 409) code = ErrorCode::Conflict;
  if (response.status == 503) code = ErrorCode::Unavailable;
  const auto body = parse_json(response.body);
  const Value* const error = body ? body->find("error") : nullptr;
  if (error == nullptr) {
    // What the HTTP layer refuses by itself, it explains in a line of plain text.
    const std::string said(trim(response.body.substr(0, response.body.find('\n'))));
    return {code, fmt::format("{} answered with status {}{}{}", url, response.status,
                              said.empty() ? "" : ": ", said.substr(0, kPlainTextMax))};
  }
  std::string message = error->text("message");
  if (response.status == 401) {
    message = url +
              " does not know this token; pass --token or LINEWATCH_TOKEN (the first token is "
              "in admin.token in the server's data folder)";
  }
  if (const Value* const details = error->find("details");
      details != nullptr && details->is_array()) {
    for (const Value& detail : details->as_array()) {
      message += "\n  " + detail.text("text", detail.text("message"));
    }
  }
  return {code, message};
}

}  // namespace

Result<ApiClient> ApiClient::open(const Context& context) {
  const std::string folder = data_directory(context);
  std::string url = TRY(or_from_file(context.server, folder + "/server.url", "--server URL"));
  if (url.find("://") == std::string::npos) url = "https://" + url;
  while (url.ends_with('/')) url.pop_back();
  const std::string token =
      TRY(or_from_file(context.token, folder + "/admin.token", "--token TOKEN"));
  std::string ca_pem;
  const std::string ca_path = context.ca.empty() ? folder + "/ca.pem" : context.ca;
  if (!context.ca.empty() || file_exists(ca_path)) ca_pem = TRY(read_file(ca_path));
  return ApiClient(std::move(url), token, std::move(ca_pem));
}

Result<Value> ApiClient::get(const std::string& path, const Query& query) {
  return send("GET", path, query, "", "");
}

Result<io::HttpClientResponse> ApiClient::call(const std::string& method, const std::string& path,
                                               const Query& query, std::string body,
                                               const std::string& content_type,
                                               const io::HttpSink& sink) {
  io::HttpClientRequest request;
  request.method = method;
  request.url = url_ + path;
  request.body = std::move(body);
  request.ca_pem = ca_pem_;
  request.sink = sink;
  request.give_up = tick_;
  // An answer that is handed on has no end of its own; a query may wait for minutes.
  if (sink) request.timeout = Milliseconds(0);
  char separator = '?';
  for (const auto& [key, value] : query) {
    if (value.empty()) continue;
    request.url += separator + key + "=" + io::percent_encode(value);
    separator = '&';
  }
  request.headers.emplace_back("Authorization", "Bearer " + token_);
  if (!content_type.empty()) request.headers.emplace_back("Content-Type", content_type);
  return http_.request(request);
}

Error ApiClient::error_of(const io::HttpClientResponse& response) const {
  return error_in(response, url_);
}

Result<Value> ApiClient::send(const std::string& method, const std::string& path,
                              const Query& query, std::string body,
                              const std::string& content_type) {
  const io::HttpClientResponse response =
      TRY(call(method, path, query, std::move(body), content_type));
  if (response.status >= 400) return std::unexpected(error_of(response));
  if (response.body.empty()) return Value();
  return parse_json(response.body);
}

}  // namespace lw::cli
