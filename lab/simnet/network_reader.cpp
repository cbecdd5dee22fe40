// SPDX-License-Identifier: Apache-2.0
#include "simnet/network_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "base/text.h"
#include "simnet/node_reader.h"

namespace lw::lab {
namespace {

constexpr std::string_view kSource = "source";

/// Members of a node that are others for a while.
struct Change {
  Microseconds at{0};
  Microseconds until = Microseconds::max();
  std::string node;
  const Value* set = nullptr;
};

/// The members of `above` in place of those of `below`; whole members, not what is in them.
Value laid_over(const Value& below, const Value& above) {
  if (!below.is_object() || !above.is_object()) return above;
  Value::Object members = below.as_object();
  for (const auto& member : above.as_object()) {
    const auto same = std::ranges::find(members, member.key, &Value::Member::key);
    if (same == members.end()) {
      members.push_back(member);
    } else {
      *same = member;
    }
  }
  Value value(std::move(members));
  value.set_location(above.location());
  return value;
}

std::vector<std::string> node_names(const Value& document, Diagnostics& faults) {
  std::vector<std::string> names{std::string(kSource)};
  const Value* const nodes = document.find("nodes");
  if (nodes == nullptr || !nodes->is_object()) return names;
  for (const auto& member : nodes->as_object()) {
    if (member.key == kSource) {
      faults.add(member.key_location, "nodes.source",
                 "`source` stands for where packets come from; name the node otherwise");
    }
    names.push_back(member.key);
  }
  return names;
}

void read_seconds(ObjectReader& reader, std::string_view key, Microseconds& time) {
  const auto value = reader.number(key, 0);
  if (value) time = Microseconds(static_cast<Microseconds::rep>(std::llround(*value * 1e6)));
}

std::vector<Change> read_changes(ObjectReader& document, std::span<const std::string> names,
                                 Diagnostics& faults) {
  std::vector<Change> changes;
  for (const Place& item : document.list("changes")) {
    ObjectReader reader(item, faults);
    Change change;
    read_seconds(reader, "at_s", change.at);
    read_seconds(reader, "until_s", change.until);
    if (change.until <= change.at) reader.fault("until_s", "must be after `at_s`");
    (void)reader.required_text("node", "name the node that changes");
    if (const auto index = reader.choice("node", names)) change.node = names[*index];
    const auto set = reader.object("set");
    if (!set) reader.fault("set", "`set` is missing; write the node's members that change");
    reader.finish();
    if (set) change.set = set->value;
    if (set && !change.node.empty()) changes.push_back(change);
  }
  return changes;
}

Value node_at(const Value& base, std::string_view name, std::span<const Change> changes,
              Microseconds time) {
  Value node = base;
  for (const Change& change : changes) {
    const bool holds = change.node == name && change.at <= time && time < change.until;
    if (holds) node = laid_over(node, *change.set);
  }
  return node;
}

std::set<Microseconds> turning_points(std::string_view name, std::span<const Change> changes) {
  std::set<Microseconds> times{Microseconds(0)};
  for (const Change& change : changes) {
    if (change.node != name) continue;
    times.insert(change.at);
    if (change.until != Microseconds::max()) times.insert(change.until);
  }
  return times;
}

NodeTimeline read_timeline(const std::string& name, const Value& base, const std::string& path,
                           std::span<const Change> changes, std::span<const std::string> names,
                           Diagnostics& faults) {
  NodeTimeline timeline{name, {}};
  for (const Microseconds at : turning_points(name, changes)) {
    const Value node = node_at(base, name, changes, at);
    timeline.phases.push_back({at, read_node({&node, path}, names, faults)});
  }
  return timeline;
}

/// Defaults and phases have the same fault found several times.
std::vector<Diagnostic> without_repeats(std::vector<Diagnostic> faults) {
  std::vector<Diagnostic> kept;
  for (Diagnostic& fault : faults) {
    const bool is_known = std::ranges::any_of(kept, [&](const Diagnostic& other) {
      return other.at == fault.at && other.message == fault.message && fault.at.line != 0;
    });
    if (!is_known) kept.push_back(std::move(fault));
  }
  return kept;
}

NetworkConfig read_members(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  NetworkConfig config;
  config.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, INT32_MAX).value_or(1));
  (void)reader.text("description");
  const auto source = reader.object("source");
  const auto nodes = reader.object("nodes");
  const auto defaults = reader.object("defaults");
  if (!source) reader.fault("source", "`source` is missing; write source: {next: NODE}");
  if (!nodes) reader.fault("nodes", "`nodes` is missing; write nodes: {NAME: {addresses: …}}");
  const std::vector<std::string> names = node_names(*place.value, faults);
  const std::vector<Change> changes = read_changes(reader, names, faults);
  reader.finish();
  if (!source || !nodes) return config;
  config.nodes.push_back(read_timeline(std::string(kSource), *source->value,
                                       reader.path_of(kSource), changes, names, faults));
  const Value none = Value::object();
  for (const auto& member : nodes->value->as_object()) {
    const Value base = laid_over(defaults ? *defaults->value : none, member.value);
    config.nodes.push_back(
        read_timeline(member.key, base, nodes->path + "." + member.key, changes, names, faults));
  }
  return config;
}

}  // namespace

NetworkRead read_network(const Value& document, std::string_view file, std::string_view path) {
  Diagnostics faults(file);
  NetworkRead read;
  read.config = read_members({&document, std::string(path)}, faults);
  read.faults = without_repeats(faults.take());
  return read;
}

NetworkRead parse_network(std::string_view text, std::string_view file) {
  const auto document = parse_yaml(text);
  if (document) return read_network(*document, file);
  Diagnostics faults(file);
  faults.add({}, "", document.error().message);
  return {{}, faults.take()};
}

}  // namespace lw::lab
