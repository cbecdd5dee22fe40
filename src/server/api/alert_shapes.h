// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/document.h"
#include "server/alerts/alerts.h"
#include "server/control.h"

/// The JSON shapes of alerts, rules and action groups (api/openapi.yaml). On the control thread
/// where Control or Alerts are asked.
namespace lw::server::api {

/// `test_count` where the alert does not have all of its tests.
Value alert_value(const Alert& alert, const std::string& subscription, std::uint64_t test_count);
Value dimension_list(std::span<const std::pair<std::string, std::string>> dimensions);
Value text_list(std::span<const std::string> texts);
/// The connection monitors that a rule can be about now.
std::vector<std::string> monitors_in(const Control& control, const AlertRule& rule,
                                     const TokenScope& scope);
Value rule_value(const Control& control, const alerts::Alerts& alerts, const alerts::Rule& rule);

}  // namespace lw::server::api
