// SPDX-License-Identifier: Apache-2.0
#include "server/api/router.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "server/arm/arm.h"
#include "server/logs/paths.h"
#include "server/logs/routes.h"
#include "server/sql/request.h"
#include "server/sql/routes.h"

namespace lw::server::api {
namespace {

/// The parameters, if the path fits. Each segment is decoded by itself, so that a name may hold
/// "%2F".
std::optional<std::map<std::string, std::string>> match(const std::vector<std::string>& pattern,
                                                        const std::vector<std::string>& path,
                                                        bool ignores_case) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::map<std::string, std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!pattern[i].starts_with('{')) {
      const bool is_equal =
          ignores_case ? equals_ignoring_case(pattern[i], path[i]) : pattern[i] == path[i];
      if (!is_equal) return std::nullopt;
      continue;
    }
    const auto decoded = io::percent_decode(path[i], false);
    if (!decoded || decoded->empty()) return std::nullopt;
    parameters[pattern[i].substr(1, pattern[i].size() - 2)] = *decoded;
  }
  return parameters;
}

/// The path's segments, and whether they are to be taken as Azure's.
struct Path {
  std::vector<std::string> segments;
  bool is_arm = false;
  bool is_logs = false;
  bool is_sql = false;
};

Path read_path(const std::string& raw_path) {
  Path path{.segments = split(raw_path, '/')};
  path.is_arm = arm::is_arm_path(path.segments);
  path.is_logs = logs::is_logs_path(path.segments);
  // ClickHouse's clients put "/ping" behind whatever path they were given.
  path.is_sql = sql::is_sql_target(raw_path);
  if (!path.is_arm && !path.is_logs && !path.is_sql) return path;
  std::erase(path.segments, std::string());
  path.segments.insert(path.segments.begin(), std::string());  // As split() gives patterns.
  return path;
}

bool may(Access access, std::optional<registry::Role> role) {
  switch (access) {
    case Access::Everybody:
      return true;
    case Access::Reader:
      return role.has_value();
    case Access::Operator:
      return role && *role != registry::Role::Reader;
    case Access::Administrator:
      return role && *role == registry::Role::Administrator;
  }
  return false;
}

std::string code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidInput:
      return "InvalidInput";
    case ErrorCode::NotFound:
      return "NotFound";
    case ErrorCode::Conflict:
      return "Conflict";
    case ErrorCode::Unauthenticated:
      return "Unauthenticated";
    case ErrorCode::PermissionDenied:
      return "PermissionDenied";
    case ErrorCode::LimitExceeded:
      return "LimitExceeded";
    case ErrorCode::Unavailable:
      return "Unavailable";
    case ErrorCode::NoSpace:
      return "NoSpace";
    case ErrorCode::Internal:
      return "Internal";
  }
  return "Internal";
}

}  // namespace

int http_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidInput:
      return 400;
    case ErrorCode::Unauthenticated:
      return 401;
    case ErrorCode::PermissionDenied:
      return 403;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::Conflict:
      return 409;
    case ErrorCode::LimitExceeded:
      return 422;
    case ErrorCode::Unavailable:
    case ErrorCode::NoSpace:
      return 503;
    case ErrorCode::Internal:
      return 500;
  }
  return 500;
}

void Router::add(std::string method, const std::string& pattern, Admission admission,
                 Handler handler) {
  routes_.push_back({std::move(method), split(pattern, '/'), admission, std::move(handler)});
}

void Router::run(const Route& route, Parameters parameters, io::HttpRequest request,
                 io::HttpResponder responder, std::optional<Caller> caller) const {
  const bool is_arm = arm::is_arm_path(route.segments);
  const std::optional<registry::Role> role = caller ? std::optional(caller->role) : std::nullopt;
  const auto detail = std::make_shared<std::string>();
  if (caller) responder = audited(route, request, responder, *caller, detail);
  if (!may(route.admission.access, role)) {
    if (sql::is_sql_target(request.target)) return sql::refuse_stranger(responder);
    if (is_arm || logs::is_logs_path(route.segments)) {
      arm::refuse(request, responder, arm::not_allowed(request, role.has_value()));
      return;
    }
    answer_error(responder,
                 role ? Error{ErrorCode::PermissionDenied, "this token may not do that"}
                      : Error{ErrorCode::Unauthenticated,
                              "send a valid token as `Authorization: Bearer …`; the first one is "
                              "in admin.token in the server's data folder"});
    return;
  }
  if (is_arm && !logs::is_logs_route(route.segments)) {
    if (const auto refusal = arm::check_api_version(request)) {
      arm::refuse(request, responder, *refusal);
      return;
    }
  }
  Call call{.request = std::move(request),
            .responder = std::move(responder),
            .path = std::move(parameters),
            .caller = caller ? caller->name : std::string(),
            .role = caller ? caller->role : registry::Role::Reader,
            .scope = caller ? caller->scope : unlimited_scope(),
            .audit_detail = detail};
  if (call.scope->covers_all() || route.admission.access == Access::Everybody) {
    return route.handler(std::move(call));
  }
  run_scoped(route, std::move(call));
}

void Router::run_scoped(const Route& route, Call call) const {
  if (route.admission.reach == Reach::Own) return route.handler(std::move(call));
  if (route.admission.reach == Reach::Path && guard_) return guard_(std::move(call), route.handler);
  refuse_scope(call);
}

io::HttpResponder Router::audited(const Route& route, const io::HttpRequest& request,
                                  const io::HttpResponder& responder, const Caller& caller,
                                  std::shared_ptr<const std::string> detail) const {
  const Access access = route.admission.access;
  const bool is_reading = access == Access::Everybody || access == Access::Reader;
  if (!audit_ || (is_reading && may(access, caller.role))) return responder;
  constexpr std::size_t kTargetBytesMax = 500;
  registry::AuditEntry entry{.at = {},
                             .caller = caller.name,
                             .address = request.remote_address,
                             .method = request.method,
                             .target = request.target.substr(0, kTargetBytesMax),
                             .status = 0};
  return responder.observed_by(
      [this, entry = std::move(entry), detail = std::move(detail)](int status) mutable {
        entry.status = status;
        entry.detail = *detail;
        audit_(entry);
      });
}

void Router::dispatch(io::HttpRequest request, io::HttpResponder responder,
                      std::optional<Caller> caller) const {
  const std::string raw_path = request.target.substr(0, request.target.find('?'));
  const Path path = read_path(raw_path);
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    auto parameters = match(route.segments, path.segments, path.is_arm || path.is_logs);
    if (!parameters) continue;
    allowed.push_back(route.method);
    if (route.method != request.method) continue;
    run(route, std::move(*parameters), std::move(request), std::move(responder), std::move(caller));
    return;
  }
  if (path.is_arm) {
    arm::refuse(request, responder,
                caller ? arm::nothing_there(raw_path, allowed) : arm::not_allowed(request, false));
    return;
  }
  if (allowed.empty()) {
    answer_error(responder, {ErrorCode::NotFound, fmt::format("there is nothing at {}", raw_path)});
    return;
  }
  responder.send({.status = 405,
                  .headers = {{"Allow", join(allowed, ", ")}, {"Content-Type", "application/json"}},
                  .body = R"({"error":{"code":"MethodNotAllowed","message":"use )" +
                          join(allowed, " or ") + " here\"}}\n"});
}

void refuse_scope(const Call& call) {
  const auto segments = split(call.request.path, '/');
  if (logs::is_logs_path(segments)) return logs::refuse(call, logs::insufficient_access());
  if (arm::is_arm_path(segments)) {
    return arm::refuse(call, arm::not_authorized(call.caller, call.request.path));
  }
  answer_error(call.responder, {ErrorCode::PermissionDenied,
                                "this token is good for some resources only, and this is not "
                                "one of them"});
}

void answer(const Call& call, const Value& body, int status) {
  call.responder.send(
      {.status = status,
       .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
       .body = to_json(body) + "\n"});
}

void answer_error(const io::HttpResponder& responder, const Error& error, Value details) {
  Value inner;
  inner.set("code", code_name(error.code));
  inner.set("message", error.message);
  if (!details.is_null()) inner.set("details", std::move(details));
  io::HttpResponse response{.status = http_status_of(error.code),
                            .headers = {{"Content-Type", "application/json"}},
                            .body = to_json(Value::object({{"error", std::move(inner)}})) + "\n"};
  if (error.code == ErrorCode::Unauthenticated) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  responder.send(std::move(response));
}

void answer_text(const Call& call, std::string body, const std::string& content_type) {
  call.responder.send(
      {.status = 200, .headers = {{"Content-Type", content_type}}, .body = std::move(body)});
}

}  // namespace lw::server::api
