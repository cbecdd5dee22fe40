// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace lw::store::host {

/// Writes DATA/config/config.xml and users.xml afresh, so that the engine never picks up a stray
/// configuration of this machine's, and returns the path of config.xml. `database` is the only one
/// in which the engine's user may write.
Result<std::string> write_config_files(const std::string& data, const std::string& database);

}  // namespace lw::store::host
