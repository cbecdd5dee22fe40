// SPDX-License-Identifier: Apache-2.0
// linewatch: one executable with subcommands. Everything is in cli/.
#include <sys/stat.h>

#include "base/signals.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  // Files are for their owner unless they say otherwise (write_file_atomically is exact).
  ::umask(077);
  lw::block_termination_signals();
  return lw::cli::run(argc, argv);
}
