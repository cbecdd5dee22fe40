// SPDX-License-Identifier: Apache-2.0
#include "server/gate.h"

#include <fmt/core.h>

#include "base/document.h"
#include "server/api/router.h"
#include "server/sql/request.h"

namespace lw::server {
namespace {

/// Passwords of ClickHouse's clients are tokens too, and nowhere else: a browser sends those that
/// it knows with whatever other sites make it ask for.
std::string authorization_of(const io::HttpRequest& request) {
  return sql::is_sql_target(request.target) ? sql::authorization_of(request)
                                            : request.header("Authorization");
}

}  // namespace

void Gate::set_roles(std::shared_ptr<const oidc::Roles> roles) {
  roles_.with([&](auto& current) { current = std::move(roles); });
}

std::optional<Caller> Gate::caller_by_cookie(const io::HttpRequest& request) {
  const std::string cookie = session_cookie_of(request.header("Cookie"));
  const Timestamp now = clock_.wall_now();
  const auto session = sessions_.find(cookie, now);
  if (!session) return std::nullopt;
  if (session->identity) {
    const auto roles = roles_.with([](const auto& current) { return current; });
    return roles ? roles->caller_of(*session->identity) : std::nullopt;
  }
  return credentials_.caller_with_hash(session->token_sha256, now);
}

Result<std::optional<Caller>> Gate::caller_of(const io::HttpRequest& request) {
  const std::string authorization = authorization_of(request);
  if (!authorization.empty()) {
    if (auto caller = credentials_.caller_of(authorization, clock_.wall_now())) return caller;
    TRY(count_wrong(request.remote_address));
    return std::nullopt;
  }
  auto caller = caller_by_cookie(request);
  const bool only_reads = request.method == "GET" || request.method == "HEAD";
  if (caller && !only_reads && request.header(kOwnPageHeader).empty()) {
    return fail(ErrorCode::PermissionDenied,
                fmt::format("calls with a session's cookie that change something must have the "
                            "header `{}: 1`, which other sites' pages cannot send",
                            kOwnPageHeader));
  }
  return caller;
}

bool Gate::knows(const io::HttpRequest& request) {
  const std::string authorization = authorization_of(request);
  if (authorization.empty()) return caller_by_cookie(request).has_value();
  return credentials_.caller_of(authorization, clock_.wall_now()).has_value();
}

Result<registry::ApiToken> Gate::token_of(const std::string& text,
                                          const std::string& remote_address) {
  if (auto token = credentials_.token_of(text, clock_.wall_now())) return std::move(*token);
  TRY(count_wrong(remote_address));
  return fail(ErrorCode::Unauthenticated,
              "this token is not known here, or has expired; the first one is in admin.token in "
              "the server's data folder");
}

std::optional<Timestamp> Gate::session_end_of(const io::HttpRequest& request) {
  const auto session =
      sessions_.find(session_cookie_of(request.header("Cookie")), clock_.wall_now());
  return session ? std::optional(session->ends) : std::nullopt;
}

bool Gate::is_of_provider(const io::HttpRequest& request) {
  const auto session =
      sessions_.find(session_cookie_of(request.header("Cookie")), clock_.wall_now());
  return session && session->identity;
}

Result<void> Gate::count_wrong(const std::string& remote_address) {
  const Instant now = clock_.now();
  const bool is_allowed = limit_.with([&](SignInLimit& limit) {
    const bool allows = limit.allows(remote_address, now);
    if (allows) limit.failed(remote_address, now);
    return allows;
  });
  if (is_allowed) return {};
  return fail(ErrorCode::LimitExceeded,
              "too many wrong tokens came from this address; try again in some seconds");
}

void refuse_at_gate(const io::HttpResponder& responder, const Error& error) {
  if (error.code != ErrorCode::LimitExceeded) return api::answer_error(responder, error);
  const Value body = Value::object(
      {{"error", Value::object({{"code", "TooManyRequests"}, {"message", error.message}})}});
  responder.send({.status = 429,
                  .headers = {{"Content-Type", "application/json"}, {"Retry-After", "5"}},
                  .body = to_json(body) + "\n"});
}

}  // namespace lw::server
