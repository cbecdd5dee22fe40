// SPDX-License-Identifier: Apache-2.0
#include "store/log_facts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/document.h"
#include "base/hash.h"
#include "store/read_rows.h"

namespace lw::store {
namespace {

/// ClickHouse's JSON formats read 64-bit numbers as text, and times as microseconds.
std::string number_text(std::uint64_t value) { return std::to_string(value); }
std::string time_text(Timestamp time) { return to_iso8601(time); }

Value texts_of(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

Value names_of(const TestFacts& facts) {
  return Value::object({{"test_id", number_text(facts.test.value)},
                        {"monitor", facts.monitor},
                        {"monitor_id", facts.monitor_id},
                        {"test_group", facts.test_group},
                        {"configuration", facts.configuration},
                        {"source", facts.source},
                        {"destination", facts.destination}});
}

Value row_of(const TestFacts& facts) {
  Value row = names_of(facts);
  row.set("source_type", facts.source_type);
  row.set("source_resource_id", facts.source_resource_id);
  row.set("source_address", facts.source_address);
  row.set("source_subnet", facts.source_subnet);
  row.set("source_ip", facts.source_ip);
  row.set("destination_type", facts.destination_type);
  row.set("destination_resource_id", facts.destination_resource_id);
  row.set("destination_address", facts.destination_address);
  row.set("destination_subnet", facts.destination_subnet);
  row.set("destination_agent_id", number_text(facts.destination_agent.value));
  row.set("agent", facts.agent);
  row.set("protocol", facts.protocol);
  row.set("port", std::int64_t{facts.port});
  row.set("frequency_s", std::int64_t{facts.frequency_s});
  if (facts.failed_threshold) row.set("failed_threshold", std::int64_t{*facts.failed_threshold});
  if (facts.rtt_threshold) row.set("rtt_threshold", *facts.rtt_threshold);
  row.set("disabled", facts.disabled ? 1 : 0);
  row.set("workspaces", texts_of(facts.workspaces));
  return row;
}

Value row_of(const AgentBeat& beat, Timestamp at, std::uint16_t keep_days) {
  Value row;
  row.set("ts", time_text(at));
  row.set("keep_days", std::int64_t{keep_days});
  row.set("agent_id", number_text(beat.agent.value));
  row.set("name", beat.name);
  row.set("version", beat.version);
  row.set("resource_id", beat.resource_id);
  row.set("addresses", texts_of(beat.addresses));
  row.set("connected_since", time_text(beat.connected_since));
  row.set("rounds_waiting", number_text(beat.rounds_waiting));
  row.set("rounds_dropped", number_text(beat.rounds_dropped));
  row.set("intervals_missed", number_text(beat.intervals_missed));
  if (beat.clock_offset) row.set("clock_offset_us", std::to_string(beat.clock_offset->count()));
  row.set("problem", beat.problem);
  row.set("path_problem", beat.path_problem);
  return row;
}

Value row_of(const AgentEvent& event, std::uint16_t keep_days) {
  Value row;
  row.set("ts", time_text(event.at));
  row.set("keep_days", std::int64_t{keep_days});
  row.set("agent_id", number_text(event.agent.value));
  row.set("name", event.name);
  row.set("kind", std::int64_t{std::to_underlying(event.kind)});
  row.set("detail", event.detail);
  if (event.count) row.set("count", std::to_string(*event.count));
  return row;
}

Value row_of(const AuditRow& entry, std::uint16_t keep_days) {
  Value row;
  row.set("ts", time_text(entry.at));
  row.set("keep_days", std::int64_t{keep_days});
  row.set("number", std::to_string(entry.number));
  row.set("caller", entry.caller);
  row.set("address", entry.address);
  row.set("method", entry.method);
  row.set("target", entry.target);
  row.set("status", std::int64_t{entry.status});
  row.set("detail", entry.detail);
  return row;
}

Value row_of(const ListenerResult& result, Timestamp at, std::uint16_t keep_days) {
  return Value::object({{"ts", time_text(at)},
                        {"keep_days", std::int64_t{keep_days}},
                        {"test_id", number_text(result.test.value)},
                        {"port", std::int64_t{result.port.port}},
                        {"outcome", static_cast<std::int64_t>(result.port.outcome)},
                        {"problem", result.port.problem}});
}

Result<void> insert_lines(Client& client, const std::string& table, std::string lines) {
  if (lines.empty()) return {};
  // The times end in "Z".
  return client.insert("INSERT INTO " + table +
                           " SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow",
                       std::move(lines));
}

}  // namespace

std::uint64_t TestFacts::hash() const { return stable_hash({to_json(row_of(*this))}); }

Result<void> record_test_facts(Client& client, std::span<const DatedFacts> rows) {
  std::string lines;
  for (const DatedFacts& dated : rows) {
    Value row = row_of(dated.facts);
    row.set("valid_from", time_text(dated.valid_from));
    row.set("hash", number_text(dated.facts.hash()));
    lines += to_json(row) + "\n";
  }
  return insert_lines(client, "test_facts", std::move(lines));
}

Result<std::unordered_map<TestId, std::uint64_t>> known_test_facts(Client& client) {
  struct Known {
    TestId test;
    std::uint64_t hash = 0;
  };
  const auto read = [](RowReader& row) {
    const TestId test{row.number<std::uint64_t>()};
    return Known{test, row.number<std::uint64_t>()};
  };
  const auto rows = TRY(rows_of<Known>(
      client, "SELECT test_id, argMax(hash, valid_from) FROM test_facts GROUP BY test_id", read));
  std::unordered_map<TestId, std::uint64_t> known;
  for (const Known& row : rows) known[row.test] = row.hash;
  return known;
}

Result<void> record_agent_beats(Client& client, std::span<const AgentBeat> beats, Timestamp at,
                                std::uint16_t keep_days) {
  std::string lines;
  for (const AgentBeat& beat : beats) lines += to_json(row_of(beat, at, keep_days)) + "\n";
  return insert_lines(client, "agent_beats", std::move(lines));
}

Result<std::vector<AgentBeat>> last_agent_beats(Client& client, Timestamp since) {
  const auto read = [](RowReader& row) {
    AgentBeat beat;
    beat.agent = AgentId{row.number<std::uint64_t>()};
    beat.name = row.text();
    beat.version = row.text();
    beat.rounds_dropped = row.number<std::uint64_t>();
    beat.intervals_missed = row.number<std::uint64_t>();
    if (row.number<std::uint8_t>() != 0)
      beat.clock_offset = Microseconds(row.number<std::int64_t>());
    else
      row.number<std::int64_t>();
    beat.problem = row.text();
    beat.path_problem = row.text();
    return beat;
  };
  return rows_of<AgentBeat>(
      client,
      "SELECT agent_id, toString(name), toString(version), rounds_dropped, intervals_missed, "
      "toUInt8(isNotNull(clock_offset_us)), ifNull(clock_offset_us, 0), problem, path_problem "
      "FROM agent_beats WHERE ts >= " +
          micro(since) + " ORDER BY ts DESC LIMIT 1 BY agent_id",
      read);
}

Result<void> record_agent_events(Client& client, std::span<const AgentEvent> events,
                                 std::uint16_t keep_days) {
  std::string lines;
  for (const AgentEvent& event : events) lines += to_json(row_of(event, keep_days)) + "\n";
  return insert_lines(client, "agent_events", std::move(lines));
}

Result<void> record_audit(Client& client, std::span<const AuditRow> rows, std::uint16_t keep_days) {
  if (rows.empty()) return {};
  const auto [first, last] = std::ranges::minmax(rows, {}, &AuditRow::at);
  using Key = std::pair<std::int64_t, std::int64_t>;
  const auto read = [](RowReader& row) {
    const auto number = row.number<std::int64_t>();
    return Key{number, row.number<std::int64_t>()};
  };
  // A server reads its whole log again after a start, and its registry may be an older copy: what
  // is there already is known by number and time.
  const auto there =
      TRY(rows_of<Key>(client,
                       "SELECT number, toUnixTimestamp64Micro(ts) FROM audit_log WHERE " +
                           within("ts", first.at, last.at + Microseconds(1)),
                       read));
  const std::set<Key> known(there.begin(), there.end());
  std::string lines;
  for (const AuditRow& entry : rows) {
    if (known.contains({entry.number, to_unix_us(entry.at)})) continue;
    lines += to_json(row_of(entry, keep_days)) + "\n";
  }
  return insert_lines(client, "audit_log", std::move(lines));
}

Result<void> record_listener_results(Client& client, std::span<const ListenerResult> results,
                                     Timestamp at, std::uint16_t keep_days) {
  std::string lines;
  for (const ListenerResult& each : results) lines += to_json(row_of(each, at, keep_days)) + "\n";
  return insert_lines(client, "listener_results", std::move(lines));
}

}  // namespace lw::store
