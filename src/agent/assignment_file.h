// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace lw::agent {

/// The last complete assignment, so that an agent that starts while its server is away goes on with
/// what it had. DATA/assignment: each part (bytes of an Assignment message) after its length in
/// decimal and a line feed.
Result<void> save_assignment(const std::string& data_directory,
                             const std::vector<std::string>& parts);
/// Empty if there is none.
Result<std::vector<std::string>> load_assignment(const std::string& data_directory);

}  // namespace lw::agent
