// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/test_configuration.h"

namespace lw {

/// "2xx", "20x", "418", "301-304"; between 100 and 600. Nothing if it is not one of these forms.
std::optional<StatusCodeRange> parse_status_codes(std::string_view text);
/// The shortest form that parse_status_codes reads as this range.
std::string to_string(const StatusCodeRange& range);

}  // namespace lw
