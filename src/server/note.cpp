// SPDX-License-Identifier: Apache-2.0
#include "server/note.h"

#include "base/files.h"
#include "base/log.h"

namespace lw::server {

void leave_note(const std::string& path, const std::string& content, mode_t mode) {
  if (const auto old = read_file(path); old && *old == content) return;
  if (const auto written = write_file_atomically(path, content, mode); !written) {
    log::warning("server", written.error().message);
  }
}

}  // namespace lw::server
