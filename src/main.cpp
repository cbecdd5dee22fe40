// SPDX-License-Identifier: Apache-2.0
// linewatch: one executable with subcommands. Everything is in cli/.
#include "base/signals.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  lw::block_termination_signals();
  return lw::cli::run(argc, argv);
}
