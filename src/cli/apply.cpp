// SPDX-License-Identifier: Apache-2.0
// linewatch plan and apply: connection monitors from a file.
#include <fmt/core.h>
#include <unistd.h>

#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/monitor_file.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

void print_differences(const Value& change) {
  for (const Value& difference : change.find("differences")->as_array()) {
    const auto shown = [&](const char* key) {
      const Value* const value = difference.find(key);
      return value == nullptr || value->is_null() ? std::string("(none)") : to_json(*value);
    };
    fmt::print("    {}: {} → {}\n", difference.text("path"), shown("from"), shown("to"));
  }
}

void print_changes(const Context& context, const Value& answer) {
  if (!context.output.empty() && context.output != "table") {
    print_list(context.output,
               {column("NAME", "name"), column("CHANGE", "change"), column("TESTS", "tests"),
                column("ADDED", "testsAdded"), column("REMOVED", "testsRemoved")},
               *answer.find("changes"));
    return;
  }
  const bool dry_run = answer.flag("dryRun");
  for (const Value& change : answer.find("changes")->as_array()) {
    const std::string kind = change.text("change");
    fmt::print("{} {}: {} ({} added, {} removed)\n",
               dry_run && kind != "unchanged" ? "would be " + kind : kind, change.text("name"),
               counted(static_cast<std::size_t>(change.number("tests")), "test"),
               field(change, "testsAdded"), field(change, "testsRemoved"));
    print_differences(change);
  }
  if (answer.find("changes")->as_array().empty())
    fmt::print("nothing to do: no monitors in the file\n");
}

int submit(const Context& context, const std::string& file, const char* path) {
  const auto text = read_monitor_text(file);
  if (!text) return report(text.error());
  if (const auto placeholder = find_placeholder(*text)) {
    return report({ErrorCode::InvalidInput,
                   file + ": " + *placeholder +
                       " is filled in by `linewatch up --config` only; write the address "
                       "itself"});
  }
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto answer =
      client->send("POST", path, {{"file", file == "-" ? "" : file}}, *text, "application/yaml");
  if (!answer) return report(answer.error());
  print_changes(context, *answer);
  return kExitSuccess;
}

void add_verb(CLI::App& app, Context& context, const char* name, const char* help,
              const char* path) {
  auto* const verb = app.add_subcommand(name, help);
  auto file = std::make_shared<std::string>();
  verb->add_option("-f,--file", *file, "YAML or JSON file, or - for standard input")->required();
  verb->callback(
      [=, &context] { context.action = [=, &context] { return submit(context, *file, path); }; });
}

}  // namespace

void add_apply(CLI::App& app, Context& context) {
  add_verb(app, context, "plan", "Show what apply would change, changing nothing", "/api/v1/plan");
  add_verb(app, context, "apply", "Create or update the connection monitors of a file",
           "/api/v1/apply");
}

}  // namespace lw::cli
