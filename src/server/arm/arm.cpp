// SPDX-License-Identifier: Apache-2.0
#include "server/arm/arm.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/random.h"
#include "base/text.h"

namespace lw::server::arm {
namespace {

/// What Azure sends with every answer, and its clients log.
Headers common_headers(const io::HttpRequest& request) {
  const std::string id = random_uuid();
  Headers headers{{"Cache-Control", "no-cache"},
                  {"Pragma", "no-cache"},
                  {"Expires", "-1"},
                  {"X-Content-Type-Options", "nosniff"},
                  {"x-ms-request-id", id},
                  {"x-ms-correlation-request-id", id}};
  const std::string client_id = request.header("x-ms-client-request-id");
  const bool is_wanted =
      equals_ignoring_case(request.header("x-ms-return-client-request-id"), "true");
  if (is_wanted && client_id.size() <= 100) {
    headers.emplace_back("x-ms-client-request-id", client_id);
  }
  return headers;
}

/// Later ones win: an operation's answer carries the operation's id as its own.
void add(Headers& headers, Headers more) {
  for (auto& header : more) {
    const auto same = std::ranges::find_if(headers, [&](const auto& other) {
      return equals_ignoring_case(other.first, header.first);
    });
    if (same != headers.end()) {
      same->second = std::move(header.second);
    } else {
      headers.push_back(std::move(header));
    }
  }
}

void send(const io::HttpRequest& request, const io::HttpResponder& responder, int status,
          std::string body, Headers more) {
  Headers headers = common_headers(request);
  if (!body.empty()) headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  add(headers, std::move(more));
  responder.send({.status = status, .headers = std::move(headers), .body = std::move(body)});
}

/// A host and perhaps a port, and nothing that could end the URL's authority part.
bool is_authority(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  return !text.empty() && text.size() <= 260 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_api_version(std::string_view text) {
  constexpr std::size_t kDateBytes = 10;
  if (text.size() < kDateBytes || text.size() > 30) return false;
  const bool is_date = text[4] == '-' && text[7] == '-' && is_digits(text.substr(0, 4)) &&
                       is_digits(text.substr(5, 2)) && is_digits(text.substr(8, 2));
  const std::string_view rest = text.substr(kDateBytes);
  const bool is_word =
      rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
  return is_date && (rest.empty() || (rest.size() > 1 && rest.front() == '-' && is_word));
}

/// Whether the header's list of etags holds `etag`. "W/" is looked past: ours are all weak.
bool lists(const std::string& header, const std::string& etag) {
  for (const std::string& item : split(header, ',')) {
    const std::string_view one = trim(item);
    if (one == "*" || one == etag || "W/" + std::string(one) == etag) return true;
  }
  return false;
}

}  // namespace

bool is_arm_path(const std::vector<std::string>& segments) {
  static constexpr std::array<std::string_view, 3> kRoots{"subscriptions", "providers", "tenants"};
  const auto first =
      std::ranges::find_if(segments, [](const std::string& segment) { return !segment.empty(); });
  return first != segments.end() && std::ranges::any_of(kRoots, [&](std::string_view root) {
           return equals_ignoring_case(*first, root);
         });
}

void reply(const Call& call, const Value& body, int status, Headers headers) {
  send(call.request, call.responder, status, to_json(body), std::move(headers));
}

void reply_empty(const Call& call, int status, Headers headers) {
  send(call.request, call.responder, status, "", std::move(headers));
}

void refuse(const io::HttpRequest& request, const io::HttpResponder& responder,
            const Refusal& refusal) {
  Value error;
  error.set("code", refusal.code);
  error.set("message", refusal.message);
  error.set("details", refusal.details);
  send(request, responder, refusal.status, to_json(Value::object({{"error", std::move(error)}})),
       refusal.headers);
}

void refuse(const Call& call, const Refusal& refusal) {
  refuse(call.request, call.responder, refusal);
}

Refusal to_refusal(const Error& error) {
  const int status = api::http_status_of(error.code);
  switch (error.code) {
    case ErrorCode::InvalidInput:
      return {.status = status, .code = "InvalidRequestFormat", .message = error.message};
    case ErrorCode::NotFound:
      return {.status = status, .code = "NotFound", .message = error.message};
    case ErrorCode::Conflict:
      return {.status = status, .code = "Conflict", .message = error.message};
    case ErrorCode::LimitExceeded:
      // Azure says so with 400; its clients repeat nothing then.
      return {.status = 400, .code = "LimitExceeded", .message = error.message};
    case ErrorCode::Unavailable:
    case ErrorCode::NoSpace:
      return {.status = status,
              .code = "ServerBusy",
              .message = error.message,
              .headers = {{"Retry-After", "5"}}};
    case ErrorCode::Unauthenticated:
      return {.status = status, .code = "InvalidAuthenticationToken", .message = error.message};
    case ErrorCode::PermissionDenied:
      return {.status = status, .code = "AuthorizationFailed", .message = error.message};
    case ErrorCode::Internal:
      break;
  }
  return {.status = 500, .code = "InternalServerError", .message = error.message};
}

Refusal not_allowed(const io::HttpRequest& request, bool is_known) {
  if (is_known) {
    return {.status = 403,
            .code = "AuthorizationFailed",
            .message = "This token may not do that; use one of a higher role."};
  }
  const bool has_header = !request.header("Authorization").empty();
  return {.status = 401,
          .code = has_header ? "InvalidAuthenticationToken" : "AuthenticationFailed",
          .message = has_header
                         ? "The access token is invalid. The first one of this server is in "
                           "admin.token in its data folder."
                         : "Authentication failed. The 'Authorization' header is missing; send "
                           "`Authorization: Bearer …`.",
          .headers = {{"WWW-Authenticate",
                       fmt::format("Bearer authorization_uri=\"{}\", error=\"invalid_token\", "
                                   "error_description=\"a token of this server is needed\"",
                                   origin_of(request))}}};
}

Refusal not_authorized(std::string_view caller, std::string_view path) {
  return {.status = 403,
          .code = "AuthorizationFailed",
          .message = fmt::format("The client '{}' does not have authorization to perform this "
                                 "action over scope '{}' or the scope is invalid. Its token has a "
                                 "scope of its own; `linewatch token list` shows it.",
                                 caller, printable(path, 500))};
}

Refusal nothing_there(std::string_view path, const std::vector<std::string>& allowed) {
  if (!allowed.empty()) {
    return {.status = 405,
            .code = "HttpMethodNotAllowed",
            .message = fmt::format("Use {} here.", join(allowed, " or ")),
            .headers = {{"Allow", join(allowed, ", ")}}};
  }
  return {.status = 404,
          .code = "InvalidResourceType",
          .message = fmt::format("There is nothing at '{}' on this server.", path.substr(0, 500))};
}

std::optional<Refusal> check_api_version(const io::HttpRequest& request) {
  if (!request.has_parameter("api-version")) {
    return Refusal{.code = "MissingApiVersionParameter",
                   .message =
                       "The api-version query parameter (?api-version=) is required for all "
                       "requests."};
  }
  const std::string version = request.parameter("api-version");
  if (is_api_version(version)) return std::nullopt;
  return Refusal{.code = "InvalidApiVersionParameter",
                 .message = fmt::format("The api-version '{}' is invalid. Any version of the form "
                                        "YYYY-MM-DD or YYYY-MM-DD-preview is supported, such as "
                                        "'2025-05-01'.",
                                        version.substr(0, 100))};
}

Refusal resource_not_found(std::string_view type_and_name, std::string_view resource_group) {
  return {.status = 404,
          .code = "ResourceNotFound",
          .message = fmt::format("The Resource '{}' under resource group '{}' was not found. For "
                                 "more details please go to "
                                 "https://aka.ms/ARMResourceNotFoundFix",
                                 type_and_name, resource_group),
          .headers = {{"x-ms-failure-cause", "gateway"}}};
}

Refusal provider_not_found(std::string_view resource_id) {
  return {.status = 404,
          .code = "NotFound",
          .message = fmt::format("Resource {} not found.", resource_id)};
}

Refusal subscription_not_found(std::string_view subscription) {
  return {.status = 404,
          .code = "SubscriptionNotFound",
          .message = fmt::format("The subscription '{}' could not be found. This server's is shown "
                                 "by `linewatch status`.",
                                 subscription)};
}

bool is_own_subscription(const Services& services, const Call& call) {
  return equals_ignoring_case(call.path.at("subscription"), services.control.subscription_id());
}

std::string origin_of(const io::HttpRequest& request) {
  const std::string forwarded = request.header("X-Forwarded-Host");
  const std::string host{trim(forwarded.substr(0, forwarded.find(',')))};
  if (is_authority(host)) return "https://" + host;
  const std::string own = request.header("Host");
  // Without one, a path alone: clients put their own origin before it.
  return is_authority(own) ? "https://" + own : std::string();
}

std::optional<Value> read_body(const Call& call) {
  auto body = parse_json(call.request.body);
  if (body && body->is_object()) return std::move(*body);
  const std::string what =
      !body ? body.error().message : fmt::format("expected an object, found {}", body->kind());
  refuse(call, {.code = "InvalidRequestContent",
                .message = fmt::format(
                    "The request content was invalid and could not be deserialized: '{}'.", what)});
  return std::nullopt;
}

std::optional<Refusal> check_preconditions(const io::HttpRequest& request,
                                           const std::string& etag) {
  const std::string match = request.header("If-Match");
  const std::string none_match = request.header("If-None-Match");
  const bool fits = match.empty() || (!etag.empty() && lists(match, etag));
  const bool differs = none_match.empty() || etag.empty() || !lists(none_match, etag);
  if (fits && differs) return std::nullopt;
  return Refusal{.status = 412,
                 .code = "PreconditionFailed",
                 .message = etag.empty()
                                ? std::string("The resource does not exist, so no etag fits it.")
                                : fmt::format("The condition of {} does not hold: the resource's "
                                              "etag is {}.",
                                              fits ? "If-None-Match" : "If-Match", etag)};
}

}  // namespace lw::server::arm
