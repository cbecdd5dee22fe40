// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/alert_rule.h"

/// Alert rules and alerts in words. Pure.
namespace lw {

/// A dimension's name and value.
using AlertDimensionValue = std::pair<std::string, std::string>;

/// "Maximum of TestResult over 5 minutes above 2, for each SourceName and DestinationName,
/// looked at each minute."
std::string sentence_of(const AlertRule& rule);

/// "TestResult was 3 (Fail), its maximum over 5 minutes, above 2: shop, SourceName web1." All
/// conditions, each with its value.
std::string alert_sentence(const AlertRule& rule, std::span<const double> values,
                           std::string_view monitor,
                           std::span<const AlertDimensionValue> dimensions);

}  // namespace lw
