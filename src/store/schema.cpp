// SPDX-License-Identifier: Apache-2.0
#include "store/schema.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "base/text.h"
#include "store/migrations.h"

namespace lw::store {

namespace {

constexpr int kUnknownDatabase = 81;

constexpr const char* kVersions = R"(CREATE TABLE IF NOT EXISTS schema_migrations
(
  version UInt32,
  name String,
  applied DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY version)";

Result<void> create_database(const Client& client) {
  ClientConfig config = client.config();
  const std::string database = std::exchange(config.database, "default");
  TRY(Client(config).query("CREATE DATABASE IF NOT EXISTS " + quote_name(database) +
                           " ENGINE = Atomic"));
  return {};
}

Result<void> prepare(Client& client) {
  auto created = client.query(kVersions);
  if (!created && client.last_error_number() == kUnknownDatabase) {
    TRY(create_database(client));
    created = client.query(kVersions);
  }
  if (!created) return std::unexpected(created.error());
  return {};
}

Result<int> applied_version(Client& client) {
  const std::string answer =
      TRY(client.query("SELECT max(version) FROM schema_migrations FORMAT TabSeparated"));
  const std::string_view text = trim(answer);
  const auto version = parse_number<int>(text);
  if (!version) {
    return fail(ErrorCode::Internal, "the store gave `" + std::string(text) + "` for its version");
  }
  return *version;
}

Result<void> apply(Client& client, const Clock& clock, const Migration& migration) {
  for (const std::string& statement : migration.statements) {
    TRY(client.query(statement));
  }
  // Last: a crash before it repeats the statements, which is harmless.
  TRY(client.query("INSERT INTO schema_migrations SELECT " + std::to_string(migration.version) +
                   ", " + quote_text(migration.name) + ", fromUnixTimestamp64Micro(" +
                   std::to_string(to_unix_us(clock.wall_now())) + ", 'UTC')"));
  return {};
}

}  // namespace

std::uint16_t keep_days_class(int days) {
  for (const std::uint16_t keep : kKeepDays) {
    if (keep >= days) return keep;
  }
  return kKeepDays.back();
}

int schema_version() { return migrations().back().version; }

Result<void> migrate(Client& client, const Clock& clock,
                     const std::function<void(std::string_view)>& progress) {
  if (auto prepared = prepare(client); !prepared) {
    return std::unexpected(prepared.error().during("prepare the store"));
  }
  const int version = TRY(applied_version(client));
  if (version > schema_version()) {
    return fail(ErrorCode::Conflict, "the store's schema has version " + std::to_string(version) +
                                         ", this program knows up to " +
                                         std::to_string(schema_version()) +
                                         "; start a newer linewatch, or name another store");
  }
  for (const Migration& migration : migrations()) {
    if (migration.version <= version) continue;
    const std::string what = "store schema " + std::to_string(migration.version) + " of " +
                             std::to_string(schema_version()) + ": " + std::string(migration.name);
    if (progress) progress(what);
    if (auto applied = apply(client, clock, migration); !applied) {
      return std::unexpected(applied.error().during(what));
    }
  }
  return {};
}

}  // namespace lw::store
