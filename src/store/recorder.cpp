// SPDX-License-Identifier: Apache-2.0
#include "store/recorder.h"

#include <limits>
#include <utility>
#include <vector>

#include "store/native.h"

namespace lw::store {

namespace {

std::string insert_into(const char* table, const std::vector<NativeColumn>& columns) {
  std::string sql = std::string("INSERT INTO ") + table + " (";
  for (const NativeColumn& column : columns) {
    if (!sql.ends_with('(')) sql += ", ";
    sql += column.name();
  }
  return sql + ") FORMAT Native";
}

}  // namespace

Result<void> record_tests(Client& client, std::span<const Test> tests, Timestamp valid_from) {
  if (tests.empty()) return {};
  NativeColumn id("test_id", "UInt64"), from("valid_from", "DateTime64(6, 'UTC')"),
      monitor("connection_monitor", "String"), group("test_group", "String"),
      source("source", "String"), destination("destination", "String"),
      configuration("configuration", "String"), protocol("protocol", "String"),
      port("port", "UInt16"), address("destination_address", "String"), agent("agent_id", "UInt64"),
      frequency("frequency_s", "UInt32"), disabled("disabled", "UInt8");
  for (const Test& test : tests) {
    static const TestConfiguration kNone;
    const TestConfiguration& made_by = test.configuration ? *test.configuration : kNone;
    id.add(test.id.value);
    from.add(to_unix_us(valid_from));
    monitor.add_text(test.connection_monitor);
    group.add_text(test.test_group);
    source.add_text(test.source);
    destination.add_text(test.destination);
    configuration.add_text(made_by.name);
    protocol.add_text(made_by.protocol_name());
    port.add(made_by.port().value_or(0));
    address.add_text(test.destination_address);
    agent.add(test.agent.value);
    frequency.add(static_cast<std::uint32_t>(made_by.frequency.count()));
    disabled.add(std::uint8_t{test.disabled});
  }
  const std::vector<NativeColumn> columns = {id,          from,          monitor,  group, source,
                                             destination, configuration, protocol, port,  address,
                                             agent,       frequency,     disabled};
  return client.insert(insert_into("tests", columns), native_block(columns, tests.size()));
}

Result<void> record_state_changes(Client& client, std::span<const StateChange> changes,
                                  std::uint16_t keep_days) {
  if (changes.empty()) return {};
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  NativeColumn id("test_id", "UInt64"), ts("ts", "DateTime64(6, 'UTC')"),
      keep("keep_days", "UInt16"), from("from_state", "UInt8"), to("to_state", "UInt8"),
      code("reason_code", "UInt8"), observed("reason_observed", "Float64"),
      limit("reason_limit", "Float64"), reason("reason", "String");
  for (const StateChange& change : changes) {
    id.add(change.test.value);
    ts.add(to_unix_us(change.ts));
    keep.add(keep_days);
    from.add(std::to_underlying(change.from));
    to.add(std::to_underlying(change.to));
    code.add(std::to_underlying(change.reason.code));
    observed.add(change.reason.observed.value_or(kNone));
    limit.add(change.reason.limit.value_or(kNone));
    reason.add_text(change.reason.text);
  }
  const std::vector<NativeColumn> columns = {id, ts, keep, from, to, code, observed, limit, reason};
  return client.insert(insert_into("state_changes", columns),
                       native_block(columns, changes.size()));
}

}  // namespace lw::store
