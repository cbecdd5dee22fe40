// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "server/agent_package.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/api/visibility.h"

namespace lw::server::api {
namespace {

constexpr int kUsesMax = 10'000;
constexpr auto kLifeMax = std::chrono::days(365);

void list_agents(Services& services, const Call& call) {
  Value list = Value::array();
  for (const AgentView& view : visible_agents(services.control, *call.scope)) {
    list.push(agent_value(view));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

/// By id or by name, as people know it.
Result<AgentId> find_agent(const Control& control, const std::string& text) {
  for (const AgentView& view : control.agents()) {
    if (view.agent.name == text || to_string(view.agent.id) == text) return view.agent.id;
  }
  return fail(ErrorCode::NotFound, fmt::format("there is no agent `{}`", text));
}

void remove_agent(Services& services, const Call& call) {
  const auto removed = [&]() -> Result<void> {
    const AgentId id = TRY(find_agent(services.control, call.path.at("agent")));
    return services.control.remove_agent(id);
  }();
  if (!removed) {
    answer_error(call.responder, removed.error());
    return;
  }
  call.responder.send({.status = 204, .headers = {}, .body = ""});
}

struct TokenWish {
  std::chrono::seconds life = std::chrono::hours(24);
  int uses = 1;
};

/// The member, or `otherwise` if it is missing.
Result<std::int64_t> read_number(const Value& document, const std::string& name,
                                 std::int64_t otherwise, std::int64_t max) {
  const Value* const value = document.find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int() || value->as_int() < 1 || value->as_int() > max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` must be a whole number from 1 to {}", name, max));
  }
  return value->as_int();
}

Result<TokenWish> read_wish(const std::string& body) {
  TokenWish wish;
  if (body.empty()) return wish;
  const Value document = TRY(parse_json(body));
  if (!document.is_object()) {
    return fail(ErrorCode::InvalidInput, "the body must be an object, like {\"uses\": 1}");
  }
  wish.life = std::chrono::seconds(TRY(read_number(document, "lifeSeconds", wish.life.count(),
                                                   std::chrono::seconds(kLifeMax).count())));
  wish.uses = static_cast<int>(TRY(read_number(document, "uses", wish.uses, kUsesMax)));
  return wish;
}

/// The command that installs an agent on a new host, if this server has a package for it.
void add_install_command(const Services& services, const Call& call, const std::string& token,
                         Value& answer) {
  if (services.agent_package == nullptr) return;
  const auto command = services.agent_package->install_command(call.request.header("Host"), token);
  if (command) answer.set("installCommand", *command);
}

void create_join_token(Services& services, const Call& call) {
  const auto token = [&]() -> Result<Value> {
    const TokenWish wish = TRY(read_wish(call.request.body));
    const std::string text = TRY(services.control.create_join_token(wish.life, wish.uses));
    Value made = Value::object({{"token", text},
                                {"expires", to_iso8601(services.clock.wall_now() + wish.life)},
                                {"uses", wish.uses}});
    add_install_command(services, call, text, made);
    return made;
  }();
  if (!token) {
    answer_error(call.responder, token.error());
    return;
  }
  answer(call, *token, 201);
}

}  // namespace

void add_agent_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/agents", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_agents(services, inner); });
  });
  router.add("DELETE", "/api/v1/agents/{agent}", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { remove_agent(services, inner); });
  });
  router.add("POST", "/api/v1/join-tokens", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { create_join_token(services, inner); });
  });
}

}  // namespace lw::server::api
