// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "model/alert.h"

namespace lw::registry {

/// A resource as its owner wrote it: an alert rule or an action group.
struct StoredResource {
  std::string name;  ///< its key (model/resource_id.h, insights_key)
  Value document;    ///< as sent; never rewritten
  std::string etag;  ///< changes with every write
  Timestamp created{};
  Timestamp updated{};
};

struct StoredAlertRule {
  StoredResource resource;
  /// End of a window that was judged, not after the last one: what came of later ones is not
  /// written, since nothing did.
  std::optional<Timestamp> evaluated;
};

/// What a receiver is to be told.
struct Notification {
  std::int64_t number = 0;  ///< given when it is written; of none other, ever
  std::string alert_id;
  std::string action_group;  ///< its key
  std::string receiver;
  std::string uri;
  std::string body;
  Timestamp created{};
};

/// An alert as it became, with the number under which it waits for the store.
struct UnsentChange {
  std::int64_t number = 0;
  Alert alert;
};

/// What follows from an evaluation, or from a rule's end: kept as a whole or not at all.
struct AlertOutcome {
  std::string rule;                         ///< its key
  std::optional<Timestamp> evaluated = {};  ///< end of the last window that was judged
  std::vector<Alert> fired = {};
  std::vector<Alert> resolved = {};
  std::vector<Notification> notifications = {};  ///< get their numbers here
  bool removes_rule = false;
};

/// The durable side of alerts: rules, action groups, what fires, and what the store and receivers
/// are still to be told. In the registry's file, by a connection of its own: Registry::open makes
/// the tables and comes first. One thread at a time; calls block on the disk for milliseconds, and
/// when a write returns it is on the disk.
class AlertRecords {
 public:
  static Result<AlertRecords> open(const std::string& path);
  AlertRecords(AlertRecords&&) noexcept;
  AlertRecords& operator=(AlertRecords&&) noexcept;
  ~AlertRecords();

  /// By name.
  Result<std::vector<StoredAlertRule>> rules();
  /// New, or in place of the one of its name, whatever its case; it keeps its time of creation.
  Result<StoredResource> put_rule(const std::string& name, const Value& document, Timestamp now);

  Result<std::vector<StoredResource>> action_groups();
  Result<StoredResource> put_action_group(const std::string& name, const Value& document,
                                          Timestamp now);
  /// NotFound if there is none.
  Result<void> remove_action_group(const std::string& name);

  /// In the order in which they began to fire.
  Result<std::vector<Alert>> firing();
  /// One transaction. Numbers the notifications, and gives the changes that wait for the store from
  /// now on.
  Result<std::vector<UnsentChange>> write(AlertOutcome& outcome);

  /// The oldest first.
  Result<std::vector<UnsentChange>> unsent_changes();
  /// The store has them.
  Result<void> forget_changes(const std::vector<std::int64_t>& numbers);
  Result<std::vector<Notification>> notifications();
  /// They were delivered, or given up.
  Result<void> forget_notifications(const std::vector<std::int64_t>& numbers);

  /// So many of each wait at most; beyond, the oldest are forgotten.
  static constexpr std::int64_t kUnsentMax = 100'000;
  static constexpr std::int64_t kNotificationsMax = 10'000;

 private:
  struct Impl;
  explicit AlertRecords(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::registry
