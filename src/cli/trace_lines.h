// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/document.h"

namespace lw::cli {

/// A `Trace` (api/openapi.yaml) in one line: "1 10.0.1.1 0.4 ms, 2 *, 3 10.0.9.9 3.1 ms
/// (destination)". Pure.
std::string trace_line(const Value& trace);

/// The traces from before and after a change that a `PathReport` brings along, a line each with its
/// time and why it was made; empty if it brings none. Pure.
std::string trace_lines(const Value& report);

}  // namespace lw::cli
