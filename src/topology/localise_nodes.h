// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"

namespace lw::topology {

/// A place on a path, by its number in a NodeTable.
using NodeKey = std::uint32_t;
/// A hop that did not say who it is.
constexpr NodeKey kUnknownNode = 0;

enum class NodeKind : std::uint8_t { Unknown, Source, Router, Destination };

/// Gives the places on paths small numbers, so that many paths can be compared quickly. An agent
/// that is the source of tests and the destination of others is two places. Keys are good for as
/// long as the table lives.
class NodeTable {
 public:
  NodeTable();
  NodeKey source(std::string_view name) { return key(NodeKind::Source, std::string(name)); }
  NodeKey destination(std::string_view name) {
    return key(NodeKind::Destination, std::string(name));
  }
  NodeKey router(const IpAddress& address) { return key(NodeKind::Router, to_string(address)); }

  [[nodiscard]] NodeKind kind(NodeKey node) const { return nodes_.at(node).first; }
  [[nodiscard]] const std::string& name(NodeKey node) const { return nodes_.at(node).second; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  NodeKey key(NodeKind kind, std::string name);

  std::vector<std::pair<NodeKind, std::string>> nodes_;
  std::map<std::pair<NodeKind, std::string>, NodeKey> keys_;
};

}  // namespace lw::topology
