// SPDX-License-Identifier: Apache-2.0
#include "registry/schema.h"

#include <array>

namespace lw::registry {
namespace {

constexpr std::array<const char*, 8> kMigrations = {
    // 1: settings, connection monitors, agents, tokens. Times are microseconds since 1970, UTC;
    // documents and lists are JSON; secrets are kept as SHA-256 only.
    R"sql(
      CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE connection_monitors (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        document TEXT NOT NULL,
        etag TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        updated_us INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE agents (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        labels TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        addresses TEXT NOT NULL,
        joined_us INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE join_tokens (
        secret_sha256 BLOB PRIMARY KEY,
        expires_us INTEGER NOT NULL,
        uses_left INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE api_tokens (
        token_sha256 BLOB PRIMARY KEY,
        name TEXT NOT NULL,
        role INTEGER NOT NULL
      ) STRICT;
    )sql",
    // 2: when an agent was last heard of (null: never, or before this), and the certificates that
    // it may show. An agent without any joined before this and may show what the CA has signed.
    R"sql(
      ALTER TABLE agents ADD COLUMN last_seen_us INTEGER;
      CREATE TABLE agent_certificates (
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (agent_id, sha256)
      ) STRICT, WITHOUT ROWID;
    )sql",
    // 3: what Azure's interface tells of a monitor besides what its owner wrote, and the watchers
    // that hold monitors. A monitor from before this has run since it was made.
    R"sql(
      ALTER TABLE connection_monitors ADD COLUMN resource_guid TEXT NOT NULL DEFAULT '';
      ALTER TABLE connection_monitors ADD COLUMN started_us INTEGER;
      ALTER TABLE connection_monitors ADD COLUMN is_stopped INTEGER NOT NULL DEFAULT 0;
      UPDATE connection_monitors SET started_us = created_us, resource_guid = lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) ||
        '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
      CREATE TABLE network_watchers (
        resource_group TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL COLLATE NOCASE,
        location TEXT NOT NULL,
        tags TEXT NOT NULL,
        etag TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        PRIMARY KEY (resource_group, name)
      ) STRICT, WITHOUT ROWID;
    )sql",
    // 4: tokens with an end, and who changed what.
    R"sql(
      ALTER TABLE api_tokens ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE api_tokens ADD COLUMN expires_us INTEGER;
      CREATE UNIQUE INDEX api_tokens_by_name ON api_tokens (name);
      CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        caller TEXT NOT NULL,
        address TEXT NOT NULL,
        method TEXT NOT NULL,
        target TEXT NOT NULL,
        status INTEGER NOT NULL
      ) STRICT;
    )sql",
    // 5: tokens that are good for some resources only (a JSON list of ids; null: for all), and what
    // was done where the target does not say it.
    R"sql(
      ALTER TABLE api_tokens ADD COLUMN scopes TEXT;
      ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT '';
    )sql",
    // 6: places of the web UI: under names, whose owner is a token's name or nobody (everybody's),
    // and under short ids.
    R"sql(
      CREATE TABLE saved_views (
        owner TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        target TEXT NOT NULL,
        author TEXT NOT NULL,
        updated_us INTEGER NOT NULL,
        PRIMARY KEY (owner, name)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE short_links (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        target TEXT NOT NULL,
        author TEXT NOT NULL,
        created_us INTEGER NOT NULL
      ) STRICT;
    )sql",
    // 7: what people keep under a name: saved queries and workspaces (documents.h).
    R"sql(
      CREATE TABLE documents (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (kind, name)
      ) STRICT, WITHOUT ROWID;
    )sql",
    // 8: alerts: rules and action groups as sent; what fires (JSON, alert_records.cpp); and what
    // others do not have yet: changes for the store, notifications for receivers. Their numbers
    // never come again, so that one that is done cannot be taken for another.
    R"sql(
      CREATE TABLE alert_rules (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        document TEXT NOT NULL,
        etag TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        updated_us INTEGER NOT NULL,
        evaluated_us INTEGER
      ) STRICT;
      CREATE TABLE action_groups (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        document TEXT NOT NULL,
        etag TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        updated_us INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE firing_alerts (id TEXT PRIMARY KEY, alert TEXT NOT NULL) STRICT;
      CREATE TABLE alert_changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        alert TEXT NOT NULL
      ) STRICT;
      CREATE TABLE notifications (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        alert_id TEXT NOT NULL,
        action_group TEXT NOT NULL,
        receiver TEXT NOT NULL,
        uri TEXT NOT NULL,
        body TEXT NOT NULL,
        created_us INTEGER NOT NULL
      ) STRICT;
    )sql",
};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace lw::registry
