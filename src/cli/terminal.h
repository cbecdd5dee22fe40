// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// What standard output is.
namespace lw::cli {

bool is_terminal();
/// A terminal whose user did not set NO_COLOR.
bool is_coloured_terminal();
/// In columns; 0 if it is no terminal.
std::size_t terminal_width();

}  // namespace lw::cli
