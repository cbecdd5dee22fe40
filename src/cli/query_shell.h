// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/query_run.h"

namespace lw::cli {

/// Asks for queries on the terminal and answers each, until Ctrl-D or `.quit`. Ctrl-C drops the
/// line, or gives the query up that runs. The exit code.
int run_query_shell(ApiClient& client, QueryOptions options, std::string output);

/// ".help" and the rest.
std::vector<std::string> shell_commands();

}  // namespace lw::cli
