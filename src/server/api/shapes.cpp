// SPDX-License-Identifier: Apache-2.0
#include "server/api/shapes.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "model/path_document.h"

namespace lw::server::api {

Value time_value(const std::optional<Timestamp>& time) {
  return time ? Value(to_iso8601(*time)) : Value();
}

Value ms_value(const std::optional<Microseconds>& duration) {
  return duration ? Value(static_cast<double>(duration->count()) / 1000.0) : Value();
}

Value reason_value(const Reason& reason) {
  Value value;
  value.set("code", to_string(reason.code));
  value.set("text", reason.text);
  value.set("observed", reason.observed ? Value(*reason.observed) : Value());
  value.set("limit", reason.limit ? Value(*reason.limit) : Value());
  return value;
}

Value test_value(const LiveTest& live, const std::string& agent_name, const LivePath* path) {
  const Test& test = live.test;
  const auto port = test.configuration->port();
  Value value;
  value.set("id", to_string(test.id));
  value.set("connectionMonitor", test.connection_monitor);
  value.set("testGroup", test.test_group);
  value.set("source", test.source);
  value.set("destination", test.destination);
  value.set("testConfiguration", test.configuration->name);
  value.set("protocol", test.configuration->protocol_name());
  value.set("port", port ? Value(static_cast<int>(*port)) : Value());
  value.set("destinationAddress", test.destination_address);
  value.set("frequencySec", std::int64_t{test.configuration->frequency.count()});
  value.set("agent", agent_name);
  value.set("state", to_string(live.verdict.state));
  value.set("reason", reason_value(live.verdict.reason));
  value.set("since", to_iso8601(live.since));
  value.set("lastRound", time_value(live.last_round));
  value.set("checksTotal", live.summary.total);
  value.set("checksFailed", live.summary.failed);
  value.set("checksFailedPercent",
            live.summary.total > 0 ? Value(live.summary.checks_failed_percent()) : Value());
  value.set("roundTripTimeMs", ms_value(live.summary.rtt_avg));
  value.set("roundTripTimeMinMs", ms_value(live.summary.rtt_min));
  value.set("roundTripTimeMaxMs", ms_value(live.summary.rtt_max));
  value.set("jitterMs", ms_value(live.summary.jitter));
  value.set("checkedAddress", live.address);
  value.set("httpStatus", live.http_status ? Value(*live.http_status) : Value());
  value.set("certificateExpires", time_value(live.certificate_expires));
  Value issues = Value::array();
  if (path != nullptr) {
    for (const PathIssue& issue : path->issues) issues.push(to_document(issue));
  }
  value.set("pathIssues", std::move(issues));
  return value;
}

namespace {

Value listening_value(const ListeningPort& port) {
  return Value::object({{"port", std::int64_t{port.port}},
                        {"outcome", std::string(name_of(port.outcome))},
                        {"problem", port.problem}});
}

}  // namespace

Value agent_value(const AgentView& view) {
  Value labels = Value::object();
  for (const auto& [key, text] : view.agent.labels) labels.set(key, text);
  Value addresses = Value::array();
  for (const std::string& address : view.agent.addresses) addresses.push(address);
  Value value;
  value.set("id", to_string(view.agent.id));
  value.set("name", view.agent.name);
  value.set("connected", view.connection.has_value());
  value.set("lastSeen", time_value(view.last_seen));
  value.set("labels", std::move(labels));
  value.set("resourceId", view.agent.resource_id);
  value.set("addresses", std::move(addresses));
  value.set("joined", to_iso8601(view.agent.joined));
  if (!view.connection) return value;
  const AgentConnection& connection = *view.connection;
  value.set("connectedSince", to_iso8601(connection.since));
  value.set("version", connection.version);
  value.set("assignmentInForce", connection.assigned_version == connection.running_version);
  value.set("roundsWaiting", connection.spool_records);
  value.set("roundsDropped", connection.rounds_dropped);
  value.set("intervalsMissed", connection.intervals_missed);
  value.set("clockOffsetMs", ms_value(connection.clock_offset));
  value.set("problem", connection.problem);
  value.set("responderConnections", connection.responder_connections);
  value.set("stampReplies", connection.stamp_replies);
  value.set("pathReportsDropped", connection.path_reports_dropped);
  value.set("pathProblem", connection.path_problem);
  Value listening = Value::array();
  for (const ListeningPort& port : connection.listening) listening.push(listening_value(port));
  value.set("listening", std::move(listening));
  if (connection.self_test) value.set("selfTest", to_document(*connection.self_test));
  return value;
}

namespace {

/// Which of two tests stands for its group: the order of roll_up, then the one that began first.
bool is_worse(const LiveTest& a, const LiveTest& b) {
  const TestState pair[] = {a.verdict.state, b.verdict.state};
  if (pair[0] != pair[1]) return roll_up(pair) == pair[0];
  return a.since < b.since;
}

}  // namespace

void StateSummary::add(const LiveTest& live) {
  states_.push_back(live.verdict.state);
  if (worst_ == nullptr || is_worse(live, *worst_)) worst_ = &live;
}

void StateSummary::write(Value& value) const {
  value.set("state", to_string(roll_up(states_)));
  value.set("reason", worst_ != nullptr ? reason_value(worst_->verdict.reason) : Value());
  value.set("worstTest", worst_ != nullptr ? Value(worst_->test.full_name()) : Value());
  value.set("tests", std::uint64_t{states_.size()});
  for (const TestState state : kTestStates) {
    std::string name = to_string(state);
    std::erase(name, ' ');
    value.set("tests" + name, std::int64_t{std::ranges::count(states_, state)});
  }
}

namespace {

/// Lists of named things are compared by name, so that an inserted one does not shift the rest.
std::string key_of(const Value& item, std::size_t index) {
  const std::string name = item.text("name");
  return name.empty() ? std::to_string(index) : name;
}

Value keyed(const Value& list) {
  Value object = Value::object();
  const auto& items = list.as_array();
  for (std::size_t i = 0; i < items.size(); ++i) object.set(key_of(items[i], i), items[i]);
  return object;
}

void collect(const Value& from, const Value& to, const std::string& path, Value& found) {
  if (from == to) return;
  if (from.is_array() && to.is_array()) {
    collect(keyed(from), keyed(to), path, found);
    return;
  }
  if (!from.is_object() || !to.is_object()) {
    found.push(Value::object({{"path", path}, {"from", from}, {"to", to}}));
    return;
  }
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& member : from.as_object()) {
    const Value* const other = to.find(member.key);
    collect(member.value, other != nullptr ? *other : Value(), below(member.key), found);
  }
  for (const auto& member : to.as_object()) {
    if (from.find(member.key) == nullptr) collect({}, member.value, below(member.key), found);
  }
}

}  // namespace

Value differences(const Value& from, const Value& to) {
  Value found = Value::array();
  collect(from, to, "", found);
  return found;
}

}  // namespace lw::server::api
