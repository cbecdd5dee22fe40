// SPDX-License-Identifier: Apache-2.0
#include "server/logs/routes.h"

#include "base/random.h"
#include "base/text.h"
#include "model/resource_id.h"
#include "server/arm/arm.h"

namespace lw::server::logs {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers headers_of(const Call& call, const std::string& content_type) {
  const std::string own = call.request.header("x-ms-client-request-id");
  return {{"Content-Type", content_type},
          {"Cache-Control", "no-store"},
          {"x-ms-request-id", own.empty() || own.size() > 100 ? random_uuid() : own}};
}

/// Reads the question, asks it, and answers as Log Analytics does.
void answer_question(Service& service, const Call& call, Outcome<Question> question) {
  if (!question) return refuse(call, question.error());
  const Wishes wishes = parse_prefer(call.request.header("Prefer"));
  question->wait = wishes.wait;
  service.ask(
      std::move(*question), [responder = call.responder] { return responder.is_gone(); },
      [call, wishes](const Outcome<Reply>& answer) {
        if (!answer) return refuse(call, answer.error());
        reply(call, answer_text(*answer, wishes));
      });
}

void add_both(Router& router, const std::string& pattern, const Router::Handler& handler) {
  for (const char* const method : {"GET", "POST"}) {
    router.add(method, pattern, {Access::Reader, Reach::Own}, handler);
  }
}

Failure nothing_at(const std::string& path) {
  return {.status = 404,
          .code = "PathNotFoundError",
          .message = "The requested path does not exist: '" + path.substr(0, 300) +
                     "'. Logs can be asked of workspaces and of connection monitors."};
}

/// A question about the rows of one resource: a workspace, or a connection monitor.
void ask_of_resource(api::Services& services, Service& service, const Call& call) {
  const auto part = [&](const char* name) {
    const auto found = call.path.find(name);
    return found == call.path.end() ? std::string() : found->second;
  };
  if (!equals_ignoring_case(part("subscription"), service.subscription())) {
    return refuse(call, nothing_at(call.request.path));
  }
  const bool is_workspace = equals_ignoring_case(part("provider"), "Microsoft.OperationalInsights");
  if (is_workspace && part("child").empty()) {
    return answer_question(service, call, read_question(call, part("name")));
  }
  const bool is_monitor = equals_ignoring_case(part("provider"), "Microsoft.Network") &&
                          equals_ignoring_case(part("child_type"), "connectionMonitors");
  if (!is_monitor) return refuse(call, nothing_at(call.request.path));
  const std::string key = monitor_key({part("group"), part("name"), part("child")});
  if (!call.scope->covers_monitor(key)) return refuse(call, insufficient_access());
  api::on_control(services, call, [&services, &service, key](const Call& inner) {
    const auto* const monitor = services.control.find_monitor(key);
    if (monitor == nullptr) return refuse(inner, nothing_at(inner.request.path));
    auto question = read_question(inner, service.workspaces().all().front().id);
    if (question) question->monitor = monitor->name;
    answer_question(service, inner, std::move(question));
  });
}

}  // namespace

Outcome<Question> read_question(const Value& body, const std::string& workspace) {
  Question question;
  question.text = body.text("query");
  question.timespan = body.text("timespan");
  question.workspaces = {workspace};
  if (const Value* const others = body.find("workspaces");
      others != nullptr && others->is_array()) {
    for (const Value& other : others->as_array()) {
      if (other.is_string()) question.workspaces.push_back(other.as_string());
    }
  }
  if (trim(question.text).empty()) {
    return std::unexpected(bad_argument(
        "MissingQuery", "There is no query; send {\"query\": \"…\"} or the parameter `query`."));
  }
  return question;
}

std::string default_workspace(const Service& service, const Call& call) {
  const auto all = service.workspaces().all();
  for (const WorkspaceView& view : all) {
    if (call.scope->covers_workspace(view.name, view.id)) return view.id;
  }
  return all.front().id;  // Which it will be refused.
}

Outcome<Question> read_question(const Call& call, const std::string& workspace) {
  const io::HttpRequest& request = call.request;
  Value body = Value::object();
  if (request.method == "POST" && !request.body.empty()) {
    auto read = parse_json(request.body);
    if (!read || !read->is_object()) {
      return std::unexpected(
          bad_argument("InvalidJsonBody", read ? std::string("The body is no JSON object.")
                                               : "The body is no JSON: " + read.error().message));
    }
    body = std::move(*read);
  }
  if (request.has_parameter("query") && body.text("query").empty()) {
    body.set("query", request.parameter("query"));
  }
  auto question = read_question(body, workspace);
  if (!question) return question;
  question->second_timespan = request.parameter("timespan");
  question->caller = call.scope;
  question->sees_audit = sees_audit(call);
  return question;
}

bool sees_audit(const Call& call) {
  return call.role == registry::Role::Administrator && call.scope->covers_all();
}

void reply(const Call& call, std::string body, const std::string& content_type) {
  const std::string type = content_type.empty() ? "application/json; charset=utf-8" : content_type;
  call.responder.send({.status = 200, .headers = headers_of(call, type), .body = std::move(body)});
}

void refuse(const Call& call, const Failure& failure) {
  Headers headers = headers_of(call, "application/json; charset=utf-8");
  if (failure.status == 429 || failure.status == 503) headers.emplace_back("Retry-After", "5");
  call.responder.send({.status = failure.status,
                       .headers = std::move(headers),
                       .body = to_json(to_document(failure))});
}

void add_query_routes(Router& router, api::Services& services, Service& service) {
  const auto ask = [&service](const Call& call) {
    answer_question(service, call, read_question(call, call.path.at("workspace")));
  };
  add_both(router, "/v1/workspaces/{workspace}/query", ask);
  add_both(router, "/workspaces/{workspace}/query", ask);
  const auto of_resource = [&](const Call& call) { ask_of_resource(services, service, call); };
  const std::string resource =
      "/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{type}/{name}";
  add_both(router, "/v1" + resource + "/query", of_resource);
  add_both(router, "/v1" + resource + "/{child_type}/{child}/query", of_resource);
  // Without /v1 a monitor's `query` is another operation, of Azure's resource interface.
  const std::string workspace =
      "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
      "Microsoft.OperationalInsights/workspaces/{name}";
  const auto of_workspace = [&service](const Call& call) {
    if (!equals_ignoring_case(call.path.at("subscription"), service.subscription())) {
      return refuse(call, nothing_at(call.request.path));
    }
    answer_question(service, call, read_question(call, call.path.at("name")));
  };
  add_both(router, workspace + "/query", of_workspace);
  add_both(router, workspace + "/api/query", of_workspace);
}

void add_routes(Router& router, api::Services& services, Service& service) {
  add_query_routes(router, services, service);
  add_batch_routes(router, service);
  add_metadata_routes(router, service);
  add_native_routes(router, service);
  add_workspace_routes(router, service);
  add_saved_routes(router, service);
}

}  // namespace lw::server::logs
