// SPDX-License-Identifier: Apache-2.0
#include "server/logs/columns.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/agent_event.h"
#include "model/listening.h"
#include "model/round.h"
#include "model/state.h"
#include "store/client.h"

namespace lw::server::logs {
namespace {

using Names = std::vector<std::pair<std::int64_t, std::string>>;

template <class Name>
Names names_up_to(int most, const Name& name) {
  Names names;
  for (int i = 0; i <= most; ++i) {
    if (std::string text = name(i); !text.empty()) names.emplace_back(i, std::move(text));
  }
  return names;
}

/// `transform(number, [0, 1 …], ['a', 'b' …], '')`, so that the engine's names are those of the
/// model.
std::string named(const std::string& number, const Names& known) {
  std::string numbers, names;
  for (const auto& [value, name] : known) {
    numbers += (numbers.empty() ? "" : ", ") + std::to_string(value);
    names += (names.empty() ? "" : ", ") + store::quote_text(name);
  }
  return fmt::format("transform({}, [{}], [{}], '')", number, numbers, names);
}

Names state_names() {
  return names_up_to(static_cast<int>(TestState::NotRunning),
                     [](int i) { return to_string(static_cast<TestState>(i)); });
}

Names reason_names() {
  static const std::vector<int> kCodes = {0, 1, 2, 3, 4, 5, 6, 10, 20, 21, 22, 23, 24};
  return names_up_to(kCodes.back(), [](int i) {
    const bool is_code = std::ranges::find(kCodes, i) != kCodes.end();
    return is_code ? to_string(static_cast<ReasonCode>(i)) : std::string();
  });
}

}  // namespace

std::string ticks_of(const std::string& time) {
  return "toInt64(toUnixTimestamp64Micro(" + time + ") * 10 + 621355968000000000)";
}

std::string ms_of(const std::string& micros, const std::string& condition) {
  return "if(" + condition + ", (" + micros + ") / 1000., NULL)";
}

std::string hex_of_id(const std::string& id) { return "lower(leftPad(hex(" + id + "), 16, '0'))"; }

LogColumn fact(const std::string& name, const std::string& fact, const std::string& description) {
  return {name, Type::String, "ifNull(toString(f." + fact + "), '')", false, fact, description};
}

LogColumn unknown(const std::string& name, Type type) {
  if (type == Type::String) return {name, type, "''"};
  return {name, type, "CAST(NULL AS Nullable(" + std::string(kql::sql_type_of(type)) + "))", true};
}

std::string state_name(const std::string& state) { return named(state, state_names()); }
std::string reason_name(const std::string& code) { return named(code, reason_names()); }

LogColumn state_column(const std::string& name, const std::string& description) {
  return {name, Type::String, state_name("r.state"), false, {}, description, state_names()};
}

LogColumn reason_column(const std::string& name, const std::string& description) {
  return {name, Type::String, reason_name("r.reason_code"), false, {}, description, reason_names()};
}

std::string outcome_name_of(const std::string& outcome) {
  return named(outcome, names_up_to(255, [](int i) {
                 const auto known = outcome_from_number(i);
                 return known ? outcome_name(*known) : std::string();
               }));
}

std::string listening_name_of(const std::string& outcome) {
  return named(outcome, names_up_to(static_cast<int>(ListeningOutcome::Failed), [](int i) {
                 return std::string(name_of(static_cast<ListeningOutcome>(i)));
               }));
}

std::string agent_event_name_of(const std::string& kind) {
  return named(kind, names_up_to(static_cast<int>(kAgentEventNames.size()) - 1, [](int i) {
                 return std::string(kAgentEventNames.at(static_cast<std::size_t>(i)));
               }));
}

LogColumn time_generated() {
  return {
      "TimeGenerated", Type::DateTime, ticks_of("r.ts"), false, {}, "When it was measured, UTC."};
}

std::vector<LogColumn> destination_columns() {
  return {
      fact("DestinationType", "destination_type", "The endpoint's type."),
      fact("DestinationResourceId", "destination_resource_id",
           "Its Azure resource id, if it has one."),
      fact("DestinationAddress", "destination_address", "The name or address that is tested."),
      fact("DestinationSubnet", "destination_subnet", "The subnet of a compound endpoint's scope."),
      {"DestinationIP",
       Type::String,
       "toString(r.address)",
       false,
       {},
       "The address that was checked."},
      fact("DestinationName", "destination", "The endpoint's name."),
      {"DestinationAgentId",
       Type::String,
       "if(ifNull(f.destination_agent_id, 0) = 0, '', " +
           hex_of_id("assumeNotNull(f.destination_agent_id)") + ")",
       false,
       {},
       "The agent on the destination, if there is one."},
      {"DestinationPort",
       Type::Int,
       "if(ifNull(f.port, 0) = 0, NULL, toInt32(f.port))",
       true,
       {},
       "The port; null if the protocol has none."},
  };
}

std::vector<LogColumn> test_columns() {
  std::vector<LogColumn> columns = {
      {"RecordId",
       Type::String,
       "concat(" + hex_of_id("r.spool_id") + ", '-', toString(r.sequence))",
       false,
       {},
       "Names the row for ever."},
      fact("ConnectionMonitorResourceId", "monitor_id", "The connection monitor's resource id."),
      fact("TestGroupName", "test_group", "The test group."),
      fact("TestConfigurationName", "configuration", "The test configuration."),
      fact("SourceType", "source_type", "The source endpoint's type."),
      fact("SourceResourceId", "source_resource_id", "Its Azure resource id, if it has one."),
      fact("SourceAddress", "source_address", "The source endpoint's address."),
      fact("SourceSubnet", "source_subnet", "The subnet of a compound endpoint's scope."),
      fact("SourceIP", "source_ip", "The agent's first address."),
      fact("SourceName", "source", "The source endpoint's name."),
      {"SourceAgentId",
       Type::String,
       hex_of_id("r.agent_id"),
       false,
       {},
       "The agent that measured."},
  };
  append(columns, destination_columns());
  append(columns, {
                      fact("Protocol", "protocol", "Icmp, Tcp, Http …"),
                      {"_ResourceId", Type::String, "lower(ifNull(f.monitor_id, ''))"},
                      {"_SubscriptionId", Type::String, "@subscription"},
                  });
  return columns;
}

std::vector<LogColumn> threshold_columns() {
  return {
      {"ChecksFailedPercentThreshold",
       Type::Int,
       "f.failed_threshold",
       true,
       {},
       "The share of failed checks beyond which the test fails; null: not set."},
      {"RoundTripTimeMsThreshold",
       Type::Real,
       "f.rtt_threshold",
       true,
       {},
       "The round-trip time beyond which the test fails; null: not set."},
  };
}

void append(std::vector<LogColumn>& to, std::vector<LogColumn> more) {
  for (LogColumn& column : more) to.push_back(std::move(column));
}

void replace(std::vector<LogColumn>& columns, LogColumn column) {
  *std::ranges::find(columns, column.name, &LogColumn::name) = std::move(column);
}

}  // namespace lw::server::logs
