// SPDX-License-Identifier: Apache-2.0
#include "topology/localise_nodes.h"

namespace lw::topology {

NodeTable::NodeTable() : nodes_{{NodeKind::Unknown, "?"}} {}

NodeKey NodeTable::key(NodeKind kind, std::string name) {
  const auto next = static_cast<NodeKey>(nodes_.size());
  const auto [entry, is_new] = keys_.try_emplace({kind, std::move(name)}, next);
  if (is_new) nodes_.push_back(entry->first);
  return entry->second;
}

}  // namespace lw::topology
