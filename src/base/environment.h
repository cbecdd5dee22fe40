// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace lw {

/// The variable's value, if it is set and not empty. Read at start-up, in main and the CLI only.
std::optional<std::string> environment_variable(const std::string& name);
/// The machine's host name, cut at the kernel's limit.
std::string host_name();
/// Full path of the running executable, so that it can start its siblings.
std::string executable_path();

/// How many cores this process may use, at least 1.
std::size_t core_count();

}  // namespace lw
