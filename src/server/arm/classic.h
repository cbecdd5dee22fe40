// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/document.h"
#include "server/control.h"

namespace lw::server::arm {

/// What `query` tells of a classic monitor (ConnectionMonitorQueryResult): whether its source is
/// there, and the present state of its test with the way as last traced. On the control thread.
Value classic_query_result(const Control& control, const std::string& monitor, Timestamp now);

}  // namespace lw::server::arm
