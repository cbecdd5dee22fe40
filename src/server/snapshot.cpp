// SPDX-License-Identifier: Apache-2.0
#include "server/snapshot.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lw::server {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Milliseconds since 1970.
double ms_or_nan(const std::optional<Timestamp>& time) {
  return time ? static_cast<double>(to_unix_us(*time)) / 1000.0 : kNaN;
}
float ms_or_nan(const std::optional<Microseconds>& duration) {
  return static_cast<float>(duration ? static_cast<double>(duration->count()) / 1000.0 : kNaN);
}
float number_of(const std::optional<double>& value) {
  return static_cast<float>(value.value_or(kNaN));
}

}  // namespace

std::uint32_t Dictionary::number_of(std::string_view text) {
  if (text.empty()) return kMissing;
  if (last_ != kMissing && texts_[last_] == text) return last_;
  const auto known = numbers_.find(text);
  if (known != numbers_.end()) return last_ = known->second;
  last_ = static_cast<std::uint32_t>(texts_.size());
  numbers_.emplace(texts_.emplace_back(text), last_);
  return last_;
}

void SnapshotNames::add(const TestNames& names) {
  ids.push_back(names.id.value);
  monitor.add(names.monitor);
  group.add(names.group);
  source.add(names.source);
  destination.add(names.destination);
  configuration.add(names.configuration);
  address.add(names.address);
  agent.add(names.agent);
  protocol.add(names.protocol);
  agent_addresses.emplace_back(names.agent_address);
  port.push_back(names.port);
  frequency_s.push_back(names.frequency_s);
}

void Snapshot::reserve(std::size_t rows) {
  for (auto* column :
       {&observed, &limit, &checks_failed_percent, &rtt, &rtt_min, &rtt_max, &jitter}) {
    column->reserve(rows);
  }
  for (auto* column : {&since, &last_round, &certificate_expires}) column->reserve(rows);
  for (auto* column : {&state, &reason_code, &path_issue, &alert}) column->reserve(rows);
  http_status.reserve(rows);
  checked_address.reserve(rows);
  source_address.reserve(rows);
}

void Snapshot::add(const TestMoment& moment) {
  // The number of the state in kTestStates, which is the order of the column's dictionary.
  state.push_back(static_cast<std::uint8_t>(std::ranges::find(kTestStates, moment.state) -
                                            kTestStates.begin()));
  reason_code.push_back(static_cast<std::uint8_t>(moment.reason.code));
  observed.push_back(number_of(moment.reason.observed));
  limit.push_back(number_of(moment.reason.limit));
  since.push_back(ms_or_nan(moment.since));
  last_round.push_back(ms_or_nan(moment.last_round));
  checks_failed_percent.push_back(number_of(moment.checks_failed_percent));
  rtt.push_back(ms_or_nan(moment.rtt_avg));
  rtt_min.push_back(ms_or_nan(moment.rtt_min));
  rtt_max.push_back(ms_or_nan(moment.rtt_max));
  jitter.push_back(ms_or_nan(moment.jitter));
  http_status.push_back(static_cast<std::uint16_t>(moment.http_status.value_or(0)));
  certificate_expires.push_back(ms_or_nan(moment.certificate_expires));
  checked_address.emplace_back(moment.checked_address);
  source_address.push_back(moment.source_address);
  path_issue.push_back(moment.path_issue ? static_cast<std::uint8_t>(*moment.path_issue)
                                         : kNoIssue);
  alert.push_back(moment.alert);
}

namespace {

TextColumn pick(const TextColumn& column, const std::vector<std::size_t>& rows) {
  TextColumn picked;
  for (const std::size_t row : rows) {
    const std::uint32_t number = column.numbers[row];
    picked.add(number == Dictionary::kMissing ? std::string_view()
                                              : column.dictionary.texts()[number]);
  }
  return picked;
}

template <class T>
std::vector<T> pick(const std::vector<T>& column, const std::vector<std::size_t>& rows) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(column[row]);
  return picked;
}

}  // namespace

SnapshotNames select(const SnapshotNames& names, const std::vector<std::size_t>& rows) {
  SnapshotNames part;
  part.ids = pick(names.ids, rows);
  part.monitor = pick(names.monitor, rows);
  part.group = pick(names.group, rows);
  part.source = pick(names.source, rows);
  part.destination = pick(names.destination, rows);
  part.configuration = pick(names.configuration, rows);
  part.address = pick(names.address, rows);
  part.agent = pick(names.agent, rows);
  part.protocol = pick(names.protocol, rows);
  part.agent_addresses = pick(names.agent_addresses, rows);
  part.port = pick(names.port, rows);
  part.frequency_s = pick(names.frequency_s, rows);
  return part;
}

Snapshot select(const Snapshot& snapshot, const std::vector<std::size_t>& rows) {
  Snapshot part;
  part.at = snapshot.at;
  part.is_live = snapshot.is_live;
  part.revision = snapshot.revision;
  part.names = std::make_shared<const SnapshotNames>(select(*snapshot.names, rows));
  part.state = pick(snapshot.state, rows);
  part.reason_code = pick(snapshot.reason_code, rows);
  part.observed = pick(snapshot.observed, rows);
  part.limit = pick(snapshot.limit, rows);
  part.checks_failed_percent = pick(snapshot.checks_failed_percent, rows);
  part.rtt = pick(snapshot.rtt, rows);
  part.rtt_min = pick(snapshot.rtt_min, rows);
  part.rtt_max = pick(snapshot.rtt_max, rows);
  part.jitter = pick(snapshot.jitter, rows);
  part.since = pick(snapshot.since, rows);
  part.last_round = pick(snapshot.last_round, rows);
  part.certificate_expires = pick(snapshot.certificate_expires, rows);
  part.http_status = pick(snapshot.http_status, rows);
  part.checked_address = pick(snapshot.checked_address, rows);
  part.source_address = pick(snapshot.source_address, rows);
  part.path_issue = pick(snapshot.path_issue, rows);
  part.alert = pick(snapshot.alert, rows);
  return part;
}

}  // namespace lw::server
