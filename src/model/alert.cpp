// SPDX-License-Identifier: Apache-2.0
#include "model/alert.h"

#include <array>

namespace lw {
namespace {

constexpr std::array<std::string_view, 6> kAlertEnds{"NoBreach", "RuleChanged", "RuleDisabled",
                                                     "RuleGone", "TestsGone",   "Hand"};

}  // namespace

std::string_view to_text(AlertEnd end) { return kAlertEnds.at(static_cast<std::size_t>(end)); }

std::optional<AlertEnd> parse_alert_end(std::string_view text) {
  for (std::size_t i = 0; i < kAlertEnds.size(); ++i) {
    if (kAlertEnds.at(i) == text) return static_cast<AlertEnd>(i);
  }
  return std::nullopt;
}

}  // namespace lw
