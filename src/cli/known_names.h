// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "cli/api_client.h"

namespace lw::cli {

/// NotFound for the first filter of `query` (connectionMonitor, testGroup, source, destination)
/// that names nothing that there is, with the name that was probably meant: a list would be empty
/// for ever then. Other members of the query are passed over. Asks the server; blocks.
Result<void> check_filter_names(ApiClient& client, const ApiClient::Query& query);

}  // namespace lw::cli
