// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include <string_view>
#include <unordered_map>

#include "base/files.h"
#include "base/random.h"
#include "registry/guarded.h"
#include "registry/schema.h"

namespace lw::registry {
namespace {

std::string labels_to_json(const Agent& agent) {
  Value labels = Value::object();
  for (const auto& [key, value] : agent.labels) labels.set(key, value);
  return to_json(labels);
}

std::string text_of_scopes(const std::vector<std::string>& scopes) {
  Value list = Value::array();
  for (const std::string& scope : scopes) list.push(scope);
  return to_json(list);
}

/// What cannot be read any more is no scope at all, so that nothing is let through.
std::vector<std::string> scopes_of_text(const std::string& text) {
  std::vector<std::string> scopes;
  const auto list = parse_json(text);
  if (!list || !list->is_array()) return scopes;
  for (const Value& scope : list->as_array()) {
    if (scope.is_string()) scopes.push_back(scope.as_string());
  }
  return scopes;
}

constexpr const char* kAuditColumns = "at_us, caller, address, method, target, status, detail";

AuditEntry read_audit_entry(SQLite::Statement& row) {
  return {.at = from_unix_us(row.getColumn(0).getInt64()),
          .caller = row.getColumn(1).getString(),
          .address = row.getColumn(2).getString(),
          .method = row.getColumn(3).getString(),
          .target = row.getColumn(4).getString(),
          .status = row.getColumn(5).getInt(),
          .detail = row.getColumn(6).getString()};
}

std::string addresses_to_json(const Agent& agent) {
  Value addresses = Value::array();
  for (const std::string& address : agent.addresses) addresses.push(address);
  return to_json(addresses);
}

Result<Agent> read_agent(SQLite::Statement& row) {
  Agent agent;
  const auto id = parse_hex(row.getColumn(0).getString());
  if (!id) return fail(ErrorCode::Internal, "the registry holds an agent without an id");
  agent.id = AgentId{*id};
  agent.name = row.getColumn(1).getString();
  const Value labels = TRY(parse_json(row.getColumn(2).getString()));
  for (const auto& member : labels.as_object()) {
    agent.labels.emplace_back(member.key, member.value.as_string());
  }
  agent.resource_id = row.getColumn(3).getString();
  const Value addresses = TRY(parse_json(row.getColumn(4).getString()));
  for (const Value& address : addresses.as_array()) agent.addresses.push_back(address.as_string());
  agent.joined = from_unix_us(row.getColumn(5).getInt64());
  return agent;
}

std::unexpected<Error> bad_token() {
  return fail(ErrorCode::Unauthenticated,
              "the join token is unknown, expired or used up; make a new one with "
              "`linewatch agent token create`");
}

/// SQLite gives the files beside it the mode of the first. An older release, or a copy, may have
/// made them readable for others.
Result<void> make_private(const std::string& path) {
  for (const char* const suffix : {"", "-wal", "-shm"}) {
    if (file_exists(path + suffix)) TRY(restrict_to_owner(path + suffix));
  }
  return {};
}

std::string new_etag() { return "W/\"" + random_uuid() + "\""; }

void bind_blob(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

struct Registry::Impl {
  SQLite::Database database;

  explicit Impl(const std::string& path)
      : database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000) {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  }

  Result<void> migrate() {
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    const int newest = static_cast<int>(migrations().size());
    if (version > newest) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the registry has schema {}, this program knows up to {}; run the "
                              "newer linewatch again",
                              version, newest));
    }
    for (int next = version; next < newest; ++next) {
      SQLite::Transaction transaction(database);
      database.exec(migrations()[static_cast<std::size_t>(next)]);
      database.exec(fmt::format("PRAGMA user_version = {}", next + 1));
      transaction.commit();
    }
    return {};
  }

  void put_agent(const Agent& agent) {
    SQLite::Statement statement(
        database,
        "INSERT INTO agents (id, name, labels, resource_id, addresses, joined_us) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
        "labels = excluded.labels, resource_id = excluded.resource_id, "
        "addresses = excluded.addresses");
    statement.bind(1, to_string(agent.id));
    statement.bind(2, agent.name);
    statement.bind(3, labels_to_json(agent));
    statement.bind(4, agent.resource_id);
    statement.bind(5, addresses_to_json(agent));
    statement.bind(6, to_unix_us(agent.joined));
    statement.exec();
  }

  void put_monitor(const MonitorWrite& write, Timestamp now) {
    SQLite::Statement put(
        database,
        "INSERT INTO connection_monitors (name, document, etag, created_us, updated_us, "
        "resource_guid, started_us, is_stopped) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7) ON "
        "CONFLICT (name) DO UPDATE SET name = excluded.name, document = excluded.document, "
        "etag = excluded.etag, updated_us = excluded.updated_us");
    put.bind(1, write.name);
    put.bind(2, to_json(write.document));
    put.bind(3, new_etag());
    put.bind(4, to_unix_us(now));
    put.bind(5, random_uuid());
    if (write.starts) put.bind(6, to_unix_us(now));
    put.bind(7, write.starts ? 0 : 1);
    put.exec();
  }

  bool remove_monitor(const std::string& name) {
    SQLite::Statement remove(database, "DELETE FROM connection_monitors WHERE name = ?");
    remove.bind(1, name);
    return remove.exec() > 0;
  }

  void set_certificates(AgentId agent, const std::vector<std::string>& sha256_hex) {
    SQLite::Statement remove(database, "DELETE FROM agent_certificates WHERE agent_id = ?");
    remove.bind(1, to_string(agent));
    remove.exec();
    for (const std::string& sha256 : sha256_hex) {
      SQLite::Statement insert(database, "INSERT OR IGNORE INTO agent_certificates VALUES (?, ?)");
      insert.bind(1, to_string(agent));
      insert.bind(2, sha256);
      insert.exec();
    }
  }
};

Registry::Registry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

Result<Registry> Registry::open(const std::string& path) {
  return guarded("open registry " + path, [&]() -> Result<Registry> {
    TRY(make_private(path));
    auto impl = std::make_unique<Impl>(path);
    TRY(make_private(path));
    TRY(impl->migrate());
    return Registry(std::move(impl));
  });
}

Result<std::string> Registry::setting(const std::string& key, const std::string& initial) {
  return guarded("read setting", [&]() -> Result<std::string> {
    SQLite::Statement query(impl_->database, "SELECT value FROM settings WHERE key = ?");
    query.bind(1, key);
    // Read first: a full disk does not matter then.
    if (query.executeStep()) return query.getColumn(0).getString();
    query.reset();
    SQLite::Statement insert(impl_->database, "INSERT INTO settings VALUES (?, ?)");
    insert.bind(1, key);
    insert.bind(2, initial);
    insert.exec();
    return initial;
  });
}

Result<std::vector<StoredMonitor>> Registry::monitors(const std::vector<StoredMonitor>& known) {
  return guarded("read connection monitors", [&]() -> Result<std::vector<StoredMonitor>> {
    std::unordered_map<std::string_view, const Value*>
        documents;  // by etag, which is new each time
    for (const StoredMonitor& monitor : known) documents.emplace(monitor.etag, &monitor.document);
    SQLite::Statement query(impl_->database,
                            "SELECT name, document, etag, created_us, updated_us, resource_guid, "
                            "started_us, is_stopped FROM connection_monitors ORDER BY name");
    std::vector<StoredMonitor> monitors;
    while (query.executeStep()) {
      std::string etag = query.getColumn(2).getString();
      const auto document = documents.find(etag);
      StoredMonitor monitor{.name = query.getColumn(0).getString(),
                            .document = document != documents.end()
                                            ? *document->second
                                            : TRY(parse_json(query.getColumn(1).getString())),
                            .etag = std::move(etag),
                            .created = from_unix_us(query.getColumn(3).getInt64()),
                            .updated = from_unix_us(query.getColumn(4).getInt64()),
                            .resource_guid = query.getColumn(5).getString(),
                            .started = std::nullopt,
                            .is_stopped = query.getColumn(7).getInt() != 0};
      if (!query.getColumn(6).isNull()) {
        monitor.started = from_unix_us(query.getColumn(6).getInt64());
      }
      monitors.push_back(std::move(monitor));
    }
    return monitors;
  });
}

Result<void> Registry::write_monitors(const std::vector<MonitorWrite>& changed,
                                      const std::vector<std::string>& removed, Timestamp now) {
  return guarded("write connection monitors", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    for (const MonitorWrite& write : changed) impl_->put_monitor(write, now);
    for (const std::string& name : removed) {
      if (impl_->remove_monitor(name)) continue;
      return fail(ErrorCode::NotFound, fmt::format("there is no connection monitor `{}`", name));
    }
    transaction.commit();
    return {};
  });
}

Result<void> Registry::set_monitor_stopped(const std::string& name, bool is_stopped,
                                           Timestamp now) {
  return guarded("stop or start a connection monitor", [&]() -> Result<void> {
    SQLite::Statement update(
        impl_->database,
        "UPDATE connection_monitors SET is_stopped = ?1, etag = ?2, updated_us = ?3, "
        "started_us = CASE WHEN ?1 THEN started_us ELSE ?3 END WHERE name = ?4");
    update.bind(1, is_stopped ? 1 : 0);
    update.bind(2, new_etag());
    update.bind(3, to_unix_us(now));
    update.bind(4, name);
    if (update.exec() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no connection monitor `{}`", name));
  });
}

Result<std::vector<NetworkWatcher>> Registry::network_watchers() {
  return guarded("read network watchers", [&]() -> Result<std::vector<NetworkWatcher>> {
    SQLite::Statement query(impl_->database,
                            "SELECT resource_group, name, location, tags, etag "
                            "FROM network_watchers ORDER BY resource_group, name");
    std::vector<NetworkWatcher> watchers;
    while (query.executeStep()) {
      watchers.push_back({.resource_group = query.getColumn(0).getString(),
                          .name = query.getColumn(1).getString(),
                          .location = query.getColumn(2).getString(),
                          .tags = TRY(parse_json(query.getColumn(3).getString())),
                          .etag = query.getColumn(4).getString()});
    }
    return watchers;
  });
}

Result<void> Registry::put_network_watcher(const NetworkWatcher& watcher, Timestamp now) {
  return guarded("write network watcher", [&]() -> Result<void> {
    SQLite::Statement put(impl_->database,
                          "INSERT INTO network_watchers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT "
                          "(resource_group, name) DO UPDATE SET location = excluded.location, "
                          "tags = excluded.tags, etag = excluded.etag");
    put.bind(1, watcher.resource_group);
    put.bind(2, watcher.name);
    put.bind(3, watcher.location);
    put.bind(4, to_json(watcher.tags));
    put.bind(5, new_etag());
    put.bind(6, to_unix_us(now));
    put.exec();
    return {};
  });
}

Result<void> Registry::remove_network_watcher(const NetworkWatcher& watcher,
                                              const std::vector<std::string>& monitors) {
  return guarded("remove network watcher", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    for (const std::string& monitor : monitors) impl_->remove_monitor(monitor);
    SQLite::Statement remove(impl_->database,
                             "DELETE FROM network_watchers WHERE resource_group = ? AND name = ?");
    remove.bind(1, watcher.resource_group);
    remove.bind(2, watcher.name);
    if (remove.exec() == 0) {
      return fail(ErrorCode::NotFound,
                  fmt::format("there is no network watcher `{}`", watcher.name));
    }
    transaction.commit();
    return {};
  });
}

Result<std::vector<Agent>> Registry::agents() {
  return guarded("read agents", [&]() -> Result<std::vector<Agent>> {
    SQLite::Statement query(impl_->database,
                            "SELECT id, name, labels, resource_id, addresses, joined_us "
                            "FROM agents ORDER BY name");
    std::vector<Agent> agents;
    while (query.executeStep()) agents.push_back(TRY(read_agent(query)));
    return agents;
  });
}

Result<void> Registry::put_agent(const Agent& agent) {
  return guarded("write agent", [&]() -> Result<void> {
    impl_->put_agent(agent);
    return {};
  });
}

Result<void> Registry::remove_agent(AgentId id) {
  return guarded("remove agent", [&]() -> Result<void> {
    SQLite::Statement remove(impl_->database, "DELETE FROM agents WHERE id = ?");
    remove.bind(1, to_string(id));
    if (remove.exec() == 0) {
      return fail(ErrorCode::NotFound, "there is no agent " + to_string(id));
    }
    return {};
  });
}

Result<Registry::LastSeen> Registry::last_seen() {
  return guarded("read when agents were seen", [&]() -> Result<LastSeen> {
    SQLite::Statement query(impl_->database,
                            "SELECT id, last_seen_us FROM agents WHERE last_seen_us IS NOT NULL");
    LastSeen seen;
    while (query.executeStep()) {
      const auto id = parse_hex(query.getColumn(0).getString());
      if (id) seen.emplace_back(AgentId{*id}, from_unix_us(query.getColumn(1).getInt64()));
    }
    return seen;
  });
}

Result<void> Registry::write_last_seen(const LastSeen& seen) {
  return guarded("write when agents were seen", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement update(impl_->database, "UPDATE agents SET last_seen_us = ? WHERE id = ?");
    for (const auto& [agent, time] : seen) {
      update.bind(1, to_unix_us(time));
      update.bind(2, to_string(agent));
      update.exec();
      update.reset();
    }
    transaction.commit();
    return {};
  });
}

Result<std::vector<AgentCertificate>> Registry::agent_certificates() {
  return guarded("read agents' certificates", [&]() -> Result<std::vector<AgentCertificate>> {
    SQLite::Statement query(impl_->database, "SELECT agent_id, sha256 FROM agent_certificates");
    std::vector<AgentCertificate> certificates;
    while (query.executeStep()) {
      const auto id = parse_hex(query.getColumn(0).getString());
      if (id) certificates.push_back({AgentId{*id}, query.getColumn(1).getString()});
    }
    return certificates;
  });
}

Result<void> Registry::set_agent_certificates(AgentId agent,
                                              const std::vector<std::string>& sha256_hex) {
  return guarded("write an agent's certificates", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    impl_->set_certificates(agent, sha256_hex);
    transaction.commit();
    return {};
  });
}

Result<void> Registry::add_join_token(const JoinTokenGrant& grant) {
  return guarded("write join token", [&]() -> Result<void> {
    SQLite::Statement insert(impl_->database, "INSERT INTO join_tokens VALUES (?, ?, ?)");
    bind_blob(insert, 1, grant.secret_sha256);
    insert.bind(2, to_unix_us(grant.expires));
    insert.bind(3, grant.uses_left);
    insert.exec();
    return {};
  });
}

Result<void> Registry::check_join_token(const std::string& secret_sha256, Timestamp now) {
  return guarded("read join token", [&]() -> Result<void> {
    SQLite::Statement query(impl_->database,
                            "SELECT 1 FROM join_tokens "
                            "WHERE secret_sha256 = ? AND expires_us > ? AND uses_left > 0");
    bind_blob(query, 1, secret_sha256);
    query.bind(2, to_unix_us(now));
    if (!query.executeStep()) return bad_token();
    return {};
  });
}

Result<void> Registry::redeem_join_token(const std::string& secret_sha256, const Agent& agent,
                                         const std::string& certificate_sha256_hex, Timestamp now) {
  return guarded("join agent", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement spend(impl_->database,
                            "UPDATE join_tokens SET uses_left = uses_left - 1 "
                            "WHERE secret_sha256 = ? AND expires_us > ? AND uses_left > 0");
    bind_blob(spend, 1, secret_sha256);
    spend.bind(2, to_unix_us(now));
    if (spend.exec() == 0) {
      return bad_token();
    }
    impl_->put_agent(agent);
    impl_->set_certificates(agent.id, {certificate_sha256_hex});
    impl_->database.exec(fmt::format(
        "DELETE FROM join_tokens WHERE uses_left <= 0 OR expires_us <= {}", to_unix_us(now)));
    transaction.commit();
    return {};
  });
}

Result<void> Registry::put_api_token(const ApiToken& token) {
  return guarded("write token", [&]() -> Result<void> {
    SQLite::Statement known(
        impl_->database,
        "SELECT 1 FROM api_tokens WHERE token_sha256 = ? AND name = ? AND role = ?");
    bind_blob(known, 1, token.sha256);
    known.bind(2, token.name);
    known.bind(3, static_cast<int>(token.role));
    if (known.executeStep()) return {};
    known.reset();
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement replaced(impl_->database, "DELETE FROM api_tokens WHERE name = ?");
    replaced.bind(1, token.name);
    replaced.exec();
    SQLite::Statement insert(
        impl_->database,
        "INSERT OR REPLACE INTO api_tokens (token_sha256, name, role, created_us, expires_us, "
        "scopes) VALUES (?, ?, ?, ?, ?, ?)");
    bind_blob(insert, 1, token.sha256);
    insert.bind(2, token.name);
    insert.bind(3, static_cast<int>(token.role));
    insert.bind(4, to_unix_us(token.created));
    if (token.expires) insert.bind(5, to_unix_us(*token.expires));
    if (token.scopes) insert.bind(6, text_of_scopes(*token.scopes));
    insert.exec();
    transaction.commit();
    return {};
  });
}

Result<std::vector<ApiToken>> Registry::api_tokens() {
  return guarded("read tokens", [&]() -> Result<std::vector<ApiToken>> {
    SQLite::Statement query(
        impl_->database,
        "SELECT name, role, token_sha256, created_us, expires_us, scopes FROM api_tokens "
        "ORDER BY name");
    std::vector<ApiToken> tokens;
    while (query.executeStep()) {
      ApiToken token{.name = query.getColumn(0).getString(),
                     .role = static_cast<Role>(query.getColumn(1).getInt()),
                     .sha256 = query.getColumn(2).getString(),
                     .created = from_unix_us(query.getColumn(3).getInt64()),
                     .expires = std::nullopt};
      if (!query.getColumn(4).isNull()) token.expires = from_unix_us(query.getColumn(4).getInt64());
      if (!query.getColumn(5).isNull()) {
        token.scopes = scopes_of_text(query.getColumn(5).getString());
      }
      tokens.push_back(std::move(token));
    }
    return tokens;
  });
}

Result<void> Registry::remove_api_token(const std::string& name) {
  return guarded("remove token", [&]() -> Result<void> {
    SQLite::Statement remove(impl_->database, "DELETE FROM api_tokens WHERE name = ?");
    remove.bind(1, name);
    if (remove.exec() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no token `{}`", name));
  });
}

Result<void> Registry::add_audit_entry(const AuditEntry& entry, std::int64_t most) {
  return guarded("write audit log", [&]() -> Result<void> {
    SQLite::Transaction transaction(impl_->database);
    SQLite::Statement insert(impl_->database,
                             "INSERT INTO audit (at_us, caller, address, method, target, "
                             "status, detail) VALUES (?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, to_unix_us(entry.at));
    insert.bind(2, entry.caller);
    insert.bind(3, entry.address);
    insert.bind(4, entry.method);
    insert.bind(5, entry.target);
    insert.bind(6, entry.status);
    insert.bind(7, entry.detail);
    insert.exec();
    SQLite::Statement prune(impl_->database, "DELETE FROM audit WHERE id <= ?");
    prune.bind(1, impl_->database.getLastInsertRowid() - most);
    prune.exec();
    transaction.commit();
    return {};
  });
}

Result<std::vector<AuditEntry>> Registry::audit_entries(std::size_t limit) {
  return guarded("read audit log", [&]() -> Result<std::vector<AuditEntry>> {
    SQLite::Statement query(impl_->database, std::string("SELECT ") + kAuditColumns +
                                                 " FROM audit ORDER BY id DESC LIMIT ?");
    query.bind(1, static_cast<std::int64_t>(limit));
    std::vector<AuditEntry> entries;
    while (query.executeStep()) entries.push_back(read_audit_entry(query));
    return entries;
  });
}

Result<std::vector<NumberedAuditEntry>> Registry::audit_entries_behind(std::int64_t number,
                                                                       std::size_t limit) {
  return guarded("read audit log", [&]() -> Result<std::vector<NumberedAuditEntry>> {
    SQLite::Statement query(impl_->database,
                            std::string("SELECT ") + kAuditColumns +
                                ", id FROM audit WHERE id > ? ORDER BY id LIMIT ?");
    query.bind(1, number);
    query.bind(2, static_cast<std::int64_t>(limit));
    std::vector<NumberedAuditEntry> entries;
    while (query.executeStep()) {
      entries.push_back({query.getColumn(7).getInt64(), read_audit_entry(query)});
    }
    return entries;
  });
}

}  // namespace lw::registry
