// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/document.h"
#include "model/diagnostic.h"
#include "simnet/network_config.h"

namespace lw::lab {

/// What a network file held. With any fault the configuration is incomplete and must not be used.
struct NetworkRead {
  NetworkConfig config;
  std::vector<Diagnostic> faults;
};

/// Reads `seed`, `source`, `defaults`, `nodes` and `changes` of a document
/// (docs/formats/simnet.md). Every fault is reported at once, with its place and what to write
/// instead. `file` is the document's name in messages. With `path` the network is a member of a
/// larger document.
NetworkRead read_network(const Value& document, std::string_view file, std::string_view path = "");

/// The same from YAML text.
NetworkRead parse_network(std::string_view text, std::string_view file);

}  // namespace lw::lab
