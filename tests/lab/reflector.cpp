// SPDX-License-Identifier: Apache-2.0
// For lab tests: an agent's responder without the agent, which would need a server. Prints "ready";
// ends with its standard input.
#include <unistd.h>

#include <cstdio>

#include "agent/responder.h"

int main() {
  const lw::SystemClock clock;
  lw::agent::Responder responder(
      {.tcp = lw::agent::ListenOn{std::nullopt, lw::agent::kResponderPort},
       .stamp = lw::agent::ListenOn{std::nullopt, lw::agent::kStampResponderPort}},
      clock);
  if (const auto problem = responder.report().problem; !problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 1;
  }
  responder.start();
  std::puts("ready");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
