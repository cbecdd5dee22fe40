// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace lw::server::logs {

/// Whether a path is one of the query API of Log Analytics: after any number of slashes, "v1",
/// "workspaces" or "$batch". Like Azure's other paths they are compared without case, and repeated
/// slashes are one (its clients write "/v1//subscriptions/…").
bool is_logs_path(const std::vector<std::string>& segments);

/// Whether a route below Azure's other roots is one of logs: its clients send no api-version there.
bool is_logs_route(const std::vector<std::string>& segments);

}  // namespace lw::server::logs
