// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/resource_id.h"
#include "server/alerts/alerts.h"
#include "server/token_scope.h"

/// What callers with a scope see of alerts. Pure.
namespace lw::server::alerts {

/// A rule is seen, and changed, by who sees all monitors that it can be about.
inline bool is_covered(const TokenScope& scope, const Rule& rule) {
  return scope.covers_scope(rule.scope);
}
inline bool is_covered(const TokenScope& scope, const Alert& alert) {
  return scope.covers_monitor(alert.monitor);
}
/// An action group belongs to its resource group as a whole.
inline bool covers_group_of(const TokenScope& scope, std::string_view group_key) {
  return scope.covers_group(insights_place_of(group_key).resource_group);
}

/// Addresses to call are often secrets; who may not change them sees their hosts only.
inline bool sees_addresses(registry::Role role) { return role != registry::Role::Reader; }

}  // namespace lw::server::alerts
