// SPDX-License-Identifier: Apache-2.0
// Tokens of this API, and the audit log.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/api/visibility.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kTokenNameBytesMax = 80;
constexpr std::int64_t kDaysMax = 3'650;
constexpr std::size_t kEntriesDefault = 100;
constexpr std::size_t kEntriesMax = 10'000;

constexpr std::array<std::pair<std::string_view, registry::Role>, 3> kRoles{
    {{"reader", registry::Role::Reader},
     {"operator", registry::Role::Operator},
     {"administrator", registry::Role::Administrator}}};

std::string_view to_text(registry::Role role) {
  return std::ranges::find(kRoles, role, [](const auto& each) { return each.second; })->first;
}

Value scopes_value(const std::optional<std::vector<std::string>>& scopes) {
  if (!scopes) return {};
  Value list = Value::array();
  for (const std::string& scope : *scopes) list.push(scope);
  return list;
}

Value token_value(const registry::ApiToken& token, Timestamp now) {
  return Value::object({{"name", token.name},
                        {"role", to_text(token.role)},
                        {"scopes", scopes_value(token.scopes)},
                        {"created", to_iso8601(token.created)},
                        {"expires", time_value(token.expires)},
                        {"expired", token.expires && now >= *token.expires}});
}

void list_tokens(Services& services, const Call& call) {
  const auto tokens = services.control.api_tokens();
  if (!tokens) return answer_error(call.responder, tokens.error());
  Value list = Value::array();
  for (const registry::ApiToken& token : *tokens) {
    list.push(token_value(token, services.clock.wall_now()));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

struct Wish {
  std::string name;
  registry::Role role = registry::Role::Reader;
  std::optional<std::chrono::seconds> life;
  std::optional<std::vector<std::string>> scopes;  ///< full ids
};

Result<std::string> read_name(const Value& body) {
  std::string name = body.text("name");
  const bool is_odd = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/'; });
  if (!name.empty() && name.size() <= kTokenNameBytesMax && !is_odd) return name;
  return fail(ErrorCode::InvalidInput,
              fmt::format("`name` must be text of 1 to {} characters without `/`: the audit log "
                          "shows it",
                          kTokenNameBytesMax));
}

/// The list of scopes as full ids; nothing if there is none.
Result<std::optional<std::vector<std::string>>> read_scopes(const Value& body,
                                                            std::string_view subscription) {
  const Value* const list = body.find("scopes");
  if (list == nullptr || list->is_null()) return std::nullopt;
  const auto refusal =
      fail(ErrorCode::InvalidInput,
           "`scopes` must be a list of resource ids, null for everything, or empty for nothing");
  if (!list->is_array()) return refusal;
  std::vector<std::string> texts;
  for (const Value& item : list->as_array()) {
    if (!item.is_string()) return refusal;
    texts.push_back(item.as_string());
  }
  return TRY(TokenScope::parse(texts, subscription)).texts();
}

Result<Wish> read_wish(const std::string& text, std::string_view subscription) {
  const Value body = TRY(parse_json(text));
  Wish wish;
  wish.name = TRY(read_name(body));
  const std::string role = body.text("role", "reader");
  const auto* const known =
      std::ranges::find(kRoles, role, [](const auto& each) { return each.first; });
  if (known == kRoles.end()) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("there is no role `{}`; use reader, operator or administrator", role));
  }
  wish.role = known->second;
  wish.scopes = TRY(read_scopes(body, subscription));
  if (wish.scopes && wish.role == registry::Role::Administrator) {
    return fail(ErrorCode::InvalidInput,
                "an administrator's token has no scope: who makes tokens can make one without");
  }
  const Value* const days = body.find("expiresInDays");
  if (days == nullptr || days->is_null()) return wish;
  if (!days->is_int() || days->as_int() < 1 || days->as_int() > kDaysMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`expiresInDays` must be a whole number from 1 to {}", kDaysMax));
  }
  wish.life = std::chrono::days(days->as_int());
  return wish;
}

/// Lets the HTTP threads know.
Result<void> publish(Services& services) {
  services.credentials.replace(TRY(services.control.api_tokens()));
  return {};
}

void create_api_token(Services& services, const Call& call) {
  const auto made = [&]() -> Result<Value> {
    const Wish wish = TRY(read_wish(call.request.body, services.control.subscription_id()));
    const std::string text =
        TRY(services.control.create_api_token(wish.name, wish.role, wish.life, wish.scopes));
    TRY(publish(services));
    *call.audit_detail = fmt::format("made token `{}`: {}, good for {}", wish.name,
                                     to_text(wish.role), scope_text(wish.scopes));
    Value value = Value::object({{"name", wish.name},
                                 {"role", to_text(wish.role)},
                                 {"scopes", scopes_value(wish.scopes)},
                                 {"token", text}});
    value.set("expires",
              wish.life ? Value(to_iso8601(services.clock.wall_now() + *wish.life)) : Value());
    return value;
  }();
  if (!made) return answer_error(call.responder, made.error());
  answer(call, *made, 201);
}

void remove_token(Services& services, const Call& call) {
  const auto removed = [&]() -> Result<void> {
    TRY(services.control.remove_api_token(call.path.at("name")));
    *call.audit_detail = fmt::format("removed token `{}`", call.path.at("name"));
    return publish(services);
  }();
  if (!removed) return answer_error(call.responder, removed.error());
  call.responder.send({.status = 204, .headers = {}, .body = ""});
}

void list_audit(Services& services, const Call& call) {
  const std::string text = call.request.parameter("limit");
  const auto limit = text.empty() ? kEntriesDefault : parse_number<std::size_t>(text).value_or(0);
  if (limit < 1 || limit > kEntriesMax) {
    return answer_error(call.responder,
                        {ErrorCode::InvalidInput,
                         fmt::format("`limit` must be a number from 1 to {}", kEntriesMax)});
  }
  const auto entries = services.control.audit_entries(limit);
  if (!entries) return answer_error(call.responder, entries.error());
  Value list = Value::array();
  for (const registry::AuditEntry& entry : *entries) {
    list.push(Value::object({{"time", to_iso8601(entry.at)},
                             {"caller", entry.caller},
                             {"address", entry.address},
                             {"method", entry.method},
                             {"target", entry.target},
                             {"status", entry.status},
                             {"detail", entry.detail}}));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

}  // namespace

void add_token_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tokens", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_tokens(services, inner); });
  });
  router.add("POST", "/api/v1/tokens", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { create_api_token(services, inner); });
  });
  router.add("DELETE", "/api/v1/tokens/{name}", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { remove_token(services, inner); });
  });
  router.add("GET", "/api/v1/audit", Access::Administrator, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_audit(services, inner); });
  });
}

}  // namespace lw::server::api
