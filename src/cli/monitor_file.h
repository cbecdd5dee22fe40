// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/connection_monitor.h"

namespace lw::cli {

/// The text of a monitor file, or of standard input for "-", with `${gateway}`, `${resolver}`,
/// `${api_host}` and `${api_port}` left as they are.
Result<std::string> read_monitor_text(const std::string& file);

/// The names of the connection monitors in a file.
Result<std::vector<std::string>> monitor_names(const std::string& file);

/// Reads the text of a monitor file and checks it by all rules that need no server. The error lists
/// every fault on a line of its own, with file (as given; empty for standard input), line and
/// column.
Result<std::vector<ConnectionMonitor>> check_monitor_text(const std::string& text,
                                                          const std::string& file);

/// The first of the placeholders that `linewatch up --config` fills in, if the text has one.
std::optional<std::string> find_placeholder(const std::string& text);

/// Replaces each `${name}` of `values`; an unknown name is an error that lists the known ones.
Result<std::string> substitute(const std::string& text,
                               const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace lw::cli
