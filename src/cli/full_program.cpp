// SPDX-License-Identifier: Apache-2.0
// linewatch: every verb that there is.
#include <array>

#include "cli/cli.h"
#include "cli/context.h"
#include "cli/program.h"

namespace lw::cli {

const Program& full_program() {
  static constexpr std::array<AddVerbs, 17> kVerbs{
      add_up,       add_status,  add_get,    add_apply, add_delete,  add_check,
      add_trace,    add_agent,   add_token,  add_audit, add_server,  add_completion,
      add_selftest, add_migrate, add_export, add_query, add_simulate};
  static const Program kProgram{.verbs = kVerbs, .left_out = {}};
  return kProgram;
}

int run(int argc, char** argv) { return run(full_program(), argc, argv); }

}  // namespace lw::cli
