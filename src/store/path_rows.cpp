// SPDX-License-Identifier: Apache-2.0
#include "store/path_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "model/path_document.h"
#include "store/native.h"

namespace lw::store {

namespace {

constexpr std::uint32_t kNotMeasured = std::numeric_limits<std::uint32_t>::max();

constexpr std::array<std::pair<const char*, const char*>, 35> kPathColumns = {{
    {"test_id", "UInt64"},
    {"ts", "DateTime64(6, 'UTC')"},
    {"path_index", "UInt8"},
    {"agent_id", "UInt64"},
    {"spool_id", "UInt64"},
    {"sequence", "UInt64"},
    {"keep_days", "UInt16"},
    {"from_ts", "DateTime64(6, 'UTC')"},
    {"cause", "UInt8"},
    {"protocol", "UInt8"},
    {"source", "String"},
    {"destination", "String"},
    {"port", "UInt16"},
    {"traces", "UInt32"},
    {"path_id", "UInt64"},
    {"flows", "Array(UInt16)"},
    {"reached", "UInt8"},
    {"path_mtu", "UInt32"},
    {"hop_ttl", "Array(UInt8)"},
    {"hop_address", "Array(String)"},
    {"hop_name", "Array(String)"},
    {"hop_sent", "Array(UInt32)"},
    {"hop_answered", "Array(UInt32)"},
    {"hop_rtt_low", "Array(UInt32)"},
    {"hop_rtt_median", "Array(UInt32)"},
    {"hop_rtt_max", "Array(UInt32)"},
    {"hop_added", "Array(UInt32)"},
    {"hop_loss", "Array(Float32)"},
    {"hop_loss_low", "Array(Float32)"},
    {"hop_loss_high", "Array(Float32)"},
    {"hop_labels", "Array(UInt32)"},
    {"issue_kinds", "Array(String)"},
    {"issue_texts", "Array(String)"},
    {"changes", "Array(String)"},
    {"report", "String"},
}};

std::uint32_t to_u32(const std::optional<Microseconds>& duration) {
  if (!duration) return kNotMeasured;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration->count(), 0, std::int64_t{kNotMeasured} - 1));
}

/// One list with an element for each hop.
template <class Of>
auto each_hop(const Path& path, Of of) {
  std::vector<decltype(of(std::declval<const PathHop&>()))> values;
  values.reserve(path.hops.size());
  for (const PathHop& hop : path.hops) values.push_back(of(hop));
  return values;
}

void add_hops(NativeRow& row, const Path& path) {
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return hop.ttl; }));
  row.next().add_texts(each_hop(path, [](const PathHop& hop) {
    return hop.address ? to_string(*hop.address) : std::string();
  }));
  row.next().add_texts(each_hop(path, [](const PathHop& hop) { return hop.name; }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return hop.sent; }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return hop.answered; }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return to_u32(hop.rtt_low); }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return to_u32(hop.rtt_median); }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return to_u32(hop.rtt_max); }));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return to_u32(hop.added); }));
  const auto share = [&](double Share::*part) {
    return each_hop(
        path, [&](const PathHop& hop) { return static_cast<float>(hop.forwarding_loss.*part); });
  };
  row.next().add_array(share(&Share::value));
  row.next().add_array(share(&Share::low));
  row.next().add_array(share(&Share::high));
  row.next().add_array(each_hop(path, [](const PathHop& hop) { return hop.labels; }));
}

void add_of_report(NativeRow& row, const PathReport& report, bool is_first) {
  std::vector<std::string> kinds;
  std::vector<std::string> texts;
  if (is_first) {
    for (const PathIssue& issue : report.issues) {
      kinds.push_back(to_string(issue.kind));
      texts.push_back(issue.text);
    }
  }
  row.next().add_texts(kinds);
  row.next().add_texts(texts);
  row.next().add_texts(is_first ? report.changes : std::vector<std::string>());
  row.next().add_text(is_first ? encode_path_report(report) : std::string());
}

void add_row(std::vector<NativeColumn>& columns, const StoredPathReport& stored, const Path& path,
             std::size_t index) {
  const PathReport& report = stored.report;
  NativeRow row(columns);
  row.next().add(report.test.value);
  row.next().add(to_unix_us(report.to));
  row.next().add(static_cast<std::uint8_t>(std::min<std::size_t>(index, 255)));
  row.next().add(stored.origin.agent.value);
  row.next().add(stored.origin.spool.value);
  row.next().add(stored.origin.sequence);
  row.next().add(stored.keep_days);
  row.next().add(to_unix_us(report.from));
  row.next().add(std::to_underlying(report.cause));
  row.next().add(std::to_underlying(report.protocol));
  row.next().add_text(to_string(report.source));
  row.next().add_text(to_string(report.destination));
  row.next().add(report.port);
  row.next().add(report.traces);
  row.next().add(path.id.value);
  row.next().add_array(path.flows);
  row.next().add(std::uint8_t{path.is_reached});
  row.next().add(report.mtu ? report.mtu->path_mtu.value_or(0) : 0);
  add_hops(row, path);
  add_of_report(row, report, index == 0);
}

}  // namespace

PathBlock encode_paths(std::span<const StoredPathReport> reports) {
  std::vector<NativeColumn> columns;
  PathBlock block{.sql = "INSERT INTO paths (", .bytes = {}};
  for (const auto& [name, type] : kPathColumns) {
    columns.emplace_back(name, type);
    if (columns.size() > 1) block.sql += ", ";
    block.sql += name;
  }
  block.sql += ") FORMAT Native";
  static const Path kNone;
  for (const StoredPathReport& stored : reports) {
    std::size_t index = 0;
    for (const Path& path : stored.report.paths) add_row(columns, stored, path, index++);
    if (index == 0) add_row(columns, stored, kNone, index++);
    block.rows += index;
  }
  block.bytes = native_block(columns, block.rows);
  return block;
}

}  // namespace lw::store
