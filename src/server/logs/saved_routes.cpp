// SPDX-License-Identifier: Apache-2.0
// /api/v1/queries: queries that are kept under a name, by which others can use them as functions.
#include <fmt/core.h>

#include "server/logs/routes.h"

namespace lw::server::logs {
namespace {

void list_queries(const Service& service, const Call& call) {
  Value queries = Value::array();
  for (const SavedQuery& query : service.saved().all()) queries.push(to_value(query));
  api::answer(call, Value::object({{"value", std::move(queries)}}));
}

void get_query(const Service& service, const Call& call) {
  const std::string& name = call.path.at("name");
  if (const auto query = service.saved().find(name)) return api::answer(call, to_value(*query));
  api::answer_error(
      call.responder,
      {ErrorCode::NotFound, fmt::format("there is no saved query `{}`", name.substr(0, 100))});
}

void put_query(Service& service, const Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body || !body->is_object()) {
    return api::answer_error(call.responder, {ErrorCode::InvalidInput, "send {\"query\": KQL}"});
  }
  SavedQuery query{.function = {.name = call.path.at("name"),
                                .parameters = body->text("parameters"),
                                .text = body->text("query")},
                   .description = body->text("description"),
                   .author = call.caller,
                   .updated = service.now()};
  const auto done = service.saved().put(query);
  if (!done) return api::answer_error(call.responder, done.error());
  api::answer(call, to_value(query));
}

void remove_query(Service& service, const Call& call) {
  const auto done = service.saved().remove(call.path.at("name"));
  if (!done) return api::answer_error(call.responder, done.error());
  api::answer(call, Value::object({}));
}

}  // namespace

void add_saved_routes(Router& router, Service& service) {
  router.add("GET", "/api/v1/queries", Access::Reader,
             [&service](const Call& call) { list_queries(service, call); });
  router.add("GET", "/api/v1/queries/{name}", Access::Reader,
             [&service](const Call& call) { get_query(service, call); });
  router.add("PUT", "/api/v1/queries/{name}", Access::Operator,
             [&service](const Call& call) { put_query(service, call); });
  router.add("DELETE", "/api/v1/queries/{name}", Access::Operator,
             [&service](const Call& call) { remove_query(service, call); });
}

}  // namespace lw::server::logs
