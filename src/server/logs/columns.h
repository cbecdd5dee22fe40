// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "server/logs/log_table.h"

/// Columns that several tables have, and pieces of their SQL.
namespace lw::server::logs {

using kql::Type;

/// A DateTime64(6) as ticks.
std::string ticks_of(const std::string& time);
/// Microseconds as milliseconds; null where `condition` does not hold.
std::string ms_of(const std::string& micros, const std::string& condition);
/// A 64-bit id as the product shows it.
std::string hex_of_id(const std::string& id);
/// A string fact of the row's test, '' if it is not known.
LogColumn fact(const std::string& name, const std::string& fact, const std::string& description);
/// A column of which nothing is known: '' or null.
LogColumn unknown(const std::string& name, Type type);

/// The name of a state or a reason's code, for each number.
std::string state_name(const std::string& state);
std::string reason_name(const std::string& code);
/// The column of the row's state, and of its reason's code.
LogColumn state_column(const std::string& name, const std::string& description);
LogColumn reason_column(const std::string& name, const std::string& description);
std::string outcome_name_of(const std::string& outcome);
std::string listening_name_of(const std::string& outcome);
std::string agent_event_name_of(const std::string& kind);

LogColumn time_generated();
/// Azure's columns that tell which test a row is of.
std::vector<LogColumn> test_columns();
/// The same of its destination only.
std::vector<LogColumn> destination_columns();
/// Thresholds of the test.
std::vector<LogColumn> threshold_columns();

void append(std::vector<LogColumn>& to, std::vector<LogColumn> more);
/// Puts `column` in the place of the one of its name, which must be there.
void replace(std::vector<LogColumn>& columns, LogColumn column);

}  // namespace lw::server::logs
