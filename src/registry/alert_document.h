// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "model/alert.h"

namespace lw::registry {

/// How the registry keeps an alert. For this module's own files.
std::string alert_to_text(const Alert& alert);
/// Internal if the text is none.
Result<Alert> alert_of_text(const std::string& text);

}  // namespace lw::registry
