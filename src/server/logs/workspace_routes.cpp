// SPDX-License-Identifier: Apache-2.0
// /api/v1/workspaces: the named places of results.
#include "server/logs/routes.h"

namespace lw::server::logs {
namespace {

Value to_value(const WorkspaceView& view) {
  return Value::object({{"id", view.id},
                        {"name", view.name},
                        {"isDefault", view.is_default},
                        {"retentionDays", view.keep_days == 0 ? Value() : Value(view.keep_days)}});
}

void list_workspaces(const Service& service, const Call& call) {
  Value views = Value::array();
  for (const WorkspaceView& view : service.workspaces().all()) {
    if (call.scope->covers_workspace(view.name, view.id)) views.push(to_value(view));
  }
  api::answer(call, Value::object({{"value", std::move(views)}}));
}

void put_workspace(Service& service, const Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body || !body->is_object()) {
    return api::answer_error(call.responder,
                             {ErrorCode::InvalidInput, "send {\"retentionDays\": DAYS}"});
  }
  const std::string& name = call.path.at("name");
  const auto done =
      service.workspaces().declare(name, static_cast<int>(body->number("retentionDays", 0)));
  if (!done) return api::answer_error(call.responder, done.error());
  api::answer(call, to_value(*service.workspaces().find(name)));
}

void remove_workspace(Service& service, const Call& call) {
  const auto done = service.workspaces().forget(call.path.at("name"));
  if (!done) return api::answer_error(call.responder, done.error());
  api::answer(call, Value::object({}));
}

}  // namespace

void add_workspace_routes(Router& router, Service& service) {
  router.add("GET", "/api/v1/workspaces", {Access::Reader, Reach::Own},
             [&service](const Call& call) { list_workspaces(service, call); });
  router.add("PUT", "/api/v1/workspaces/{name}", Access::Administrator,
             [&service](const Call& call) { put_workspace(service, call); });
  router.add("DELETE", "/api/v1/workspaces/{name}", Access::Administrator,
             [&service](const Call& call) { remove_workspace(service, call); });
}

}  // namespace lw::server::logs
