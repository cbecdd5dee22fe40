// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lw::kql {

/// SQL templates ($1: ticks) that write a time in a format of format_datetime ("yyyy-MM-dd HH:mm")
/// or format_timespan ("dd.hh:mm:ss"). Nothing if the format has something without meaning.
std::optional<std::string> sql_format_datetime(std::string_view format);
std::optional<std::string> sql_format_timespan(std::string_view format);

}  // namespace lw::kql
