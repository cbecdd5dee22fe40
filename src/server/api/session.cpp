// SPDX-License-Identifier: Apache-2.0
// Signing in to the web UI: a token is exchanged for a cookie.
#include "base/environment.h"
#include "base/text.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/api/visibility.h"
#include "server/oidc/sign_in.h"

namespace lw::server::api {
namespace {

void audit(Services& services, const Call& call, const std::string& caller, int status) {
  services.control.audit({.at = {},
                          .caller = caller,
                          .address = call.request.remote_address,
                          .method = call.request.method,
                          .target = call.request.target,
                          .status = status});
}

std::string role_name(registry::Role role) {
  switch (role) {
    case registry::Role::Reader:
      return "reader";
    case registry::Role::Operator:
      return "operator";
    case registry::Role::Administrator:
      return "administrator";
  }
  return "reader";
}

Value scopes_value(const TokenScope& scope) {
  if (scope.covers_all()) return {};
  Value list = Value::array();
  for (const std::string& text : scope.texts()) list.push(text);
  return list;
}

Value session_value(const Services& services, const Caller& caller,
                    std::optional<Timestamp> expires) {
  return Value::object({{"name", caller.name},
                        {"role", role_name(caller.role)},
                        {"scopes", scopes_value(*caller.scope)},
                        {"expires", time_value(expires)},
                        {"serverTime", to_iso8601(services.clock.wall_now())},
                        {"version", LW_VERSION},
                        {"subscription", services.control.subscription_id()},
                        {"workspace", visible_workspace(services, *caller.scope)},
                        {"host", host_name()}});
}

/// A form of another site could sign its victim in as somebody else; it cannot send these.
bool is_of_own_page(const io::HttpRequest& request) {
  return !request.header(kOwnPageHeader).empty() ||
         to_lower(request.header("Content-Type")).starts_with("application/json");
}

Result<registry::ApiToken> read_token(Services& services, const io::HttpRequest& request) {
  if (!is_of_own_page(request)) {
    return fail(ErrorCode::PermissionDenied,
                "sign in with `Content-Type: application/json` or the header `X-Linewatch: 1`");
  }
  const Value body = TRY(parse_json(request.body));
  const std::string text = body.text("token");
  if (text.empty()) return fail(ErrorCode::InvalidInput, "send {\"token\": \"…\"}");
  return services.gate.token_of(std::string(trim(text)), request.remote_address);
}

/// On the control thread, which may write files.
void sign_in(Services& services, const Call& call, const registry::ApiToken& token) {
  const Timestamp now = services.clock.wall_now();
  const auto cookie = services.sessions.open(token.sha256, token.expires, now);
  if (!cookie) return answer_error(call.responder, cookie.error());
  const Timestamp ends =
      std::min(now + Sessions::kLifeMax, token.expires.value_or(Timestamp::max()));
  audit(services, call, token.name, 200);
  io::HttpResponse response{
      .status = 200,
      .headers = {{"Content-Type", "application/json"},
                  {"Cache-Control", "no-store"},
                  {"Set-Cookie", session_cookie_header(
                                     *cookie, std::chrono::duration_cast<Seconds>(ends - now))}},
      .body = to_json(session_value(services, caller_with(token), ends)) + "\n"};
  call.responder.send(std::move(response));
}

void begin_session(Services& services, Call call) {
  const auto token = read_token(services, call.request);
  if (!token) return refuse_at_gate(call.responder, token.error());
  on_control(services, std::move(call),
             [&services, token = *token](const Call& inner) { sign_in(services, inner, token); });
}

void tell_session(Services& services, const Call& call) {
  const auto saved = services.sessions.save_if_due(services.clock.wall_now());
  if (!saved) return answer_error(call.responder, saved.error());
  answer(call, session_value(services, {call.caller, call.role, call.scope},
                             services.gate.session_end_of(call.request)));
}

/// Where the browser should go to sign out of the provider too; empty: nowhere.
std::string provider_sign_out(const Services& services, const Call& call) {
  const bool is_of_provider = services.gate.is_of_provider(call.request);
  return services.oidc != nullptr && is_of_provider ? services.oidc->sign_out_url() : "";
}

void end_session(Services& services, const Call& call) {
  const std::string next = provider_sign_out(services, call);
  const std::string cookie = session_cookie_of(call.request.header("Cookie"));
  const auto closed = services.sessions.close(cookie, services.clock.wall_now());
  if (!closed) return answer_error(call.responder, closed.error());
  io::HttpResponse response{.status = 204,
                            .headers = {{"Set-Cookie", session_cookie_header("", Seconds(0))}},
                            .body = ""};
  if (!next.empty()) {
    response.status = 200;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = to_json(Value::object({{"continueAt", next}})) + "\n";
  }
  audit(services, call, call.caller, response.status);
  call.responder.send(std::move(response));
}

}  // namespace

void add_session_routes(Router& router, Services& services) {
  router.add("POST", "/api/v1/session", Access::Everybody,
             [&](Call call) { begin_session(services, std::move(call)); });
  router.add("GET", "/api/v1/session", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { tell_session(services, inner); });
  });
  router.add("DELETE", "/api/v1/session", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { end_session(services, inner); });
  });
}

}  // namespace lw::server::api
