// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace lw::server {

/// Writes a file that others look for. A full disk must not keep the server from starting, so it
/// only warns, and an old file of the same content will do.
void leave_note(const std::string& path, const std::string& content, mode_t mode);

}  // namespace lw::server
