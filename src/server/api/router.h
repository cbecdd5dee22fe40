// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
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
  std::shared_ptr<const TokenScope> scope = unlimited_scope();  ///< what the caller may see
  /// What the audit log is to say beside the target; set it before the answer is sent.
  std::shared_ptr<std::string> audit_detail = std::make_shared<std::string>();
};

/// Who may call a route.
enum class Access { Everybody, Reader, Operator, Administrator };

/// What a route has to do with scopes (server/token_scope.h).
enum class Reach {
  /// It is about the server as a whole: callers with a scope are refused. What is not said to be
  /// otherwise is this.
  Server,
  /// About what its path names: a monitor, a watcher or a test. The guard looks whether the
  /// caller's scope covers it before the handler is called.
  Path,
  /// The handler itself shows and does only what `Call::scope` covers.
  Own,
};

/// Who may call a route, and how far.
struct Admission {
  Access access = Access::Administrator;
  Reach reach = Reach::Server;
  // NOLINTNEXTLINE(google-explicit-constructor): most routes' declarations say no more.
  Admission(Access who, Reach how_far = Reach::Server) : access(who), reach(how_far) {}
};

/// Finds the handler of a request by method and path. Built once, then read by all HTTP threads.
/// Below Azure's roots (arm/arm.h) paths are compared without case and with slashes collapsed, an
/// api-version is demanded and refusals have Azure's codes. A caller whose token has a scope is
/// refused wherever a route does not say what it has to do with scopes.
class Router {
 public:
  using Handler = std::function<void(Call call)>;
  /// `pattern` is like "/api/v1/tests/{id}/rounds"; a parameter takes one path segment.
  void add(std::string method, const std::string& pattern, Admission admission, Handler handler);
  /// Is told of each call that may change something, once its answer is known, and of each that
  /// its caller may not make; from any thread. Set it before the first call.
  using Audit = std::function<void(registry::AuditEntry entry)>;
  void set_audit(Audit audit) { audit_ = std::move(audit); }
  /// Decides about calls of callers with a scope to routes with Reach::Path: calls `handler` or
  /// refuses. Without one all of them are refused. Set it before the first call.
  using Guard = std::function<void(Call call, const Handler& handler)>;
  void set_guard(Guard guard) { guard_ = std::move(guard); }
  /// Runs the handler, or answers 404, 405, 401 or 403. `caller` is who sent a good token.
  void dispatch(io::HttpRequest request, io::HttpResponder responder,
                std::optional<Caller> caller) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Admission admission;
    Handler handler;
  };
  using Parameters = std::map<std::string, std::string>;
  void run(const Route& route, Parameters parameters, io::HttpRequest request,
           io::HttpResponder responder, std::optional<Caller> caller) const;
  [[nodiscard]] io::HttpResponder audited(const Route& route, const io::HttpRequest& request,
                                          const io::HttpResponder& responder, const Caller& caller,
                                          std::shared_ptr<const std::string> detail) const;
  void run_scoped(const Route& route, Call call) const;

  std::vector<Route> routes_;
  Audit audit_;
  Guard guard_;
};

// How every route answers.
void answer(const Call& call, const Value& body, int status = 200);
void answer_error(const io::HttpResponder& responder, const Error& error, Value details = {});
void answer_text(const Call& call, std::string body, const std::string& content_type);
int http_status_of(ErrorCode code);
/// What lies outside of the caller's scope, in the words of the interface that the path belongs to.
void refuse_scope(const Call& call);

}  // namespace lw::server::api
