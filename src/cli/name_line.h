// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/document.h"
#include "model/round.h"

namespace lw::cli {

/// The facts as the API has them (`name` of a round in api/openapi.yaml).
Value name_value(const NameFacts& facts);

/// "far.example.com → 192.0.2.1, 192.0.2.2 from 10.0.0.2:53 in 1.2 ms, TTL 300 s", or why it
/// did not resolve, of such facts.
std::string name_line(const std::string& name, const Value& facts);

}  // namespace lw::cli
