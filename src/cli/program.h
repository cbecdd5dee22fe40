// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace lw::cli {

struct Context;

/// Declares one verb, or some that belong together, with its options (cli/context.h).
using AddVerbs = void (*)(CLI::App& app, Context& context);

/// The verbs that one executable has. Two are built: `linewatch` with all of them, and the program
/// of the agent's package (docs/decisions/0029), which has what a host needs to be an agent. Only
/// what a program's table names is linked into it.
struct Program {
  std::span<const AddVerbs> verbs;
  /// Verbs that `linewatch` has and this one not: they are in its help as such, and say where to
  /// find them instead.
  std::span<const std::string_view> left_out;
};

const Program& full_program();
const Program& agent_program();

/// Likewise lw::cli::run (cli/cli.h), of that program.
int run(const Program& program, int argc, char** argv);

}  // namespace lw::cli
