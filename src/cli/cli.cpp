// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/environment.h"
#include "cli/context.h"
#include "cli/misuse.h"
#include "cli/program.h"

namespace lw::cli {
namespace {

void add_global_options(CLI::App& app, Context& context) {
  app.add_option("-o,--output", context.output, "How to print: table, json, yaml or csv")
      ->check(CLI::IsMember({"table", "json", "yaml", "csv"}));
  app.add_option("--server", context.server, "Server, as https://HOST:8443")
      ->envname("LINEWATCH_SERVER");
  app.add_option(
         "--token", context.token,
         "Bearer token for the server; others on this machine see it in `ps`, so rather set the "
         "variable, or let it be read from admin.token in --data")
      ->envname("LINEWATCH_TOKEN");
  app.add_option("--ca", context.ca, "PEM file with the server's CA")->envname("LINEWATCH_CA");
  app.add_option("--data", context.data,
                 "Data folder; also where a server on this machine left its address and token")
      ->envname("LINEWATCH_DATA");
}

/// A verb of the full program stands in the help, so that nobody takes its absence for a slip of
/// the pen.
void add_left_out(CLI::App& app, std::string_view name) {
  app.add_subcommand(std::string(name))
      ->group(
          "Not in this program, which has what an agent's host needs; use linewatch of the "
          "server or of the package `linewatch` for");
}

int left_out(std::string_view name) {
  fmt::print(stderr,
             "linewatch: `{}` is not in this program, which has what an agent's host needs; run it "
             "on the server, or where the package `linewatch` is installed\n",
             name);
  return kExitMisuse;
}

int misuse(const CLI::App& app, const CLI::ParseError& error,
           const std::vector<std::string>& words) {
  const std::string hint = explain_misuse(app, words);
  fmt::print(stderr, "linewatch: {} (see `linewatch --help`)\n",
             hint.empty() ? std::string(error.what()) : hint);
  return kExitMisuse;
}

}  // namespace

int report(const Error& error) {
  fmt::print(stderr, "linewatch: {}\n", error.message);
  return error.code == ErrorCode::InvalidInput ? kExitMisuse : kExitNegative;
}

std::string data_directory(const Context& context) {
  if (!context.data.empty()) return context.data;
  if (::geteuid() == 0) return "/var/lib/linewatch";
  if (const auto base = environment_variable("XDG_DATA_HOME")) return *base + "/linewatch";
  return environment_variable("HOME").value_or(".") + "/.local/share/linewatch";
}

int run(const Program& program, int argc, char** argv) {
  CLI::App app("linewatch watches connections and says what broke, where, since when and why.",
               "linewatch");
  Context context;
  app.set_version_flag("--version", std::string("linewatch ") + LW_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.get_formatter()->column_width(34);
  add_global_options(app, context);
  for (const AddVerbs add : program.verbs) add(app, context);
  for (const std::string_view name : program.left_out) add_left_out(app, name);
  if (argc < 2) {
    fmt::print("{}", app.help());
    return kExitMisuse;
  }
  const std::vector<std::string> words(argv + 1, argv + argc);
  // Before anything is parsed, since nothing of what follows such a verb is known here.
  const std::string verb = first_verb(app, words);
  if (std::ranges::find(program.left_out, verb) != program.left_out.end()) return left_out(verb);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return misuse(app, error, words);
  }
  return context.action ? context.action() : kExitMisuse;
}

}  // namespace lw::cli
