// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "io/http_server.h"
#include "registry/registry.h"
#include "server/credentials.h"

namespace lw::server::api {

/// One call that has passed the router: authorised, path parameters taken apart.
struct Call {
  io::HttpRequest request;
  io::HttpResponder responder;
  std::map<std::string, std::string> path;       ///< "{name}" → its decoded text
  std::string caller;                            ///< the token's name; empty: anybody
  registry::Role role = registry::Role::Reader;  ///< the caller's, if there is one
};

/// Who may call a route.
enum class Access { Everybody, Reader, Operator, Administrator };

/// Finds the handler of a request by method and path. Built once, then read by all HTTP threads.
/// Below Azure's roots (arm/arm.h) paths are compared without case and with slashes collapsed, an
/// api-version is demanded and refusals have Azure's codes.
class Router {
 public:
  using Handler = std::function<void(Call call)>;
  /// `pattern` is like "/api/v1/tests/{id}/rounds"; a parameter takes one path segment.
  void add(std::string method, const std::string& pattern, Access access, Handler handler);
  /// Is told of each call that may change something, once its answer is known, and of each that
  /// its caller may not make; from any thread. Set it before the first call.
  using Audit = std::function<void(registry::AuditEntry entry)>;
  void set_audit(Audit audit) { audit_ = std::move(audit); }
  /// Runs the handler, or answers 404, 405, 401 or 403. `caller` is who sent a good token.
  void dispatch(io::HttpRequest request, io::HttpResponder responder,
                std::optional<Caller> caller) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Access access;
    Handler handler;
  };
  using Parameters = std::map<std::string, std::string>;
  void run(const Route& route, Parameters parameters, io::HttpRequest request,
           io::HttpResponder responder, std::optional<Caller> caller) const;
  [[nodiscard]] io::HttpResponder audited(const Route& route, const io::HttpRequest& request,
                                          const io::HttpResponder& responder,
                                          const Caller& caller) const;

  std::vector<Route> routes_;
  Audit audit_;
};

// How every route answers.
void answer(const Call& call, const Value& body, int status = 200);
void answer_error(const io::HttpResponder& responder, const Error& error, Value details = {});
void answer_text(const Call& call, std::string body, const std::string& content_type);
int http_status_of(ErrorCode code);

}  // namespace lw::server::api
