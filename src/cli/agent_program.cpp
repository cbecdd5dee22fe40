// SPDX-License-Identifier: Apache-2.0
// The program of the agent's package: the agent, and what finds out on its host why something does
// not work. A test holds its table of what is missing to the full program's.
#include <array>

#include "cli/context.h"
#include "cli/program.h"

namespace lw::cli {

const Program& agent_program() {
  static constexpr std::array<AddVerbs, 4> kVerbs{add_agent, add_check, add_trace, add_selftest};
  static constexpr std::array<std::string_view, 15> kLeftOut{
      "up",     "server", "status",  "get",   "validate", "plan",     "apply",     "delete",
      "export", "query",  "migrate", "token", "audit",    "simulate", "completion"};
  static const Program kProgram{.verbs = kVerbs, .left_out = kLeftOut};
  return kProgram;
}

}  // namespace lw::cli
