// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "model/diagnostic.h"

namespace lw {

/// An address that is told of alerts by HTTP.
struct Webhook {
  std::string name;
  std::string uri;
  bool operator==(const Webhook&) const = default;
};

/// Who is told of alerts.
struct ActionGroup {
  std::string short_name;
  bool is_enabled = true;
  std::vector<Webhook> webhooks;
  /// Sentences: receivers that are kept and told nothing.
  std::vector<std::string> not_served;
  bool operator==(const ActionGroup&) const = default;
};

struct ActionGroupRead {
  ActionGroup group;
  std::vector<Diagnostic> faults;  ///< the group may be used if there are none
};
/// Reads `properties` of a Microsoft.Insights/actionGroups resource, strictly as far as it is
/// served. `path` stands before the paths of faults. Pure.
ActionGroupRead read_action_group(const Value& properties, const std::string& path);

/// "https://chat.example.org/…": of a web address what may be shown to those who may not change
/// it. What comes after the host is often a secret by which anybody can call it, and so is a user
/// before it.
std::string masked_address(std::string_view uri);
/// The document with each web address in it so.
Value with_masked_addresses(const Value& document);

}  // namespace lw
