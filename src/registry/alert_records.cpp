// SPDX-License-Identifier: Apache-2.0
#include "registry/alert_records.h"

#include "base/random.h"
#include "registry/alert_document.h"
#include "registry/guarded.h"

namespace lw::registry {
namespace {

std::string fresh_etag() { return "W/\"" + random_uuid() + "\""; }

/// Of columns name, document, etag, created_us, updated_us.
Result<StoredResource> read_resource(SQLite::Statement& row) {
  return StoredResource{.name = row.getColumn(0).getString(),
                        .document = TRY(parse_json(row.getColumn(1).getString())),
                        .etag = row.getColumn(2).getString(),
                        .created = from_unix_us(row.getColumn(3).getInt64()),
                        .updated = from_unix_us(row.getColumn(4).getInt64())};
}

}  // namespace

struct AlertRecords::Impl {
  SQLite::Database database;

  explicit Impl(const std::string& path) : database(path, SQLite::OPEN_READWRITE, 5000) {
    database.exec("PRAGMA synchronous = FULL");
  }

  Result<StoredResource> put(const std::string& table, const std::string& name,
                             const Value& document, Timestamp now) {
    SQLite::Statement insert(
        database, fmt::format("INSERT INTO {} (name, document, etag, created_us, updated_us) "
                              "VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (name) DO UPDATE SET "
                              "document = excluded.document, etag = excluded.etag, updated_us = "
                              "excluded.updated_us RETURNING name, document, etag, created_us, "
                              "updated_us",
                              table));
    insert.bind(1, name);
    insert.bind(2, to_json(document));
    insert.bind(3, fresh_etag());
    insert.bind(4, to_unix_us(now));
    if (!insert.executeStep()) return fail(ErrorCode::Internal, "nothing was written");
    StoredResource stored = TRY(read_resource(insert));
    // Only then it is on the disk.
    insert.executeStep();
    return stored;
  }

  std::int64_t add_change(const Alert& alert) {
    SQLite::Statement insert(database, "INSERT INTO alert_changes (alert) VALUES (?)");
    insert.bind(1, alert_to_text(alert));
    insert.exec();
    return database.getLastInsertRowid();
  }

  void put_firing(const Alert& alert) {
    SQLite::Statement insert(database, "INSERT OR REPLACE INTO firing_alerts VALUES (?, ?)");
    insert.bind(1, alert.id);
    insert.bind(2, alert_to_text(alert));
    insert.exec();
  }

  void remove_firing(const Alert& alert) {
    SQLite::Statement remove(database, "DELETE FROM firing_alerts WHERE id = ?");
    remove.bind(1, alert.id);
    remove.exec();
  }

  void add_notification(Notification& notification) {
    SQLite::Statement insert(database,
                             "INSERT INTO notifications (alert_id, action_group, receiver, uri, "
                             "body, created_us) VALUES (?, ?, ?, ?, ?, ?)");
    insert.bind(1, notification.alert_id);
    insert.bind(2, notification.action_group);
    insert.bind(3, notification.receiver);
    insert.bind(4, notification.uri);
    insert.bind(5, notification.body);
    insert.bind(6, to_unix_us(notification.created));
    insert.exec();
    notification.number = database.getLastInsertRowid();
  }

  void keep_newest(const std::string& table, std::int64_t most) {
    SQLite::Statement prune(
        database,
        fmt::format("DELETE FROM {0} WHERE number <= (SELECT max(number) FROM {0}) - ?", table));
    prune.bind(1, most);
    prune.exec();
  }

  void write_rule_of(const AlertOutcome& outcome) {
    if (outcome.removes_rule) {
      SQLite::Statement remove(database, "DELETE FROM alert_rules WHERE name = ?");
      remove.bind(1, outcome.rule);
      remove.exec();
    } else if (outcome.evaluated) {
      SQLite::Statement update(database, "UPDATE alert_rules SET evaluated_us = ? WHERE name = ?");
      update.bind(1, to_unix_us(*outcome.evaluated));
      update.bind(2, outcome.rule);
      update.exec();
    }
  }

  void forget(const std::string& table, const std::vector<std::int64_t>& numbers) {
    SQLite::Transaction transaction(database);
    SQLite::Statement remove(database, fmt::format("DELETE FROM {} WHERE number = ?", table));
    for (const std::int64_t number : numbers) {
      remove.bind(1, number);
      remove.exec();
      remove.reset();
    }
    transaction.commit();
  }
};

AlertRecords::AlertRecords(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AlertRecords::AlertRecords(AlertRecords&&) noexcept = default;
AlertRecords& AlertRecords::operator=(AlertRecords&&) noexcept = default;
AlertRecords::~AlertRecords() = default;

Result<AlertRecords> AlertRecords::open(const std::string& path) {
  return guarded("open alerts", [&]() -> Result<AlertRecords> {
    return AlertRecords(std::make_unique<Impl>(path));
  });
}

Result<std::vector<StoredAlertRule>> AlertRecords::rules() {
  return guarded("read alert rules", [&]() -> Result<std::vector<StoredAlertRule>> {
    SQLite::Statement query(impl_->database,
                            "SELECT name, document, etag, created_us, updated_us, evaluated_us "
                            "FROM alert_rules ORDER BY name");
    std::vector<StoredAlertRule> rules;
    while (query.executeStep()) {
      StoredAlertRule rule{.resource = TRY(read_resource(query)), .evaluated = std::nullopt};
      if (!query.getColumn(5).isNull()) {
        rule.evaluated = from_unix_us(query.getColumn(5).getInt64());
      }
      rules.push_back(std::move(rule));
    }
    return rules;
  });
}

Result<StoredResource> AlertRecords::put_rule(const std::string& name, const Value& document,
                                              Timestamp now) {
  return guarded("write alert rule",
                 [&] { return impl_->put("alert_rules", name, document, now); });
}

Result<std::vector<StoredResource>> AlertRecords::action_groups() {
  return guarded("read action groups", [&]() -> Result<std::vector<StoredResource>> {
    SQLite::Statement query(impl_->database,
                            "SELECT name, document, etag, created_us, updated_us "
                            "FROM action_groups ORDER BY name");
    std::vector<StoredResource> groups;
    while (query.executeStep()) groups.push_back(TRY(read_resource(query)));
    return groups;
  });
}

Result<StoredResource> AlertRecords::put_action_group(const std::string& name,
                                                      const Value& document, Timestamp now) {
  return guarded("write action group",
                 [&] { return impl_->put("action_groups", name, document, now); });
}

Result<void> AlertRecords::remove_action_group(const std::string& name) {
  return guarded("remove action group", [&]() -> Result<void> {
    SQLite::Statement remove(impl_->database, "DELETE FROM action_groups WHERE name = ?");
    remove.bind(1, name);
    if (remove.exec() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no action group `{}`", name));
  });
}

Result<std::vector<Alert>> AlertRecords::firing() {
  return guarded("read alerts", [&]() -> Result<std::vector<Alert>> {
    SQLite::Statement query(impl_->database, "SELECT alert FROM firing_alerts ORDER BY rowid");
    std::vector<Alert> alerts;
    while (query.executeStep()) {
      alerts.push_back(TRY(alert_of_text(query.getColumn(0).getString())));
    }
    return alerts;
  });
}

Result<std::vector<UnsentChange>> AlertRecords::write(AlertOutcome& outcome) {
  return guarded("write alerts", [&]() -> Result<std::vector<UnsentChange>> {
    std::vector<UnsentChange> changes;
    SQLite::Transaction transaction(impl_->database);
    impl_->write_rule_of(outcome);
    for (const Alert& alert : outcome.fired) {
      impl_->put_firing(alert);
      changes.push_back({impl_->add_change(alert), alert});
    }
    for (const Alert& alert : outcome.resolved) {
      impl_->remove_firing(alert);
      changes.push_back({impl_->add_change(alert), alert});
    }
    for (Notification& notification : outcome.notifications) {
      impl_->add_notification(notification);
    }
    if (!changes.empty()) impl_->keep_newest("alert_changes", kUnsentMax);
    if (!outcome.notifications.empty()) impl_->keep_newest("notifications", kNotificationsMax);
    transaction.commit();
    return changes;
  });
}

Result<std::vector<UnsentChange>> AlertRecords::unsent_changes() {
  return guarded("read alerts", [&]() -> Result<std::vector<UnsentChange>> {
    SQLite::Statement query(impl_->database,
                            "SELECT number, alert FROM alert_changes ORDER BY number");
    std::vector<UnsentChange> changes;
    while (query.executeStep()) {
      changes.push_back(
          {query.getColumn(0).getInt64(), TRY(alert_of_text(query.getColumn(1).getString()))});
    }
    return changes;
  });
}

Result<void> AlertRecords::forget_changes(const std::vector<std::int64_t>& numbers) {
  return guarded("write alerts", [&]() -> Result<void> {
    impl_->forget("alert_changes", numbers);
    return {};
  });
}

Result<std::vector<Notification>> AlertRecords::notifications() {
  return guarded("read notifications", [&]() -> Result<std::vector<Notification>> {
    SQLite::Statement query(impl_->database,
                            "SELECT number, alert_id, action_group, receiver, uri, body, "
                            "created_us FROM notifications ORDER BY number");
    std::vector<Notification> notifications;
    while (query.executeStep()) {
      notifications.push_back({.number = query.getColumn(0).getInt64(),
                               .alert_id = query.getColumn(1).getString(),
                               .action_group = query.getColumn(2).getString(),
                               .receiver = query.getColumn(3).getString(),
                               .uri = query.getColumn(4).getString(),
                               .body = query.getColumn(5).getString(),
                               .created = from_unix_us(query.getColumn(6).getInt64())});
    }
    return notifications;
  });
}

Result<void> AlertRecords::forget_notifications(const std::vector<std::int64_t>& numbers) {
  return guarded("write notifications", [&]() -> Result<void> {
    impl_->forget("notifications", numbers);
    return {};
  });
}

}  // namespace lw::registry
