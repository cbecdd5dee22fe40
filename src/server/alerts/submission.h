// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "model/action_group.h"
#include "model/alert_rule.h"
#include "model/diagnostic.h"

/// The bodies by which alert rules and action groups are made, over Azure's interface and ours
/// alike. Pure.
namespace lw::server::alerts {

template <class Model>
struct Submission {
  Value document;  ///< what is kept: location, tags and properties as sent
  Model model;
  std::vector<Diagnostic> faults;  ///< it may be used if there are none
};
Submission<AlertRule> read_rule_body(const Value& body);
Submission<ActionGroup> read_group_body(const Value& body);

/// Why a rule or a group cannot have that name; nothing if it can.
std::optional<std::string> refuse_name(const std::string& name);

/// `document` with the members of `patch`'s properties, and its tags, in place of its own: what a
/// PATCH means.
Value patched(Value document, const Value& patch);

/// {"path", "message", "text"} of each.
Value fault_list(const std::vector<Diagnostic>& faults);

}  // namespace lw::server::alerts
