// SPDX-License-Identifier: Apache-2.0
#include "store/descriptions.h"

#include <string>

#include "base/document.h"
#include "base/hash.h"
#include "base/text.h"

namespace lw::store {
namespace {

Value description(const Test& test) {
  Value row;
  row.set("connection_monitor", test.connection_monitor);
  row.set("test_group", test.test_group);
  row.set("source", test.source);
  row.set("destination", test.destination);
  row.set("configuration", test.configuration->name);
  row.set("protocol", test.configuration->protocol_name());
  row.set("port", static_cast<int>(test.configuration->port().value_or(0)));
  row.set("destination_address", test.destination_address);
  // ClickHouse's JSON formats read and write 64-bit numbers as text.
  row.set("agent_id", std::to_string(test.agent.value));
  row.set("frequency_s", std::int64_t{test.configuration->frequency.count()});
  row.set("disabled", test.disabled ? 1 : 0);
  return row;
}

}  // namespace

std::uint64_t description_hash(const Test& test) {
  return stable_hash({to_json(description(test))});
}

Result<std::unordered_map<TestId, std::uint64_t>> known_descriptions(Client& client) {
  const std::string lines = TRY(client.query(
      "SELECT toString(test_id) AS test_id, connection_monitor, test_group, source, destination, "
      "configuration, protocol, port, destination_address, toString(agent_id) AS agent_id, "
      "frequency_s, disabled FROM tests ORDER BY valid_from DESC LIMIT 1 BY test_id "
      "FORMAT JSONEachRow"));
  std::unordered_map<TestId, std::uint64_t> known;
  for (const std::string& line : split(lines, '\n')) {
    if (line.empty()) continue;
    Value row = TRY(parse_json(line));
    const TestId id{std::stoull(row.text("test_id", "0"))};
    row.erase("test_id");
    known[id] = stable_hash({to_json(row)});
  }
  return known;
}

}  // namespace lw::store
