// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "model/alert.h"

/// What receivers are told: Azure's common alert schema for metric alerts. Pure.
namespace lw::notify {

/// What an alert's message says beside the alert.
struct AlertContext {
  std::string subscription = {};
  std::string rule_id = {};  ///< resource id
  std::string description = {};
  bool is_of_many = false;      ///< the rule may be about more than one connection monitor
  std::string monitor_id = {};  ///< resource id
  std::string link = {};        ///< a page about the alert for people; may be empty
  std::vector<std::pair<std::string, std::string>> webhook_properties = {};
  std::vector<std::pair<std::string, std::string>> custom_properties = {};
};

/// The body of a webhook: of an alert that fired, or that was resolved. Its `alertId` is the same
/// in both, so that whoever gets one twice can tell. `data.linewatch` is our addition.
Value common_alert(const Alert& alert, const AlertContext& context);

/// The alert's id among Azure's.
std::string azure_alert_id(const std::string& subscription, const std::string& id);

}  // namespace lw::notify
