// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/logs/log_table.h"

namespace lw::server::logs {

/// Ticks of an ISO 8601 duration: "PT1H", "P1D", "P1M" (30 days), "P1Y" (365 days), "P1W".
std::optional<std::int64_t> parse_duration(std::string_view text);

/// A request's timespan: "PT12H" (up to `now`), "start/end", "start/duration" or "duration/end".
/// Empty: all of time.
std::optional<TickSpan> parse_timespan(std::string_view text, std::int64_t now);

/// What is in both.
TickSpan intersect(const TickSpan& a, const TickSpan& b);

}  // namespace lw::server::logs
