// SPDX-License-Identifier: Apache-2.0
#include "server/sql/routes.h"

#include "server/sql/request.h"

namespace lw::server::sql {
namespace {

using api::Access;
using api::Call;
using api::Reach;

void send_ok(const Call& call) { api::answer_text(call, "Ok.\n", "text/plain; charset=UTF-8"); }

void answer(Service& service, const Call& call) {
  auto request = read_request(call.request);
  if (!request) return refuse(call.responder, request.error(), {});
  // As the engine answers who only looks whether it is there.
  if (call.request.method == "GET" && request->text.empty()) return send_ok(call);
  service.ask({.request = std::move(*request), .caller = call.scope, .responder = call.responder});
}

}  // namespace

void refuse_stranger(const io::HttpResponder& responder) {
  refuse(responder,
         {.status = 401,
          .number = 516,
          .name = "AUTHENTICATION_FAILED",
          .message = "Send a valid token of linewatch as the password; the user may be any"},
         {});
}

void add_routes(api::Router& router, Service& service) {
  const auto ask = [&service](const Call& call) { answer(service, call); };
  router.add("GET", "/sql", {Access::Reader, Reach::Own}, ask);
  router.add("POST", "/sql", {Access::Reader, Reach::Own}, ask);
  router.add("GET", "/sql/query", {Access::Reader, Reach::Own}, ask);
  router.add("POST", "/sql/query", {Access::Reader, Reach::Own}, ask);
  router.add("GET", "/sql/ping", Access::Everybody, [](const Call& call) { send_ok(call); });
}

}  // namespace lw::server::sql
