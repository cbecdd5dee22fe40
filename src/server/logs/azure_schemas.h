// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lw::server::logs {

/// The columns that Azure publishes for a table, "Name:type Name:type …"; empty for other tables.
/// What nothing here measures is in our tables all the same, without values, so that queries that
/// name it run.
std::string_view published_columns(std::string_view table);

}  // namespace lw::server::logs
