// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <span>

#include "base/document.h"
#include "model/object_reader.h"
#include "scenarios/scenario.h"
#include "simnet/network_reader.h"
#include "simnet/node_reader.h"

namespace lw::scenarios {
namespace {

constexpr int kIssueKinds = 9;
constexpr int kLabels = 13;

void read_seconds(ObjectReader& reader, std::string_view key, Seconds& time) {
  if (const auto value = reader.number(key, 0)) time = Seconds(std::llround(*value));
}

std::optional<Range> read_span(ObjectReader& reader, std::string_view key, Diagnostics& faults) {
  const std::vector<Place> items = reader.list(key);
  if (items.empty()) return std::nullopt;
  if (items.size() == 2 && items[0].value->is_number() && items[1].value->is_number()) {
    return Range{items[0].value->as_number(), items[1].value->as_number()};
  }
  faults.add(items[0].value->location(), items[0].path, "write [LOW, HIGH]");
  return std::nullopt;
}

std::vector<std::string> issue_names() {
  std::vector<std::string> names;
  for (int i = 0; i < kIssueKinds; ++i) {
    names.push_back(to_string(static_cast<PathIssueKind>(i)));
  }
  return names;
}

std::vector<std::string> label_names() {
  std::vector<std::string> names;
  for (int i = 0; i < kLabels; ++i) names.push_back(to_string(static_cast<HopLabel>(1U << i)));
  return names;
}

TraceSettings read_trace(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  TraceSettings trace;
  trace.to = reader.required_text("to", "name the node that is traced");
  trace.families.clear();
  for (const Place& item : lab::one_or_more(reader, "families")) {
    trace.families.push_back(item.value->is_int() && item.value->as_int() == 6);
  }
  if (trace.families.empty()) trace.families = {false};
  trace.protocols.clear();
  for (const Place& item : lab::one_or_more(reader, "protocols")) {
    const auto protocol = parse_trace_protocol(item_text(item, faults));
    if (protocol) trace.protocols.push_back(*protocol);
    if (!protocol) faults.add(item.value->location(), item.path, "write icmp, udp or tcp");
  }
  if (trace.protocols.empty()) trace.protocols = {TraceProtocol::Icmp};
  const auto number = [&](std::string_view key, int low, int high, int otherwise) {
    return static_cast<int>(reader.integer(key, low, high).value_or(otherwise));
  };
  trace.tcp_port = static_cast<std::uint16_t>(number("tcp_port", 1, 65'535, trace.tcp_port));
  trace.udp_port = static_cast<std::uint16_t>(number("udp_port", 1, 65'535, trace.udp_port));
  trace.dscp = number("dscp", 0, 63, 0);
  trace.flows = number("flows", 1, 256, 1);
  read_seconds(reader, "for_s", trace.duration);
  trace.first_seed = number("first_seed", 0, 1'000'000, 0);
  trace.seeds = number("seeds", 1, 1'000, 1);
  trace.found_min = number("found_min", 0, 1'000, trace.seeds);
  trace.near_min = number("near_min", 0, 1'000, 0);
  trace.wrong_max = number("wrong_max", 0, 1'000, 0);
  trace.checks = reader.flag("checks").value_or(false);
  trace.spare_routers = reader.flag("spare_routers").value_or(true);
  trace.discover = reader.flag("discover").value_or(false);
  reader.finish();
  return trace;
}

ExpectedIssue read_issue(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kKinds = issue_names();
  ObjectReader reader(place, faults);
  ExpectedIssue issue;
  (void)reader.required_text("kind", "write ForwardingLoss or another kind of model/path.h");
  if (const auto kind = reader.choice("kind", kKinds)) {
    issue.kind = static_cast<PathIssueKind>(*kind);
  }
  issue.from = reader.text("from");
  issue.to = reader.text("to");
  read_seconds(reader, "since_s", issue.since);
  read_seconds(reader, "by_s", issue.by);
  read_seconds(reader, "until_s", issue.until);
  issue.links_max = static_cast<int>(reader.integer("links_max", 1, 255).value_or(1));
  issue.loss = read_span(reader, "loss", faults);
  issue.added_ms = read_span(reader, "added_ms", faults);
  if (reader.has("text")) issue.text = reader.text("text");
  issue.may_be_missing = reader.flag("may_be_missing").value_or(false);
  reader.finish();
  return issue;
}

HopExpectation read_hop(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kKnown = label_names();
  ObjectReader reader(place, faults);
  HopExpectation hop;
  hop.node = reader.required_text("node", "name it");
  if (reader.has("labels")) hop.labels.emplace();
  for (const Place& item : lab::one_or_more(reader, "labels")) {
    hop.labels->push_back(item_text(item, faults));
    if (std::ranges::find(kKnown, hop.labels->back()) == kKnown.end()) {
      faults.add(item.value->location(), item.path, "is no label of model/path.h");
    }
  }
  lab::read_count(reader, "icmp_type", 255, hop.icmp_type);
  lab::read_count(reader, "icmp_code", 255, hop.icmp_code);
  lab::read_count(reader, "reply_ttl", 255, hop.reply_ttl);
  hop.added_ms = read_span(reader, "added_ms", faults);
  for (const Place& item : lab::one_or_more(reader, "mpls")) {
    if (item.value->is_int()) hop.mpls.push_back(static_cast<std::uint32_t>(item.value->as_int()));
  }
  reader.finish();
  return hop;
}

std::vector<std::string> read_hops_of_path(const Place& place, Diagnostics& faults) {
  std::vector<std::string> hops;
  if (!place.value->is_array()) {
    faults.add(place.value->location(), place.path, "write a list of nodes, \"-\" for silence");
    return hops;
  }
  for (std::size_t i = 0; i < place.value->as_array().size(); ++i) {
    hops.push_back(item_text(place.item(i), faults));
  }
  return hops;
}

Checkpoint read_checkpoint(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  Checkpoint point;
  if (reader.has("at_s")) read_seconds(reader, "at_s", point.at.emplace());
  if (reader.has("paths")) point.paths.emplace();
  for (const Place& item : reader.list("paths")) {
    point.paths->push_back(read_hops_of_path(item, faults));
  }
  lab::read_count(reader, "paths_min", 256, point.paths_min);
  point.reached = reader.flag("reached");
  for (const Place& item : reader.list("hops")) point.hops.push_back(read_hop(item, faults));
  reader.finish();
  return point;
}

ExpectedMtu read_mtu(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kVerdicts{"Unknown", "Full", "Told", "BlackHole",
                                                  "NoAnswer"};
  ObjectReader reader(place, faults);
  ExpectedMtu mtu;
  (void)reader.required_text("verdict", "write Full, Told or BlackHole");
  if (const auto verdict = reader.choice("verdict", kVerdicts)) {
    mtu.verdict = static_cast<trace::PathMtuVerdict>(*verdict);
  }
  mtu.path_mtu = static_cast<int>(reader.integer("path_mtu", 0, 65'535).value_or(0));
  mtu.told_by = reader.text("told_by");
  mtu.from = reader.text("from");
  reader.finish();
  return mtu;
}

void read_members(const Place& place, Scenario& scenario, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  scenario.description = reader.required_text("description", "say what this is about");
  reader.ignore("network");  // Read by its own reader.
  if (const auto trace = reader.object("trace")) {
    scenario.trace = read_trace(*trace, faults);
  } else {
    reader.fault("trace", "`trace` is missing; write trace: {to: NODE}");
  }
  for (const Place& item : lab::one_or_more(reader, "expect")) {
    scenario.checkpoints.push_back(read_checkpoint(item, faults));
  }
  for (const Place& item : reader.list("issues")) {
    scenario.issues.push_back(read_issue(item, faults));
  }
  scenario.changes = reader.texts("changes");
  if (const auto mtu = reader.object("mtu")) scenario.mtu = read_mtu(*mtu, faults);
  scenario.no_changes = reader.flag("no_changes").value_or(false);
  for (const Place& item : lab::one_or_more(reader, "per_packet_ttls")) {
    if (item.value->is_int()) {
      scenario.per_packet_ttls.push_back(static_cast<int>(item.value->as_int()));
    }
  }
  reader.finish();
}

}  // namespace

ScenarioRead parse_scenario(std::string_view text, std::string_view file) {
  Diagnostics faults(file);
  ScenarioRead read;
  const auto document = parse_yaml(text);
  if (!document) {
    faults.add({}, "", document.error().message);
    read.faults = faults.take();
    return read;
  }
  read_members({&*document, ""}, read.scenario, faults);
  read.faults = faults.take();
  static const Value kNone;
  const Value* const network = document->find("network");
  lab::NetworkRead inner =
      lab::read_network(network != nullptr ? *network : kNone, file, "network");
  read.scenario.network = std::move(inner.config);
  read.faults.insert(read.faults.end(), inner.faults.begin(), inner.faults.end());
  return read;
}

}  // namespace lw::scenarios
