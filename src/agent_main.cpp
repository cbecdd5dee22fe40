// SPDX-License-Identifier: Apache-2.0
// The program of the agent's package (packaging/agent): linewatch with an agent's verbs only.
#include <sys/stat.h>

#include "base/signals.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  // As in main.cpp.
  ::umask(077);
  lw::block_termination_signals();
  return lw::cli::run(lw::cli::agent_program(), argc, argv);
}
