// SPDX-License-Identifier: Apache-2.0
// How a snapshot is sent: in binary columns or in JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <span>
#include <type_traits>
#include <variant>

#include "base/document.h"
#include "base/ids.h"
#include "server/snapshot.h"

namespace lw::server {
namespace {

using Numbers = std::variant<std::span<const std::uint8_t>, std::span<const std::uint16_t>,
                             std::span<const std::uint32_t>, std::span<const std::uint64_t>,
                             std::span<const float>, std::span<const double>>;

struct Column {
  std::string_view name;
  Numbers values;
  const std::deque<std::string>* dictionary = nullptr;
};

// The name of each of Numbers' alternatives.
constexpr std::array<std::string_view, 6> kTypes = {"u8", "u16", "u32", "u64", "f32", "f64"};

std::string_view type_of(const Column& column) { return kTypes.at(column.values.index()); }

std::size_t bytes_of(const Column& column) {
  return std::visit([](const auto& values) { return values.size_bytes(); }, column.values);
}

/// Columns that are made while encoding; the others are the snapshot's own.
struct Made {
  TextColumn source_address, checked_address;
  std::deque<std::string> states, reasons, issues;
  std::vector<std::uint8_t> reason, protocol;
  std::vector<std::uint32_t> issue;
};

/// Numbers each value by the order in which it comes.
template <class Number, class Name>
void number_codes(const std::vector<std::uint8_t>& codes, std::vector<Number>& numbers,
                  std::deque<std::string>& dictionary, const Name& name_of) {
  constexpr int kUnseen = -1;
  std::array<int, 256> known;
  known.fill(kUnseen);
  numbers.reserve(codes.size());
  for (const std::uint8_t code : codes) {
    int& number = known.at(code);
    if (number == kUnseen) {
      number = static_cast<int>(dictionary.size());
      dictionary.push_back(name_of(code));
    }
    numbers.push_back(static_cast<Number>(number));
  }
}

void number_issues(const Snapshot& snapshot, Made& made) {
  std::array<std::uint32_t, 256> known;
  known.fill(Dictionary::kMissing);
  made.issue.reserve(snapshot.path_issue.size());
  for (const std::uint8_t code : snapshot.path_issue) {
    if (code != Snapshot::kNoIssue && known.at(code) == Dictionary::kMissing) {
      known.at(code) = static_cast<std::uint32_t>(made.issues.size());
      made.issues.push_back(to_string(static_cast<PathIssueKind>(code)));
    }
    made.issue.push_back(known.at(code));
  }
}

void add_addresses(const Snapshot& snapshot, Made& made) {
  for (std::size_t row = 0; row < snapshot.checked_address.size(); ++row) {
    made.checked_address.add(snapshot.checked_address[row]);
    const auto& known = snapshot.source_address[row];
    made.source_address.add(known ? to_string(*known) : snapshot.names->agent_addresses[row]);
  }
}

Made make_columns(const Snapshot& snapshot) {
  Made made;
  for (const TestState state : kTestStates) made.states.push_back(to_string(state));
  number_codes(snapshot.reason_code, made.reason, made.reasons,
               [](std::uint8_t code) { return to_string(static_cast<ReasonCode>(code)); });
  number_issues(snapshot, made);
  add_addresses(snapshot, made);
  made.protocol.reserve(snapshot.names->protocol.numbers.size());
  for (const std::uint32_t number : snapshot.names->protocol.numbers) {
    made.protocol.push_back(static_cast<std::uint8_t>(number));
  }
  return made;
}

Column text_column(std::string_view name, const TextColumn& column) {
  return {name, std::span(column.numbers), &column.dictionary.texts()};
}

std::vector<Column> columns_of(const Snapshot& snapshot, const Made& made) {
  const SnapshotNames& names = *snapshot.names;
  return {{"id", std::span(names.ids)},
          text_column("monitor", names.monitor),
          text_column("group", names.group),
          text_column("source", names.source),
          text_column("destination", names.destination),
          text_column("configuration", names.configuration),
          text_column("address", names.address),
          text_column("agent", names.agent),
          text_column("sourceAddress", made.source_address),
          text_column("checkedAddress", made.checked_address),
          {"protocol", std::span(made.protocol), &names.protocol.dictionary.texts()},
          {"port", std::span(names.port)},
          {"frequencySec", std::span(names.frequency_s)},
          {"state", std::span(snapshot.state), &made.states},
          {"reasonCode", std::span(made.reason), &made.reasons},
          {"observed", std::span(snapshot.observed)},
          {"limit", std::span(snapshot.limit)},
          {"since", std::span(snapshot.since)},
          {"lastRound", std::span(snapshot.last_round)},
          {"checksFailedPercent", std::span(snapshot.checks_failed_percent)},
          {"rttMs", std::span(snapshot.rtt)},
          {"rttMinMs", std::span(snapshot.rtt_min)},
          {"rttMaxMs", std::span(snapshot.rtt_max)},
          {"jitterMs", std::span(snapshot.jitter)},
          {"httpStatus", std::span(snapshot.http_status)},
          {"certificateExpires", std::span(snapshot.certificate_expires)},
          {"pathIssue", std::span(made.issue), &made.issues},
          {"alert", std::span(snapshot.alert)}};
}

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

std::string json_text(const std::string& text) { return to_json(Value(text)); }

void append_dictionary(std::string& out, const std::deque<std::string>& texts) {
  out += ",\"dictionary\":[";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    out += json_text(texts[i]);
  }
  out += ']';
}

std::string number_or_null(double value) {
  return std::isnan(value) ? "null" : fmt::format("{}", value);
}

void append_whole(std::string& out, const SnapshotWhole& whole) {
  out += fmt::format(R"("of":{},"states":[{}],"alerts":[{}],"monitors":[)", whole.rows,
                     fmt::join(whole.states, ","), fmt::join(whole.alerts, ","));
  for (const MonitorSummary& monitor : whole.monitors) {
    if (!out.ends_with('[')) out += ',';
    out += fmt::format(
        R"({{"name":{},"states":[{}],"alert":{},"worst":{},"rttMs":{},"checksFailedPercent":{}}})",
        json_text(monitor.name), fmt::join(monitor.states, ","), monitor.alert, monitor.worst,
        number_or_null(monitor.rtt_ms), number_or_null(monitor.checks_failed_percent));
  }
  out += "],";
}

std::string head_of(const Snapshot& snapshot) {
  std::string out =
      fmt::format(R"({{"rows":{},"at":"{}","live":{},"revision":"{}",)", snapshot.names->ids.size(),
                  to_iso8601(snapshot.at), snapshot.is_live, snapshot.revision);
  if (snapshot.whole) append_whole(out, *snapshot.whole);
  return out + R"("columns":[)";
}

std::string header_of(const Snapshot& snapshot, const std::vector<Column>& columns) {
  std::string out = head_of(snapshot);
  std::size_t offset = 0;
  for (const Column& column : columns) {
    if (!out.ends_with('[')) out += ',';
    out += fmt::format(R"({{"name":"{}","type":"{}","offset":{})", column.name, type_of(column),
                       offset);
    if (column.dictionary != nullptr) append_dictionary(out, *column.dictionary);
    out += '}';
    offset += padded(bytes_of(column));
  }
  return out + "]}";
}

template <class Number>
void append_value(std::string& out, const Column& column, Number value) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(value)) {
      out += "null";
      return;
    }
  } else if constexpr (std::is_same_v<Number, std::uint32_t>) {
    if (column.dictionary != nullptr && value == Dictionary::kMissing) {
      out += "null";
      return;
    }
  }
  if constexpr (std::is_same_v<Number, std::uint64_t>) {
    // More than a double holds, so no number in JSON.
    out += '"' + to_hex(value) + '"';
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

}  // namespace

std::string encode_binary(const Snapshot& snapshot) {
  const Made made = make_columns(snapshot);
  const std::vector<Column> columns = columns_of(snapshot, made);
  const std::string header = header_of(snapshot, columns);
  std::size_t size = 8 + header.size();
  for (const Column& column : columns) size += padded(bytes_of(column)) + 8;
  std::string out;
  out.reserve(size);
  out += "LWS1";
  const auto length = static_cast<std::uint32_t>(header.size());
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out += header;
  out.resize(padded(out.size()));
  for (const Column& column : columns) {
    std::visit(
        [&](const auto& values) {
          out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
        },
        column.values);
    // What comes before is padded already, so this pads to the next column's offset.
    out.resize(padded(out.size()));
  }
  return out;
}

std::string encode_json(const Snapshot& snapshot) {
  const Made made = make_columns(snapshot);
  std::string out = head_of(snapshot);
  bool is_first = true;
  for (const Column& column : columns_of(snapshot, made)) {
    if (!std::exchange(is_first, false)) out += ',';
    out += fmt::format(R"({{"name":"{}","type":"{}")", column.name, type_of(column));
    if (column.dictionary != nullptr) append_dictionary(out, *column.dictionary);
    out += ",\"values\":[";
    std::visit(
        [&](const auto& values) {
          for (std::size_t row = 0; row < values.size(); ++row) {
            if (row > 0) out += ',';
            append_value(out, column, values[row]);
          }
        },
        column.values);
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace lw::server
