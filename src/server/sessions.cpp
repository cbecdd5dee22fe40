// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/document.h"
#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server {
namespace {

constexpr std::size_t kCookieBytes = 32;
constexpr auto kSaveEvery = std::chrono::minutes(5);

bool is_over(const Session& session, Timestamp now) {
  return now >= session.ends || now - session.used >= Sessions::kIdleMax;
}

/// Leaves room for one more.
template <class ByCookie>
void make_room(ByCookie& sessions, Timestamp now) {
  std::erase_if(sessions, [&](const auto& entry) { return is_over(entry.second, now); });
  if (sessions.size() < Sessions::kSessionsMax) return;
  sessions.erase(
      std::ranges::min_element(sessions, {}, [](const auto& entry) { return entry.second.used; }));
}

Value to_value(const oidc::Identity& identity) {
  Value claims = Value::object();
  for (const auto& [name, texts] : identity.claims) {
    Value list = Value::array();
    for (const std::string& text : texts) list.push(text);
    claims.set(name, std::move(list));
  }
  return Value::object({{"issuer", identity.issuer},
                        {"subject", identity.subject},
                        {"name", identity.name},
                        {"claims", std::move(claims)}});
}

std::optional<oidc::Identity> identity_from(const Value& value) {
  const Value* const claims = value.find("claims");
  if (claims == nullptr || !claims->is_object()) return std::nullopt;
  oidc::Identity identity{.issuer = value.text("issuer"),
                          .subject = value.text("subject"),
                          .name = value.text("name"),
                          .claims = {}};
  for (const Value::Member& member : claims->as_object()) {
    if (!member.value.is_array()) return std::nullopt;
    auto& texts = identity.claims[member.key];
    for (const Value& text : member.value.as_array()) {
      if (!text.is_string()) return std::nullopt;
      texts.push_back(text.as_string());
    }
  }
  return identity;
}

Value to_value(const std::string& cookie_sha256, const Session& session) {
  Value value = Value::object({{"cookieSha256", hex_of(cookie_sha256)},
                               {"tokenSha256", hex_of(session.token_sha256)},
                               {"used", to_iso8601(session.used)},
                               {"ends", to_iso8601(session.ends)}});
  if (session.identity) value.set("oidc", to_value(*session.identity));
  return value;
}

std::optional<std::pair<std::string, Session>> from_value(const Value& value) {
  const auto cookie = bytes_of_hex(value.text("cookieSha256"));
  const auto token = bytes_of_hex(value.text("tokenSha256"));
  const auto used = parse_iso8601(value.text("used"));
  const auto ends = parse_iso8601(value.text("ends"));
  if (!cookie || !token || !used || !ends) return std::nullopt;
  Session session{.token_sha256 = *token, .identity = {}, .used = *used, .ends = *ends};
  if (const Value* const identity = value.find("oidc")) {
    session.identity = identity_from(*identity);
    if (!session.identity) return std::nullopt;
  }
  return std::pair(*cookie, std::move(session));
}

}  // namespace

Result<void> Sessions::load(Timestamp now) {
  if (path_.empty() || !file_exists(path_)) return {};
  const Value document = TRY(parse_json(TRY(read_file(path_))));
  const Value* const list = document.find("sessions");
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::InvalidInput, path_ + " holds no list of sessions");
  }
  state_.with([&](State& state) {
    state.saved = now;
    for (const Value& item : list->as_array()) {
      auto read = from_value(item);
      if (!read || is_over(read->second, now)) continue;
      // A clock that was set back must not keep a session for ever.
      read->second.used = std::min(read->second.used, now);
      state.sessions.insert(std::move(*read));
    }
  });
  return {};
}

Result<std::string> Sessions::open(const std::string& token_sha256,
                                   std::optional<Timestamp> token_ends, Timestamp now) {
  const Timestamp ends = std::min(now + kLifeMax, token_ends.value_or(Timestamp::max()));
  return open({.token_sha256 = token_sha256, .identity = {}, .used = now, .ends = ends}, now);
}

Result<std::string> Sessions::open(const oidc::Identity& identity, Timestamp ends, Timestamp now) {
  return open({.token_sha256 = {},
               .identity = identity,
               .used = now,
               .ends = std::min<Timestamp>(ends, now + kLifeMax)},
              now);
}

Result<std::string> Sessions::open(Session session, Timestamp now) {
  std::string cookie = hex_of(random_bytes(kCookieBytes));
  state_.with([&](State& state) {
    make_room(state.sessions, now);
    state.sessions.emplace(io::sha256(cookie), std::move(session));
  });
  TRY(save(now));
  return cookie;
}

std::optional<Session> Sessions::find(const std::string& cookie, Timestamp now) {
  if (cookie.empty()) return std::nullopt;
  const std::string key = io::sha256(cookie);
  return state_.with([&](State& state) -> std::optional<Session> {
    const auto found = state.sessions.find(key);
    if (found == state.sessions.end()) return std::nullopt;
    if (is_over(found->second, now)) {
      state.sessions.erase(found);
      return std::nullopt;
    }
    found->second.used = std::max(found->second.used, now);
    return found->second;
  });
}

Result<void> Sessions::close(const std::string& cookie, Timestamp now) {
  const bool was_there =
      state_.with([&](State& state) { return state.sessions.erase(io::sha256(cookie)) > 0; });
  return was_there ? save(now) : Result<void>{};
}

Result<void> Sessions::save_if_due(Timestamp now) {
  const bool is_due = state_.with([&](const State& state) {
    return !state.sessions.empty() && now - state.saved >= kSaveEvery;
  });
  return is_due ? save(now) : Result<void>{};
}

Result<void> Sessions::save(Timestamp now) {
  if (path_.empty()) return {};
  Value list = Value::array();
  state_.with([&](State& state) {
    state.saved = now;
    for (const auto& [cookie, session] : state.sessions) list.push(to_value(cookie, session));
  });
  return write_file_atomically(path_, to_json(Value::object({{"sessions", std::move(list)}})),
                               0600);
}

std::size_t Sessions::size() const {
  return state_.with([](const State& state) { return state.sessions.size(); });
}

std::string session_cookie_header(const std::string& cookie, Seconds life) {
  return fmt::format("{}={}; Max-Age={}; HttpOnly; Secure; SameSite=Strict; Path=/", kSessionCookie,
                     cookie, life.count());
}

std::string session_cookie_of(std::string_view cookie_header) {
  for (const std::string& pair : split(cookie_header, ';')) {
    const std::string_view item = trim(pair);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos || item.substr(0, equals) != kSessionCookie) continue;
    return std::string(item.substr(equals + 1));
  }
  return {};
}

}  // namespace lw::server
