// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/environment.h"

namespace lw::cli {

bool is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool is_coloured_terminal() { return is_terminal() && !environment_variable("NO_COLOR"); }

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  return size.ws_col;
}

}  // namespace lw::cli
