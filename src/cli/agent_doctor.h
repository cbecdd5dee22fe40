// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace lw::cli {

/// Adds `doctor` to the verb `agent`.
void add_doctor(CLI::App& agent, Context& context);

}  // namespace lw::cli
