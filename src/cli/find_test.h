// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "cli/api_client.h"

namespace lw::cli {

/// The id of the test that the user named: an id, or words that fit exactly one test.
Result<std::string> find_test(ApiClient& client, const std::string& text);

}  // namespace lw::cli
