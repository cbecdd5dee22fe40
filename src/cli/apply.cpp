// SPDX-License-Identifier: Apache-2.0
// linewatch validate, plan and apply: connection monitors from a file.
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

/// What the file asks for may be meant so, but may be a slip as well.
void print_warnings(const Value& answer) {
  const Value* const warnings = answer.find("warnings");  // Older servers give none.
  if (warnings == nullptr || !warnings->is_array()) return;
  for (const Value& warning : warnings->as_array()) {
    if (warning.is_string()) fmt::print(stderr, "linewatch: warning: {}\n", warning.as_string());
  }
}

std::string name_in_messages(const std::string& file) { return file == "-" ? "" : file; }

/// The text of a file that has passed every check that needs no server.
Result<std::string> read_checked(const std::string& file) {
  std::string text = TRY(read_monitor_text(file));
  if (const auto placeholder = find_placeholder(text)) {
    return fail(ErrorCode::InvalidInput,
                file + ": " + *placeholder +
                    " is filled in by `linewatch up --config` only; write the address itself");
  }
  TRY(check_monitor_text(text, name_in_messages(file)));
  return text;
}

int submit(const Context& context, const std::string& file, const char* path) {
  const auto text = read_checked(file);
  if (!text) return report(text.error());
  const auto answer = [&]() -> Result<Value> {
    ApiClient client = TRY(ApiClient::open(context));
    return client.send("POST", path, {{"file", name_in_messages(file)}}, *text, "application/yaml");
  }();
  if (!answer && answer.error().code == ErrorCode::Unavailable) {
    return report(answer.error().during((file == "-" ? "the file" : file) +
                                        " has no faults, but the server cannot be reached"));
  }
  if (!answer) return report(answer.error());
  print_changes(context, *answer);
  print_warnings(*answer);
  return kExitSuccess;
}

int validate(const std::string& file) {
  const auto text = read_checked(file);
  if (!text) return report(text.error());
  const auto monitors = check_monitor_text(*text, name_in_messages(file));
  fmt::print("{}: {}, no faults\n", file == "-" ? "standard input" : file,
             counted(monitors->size(), "connection monitor"));
  return kExitSuccess;
}

void add_verb(CLI::App& app, Context& context, const char* name, const char* help,
              const std::function<int(const std::string& file)>& action) {
  auto* const verb = app.add_subcommand(name, help);
  auto file = std::make_shared<std::string>();
  verb->add_option("-f,--file", *file, "YAML or JSON file, or - for standard input")->required();
  verb->callback([=, &context] { context.action = [=] { return action(*file); }; });
}

}  // namespace

void add_apply(CLI::App& app, Context& context) {
  const auto submit_to = [&context](const char* path) {
    return [&context, path](const std::string& file) { return submit(context, file, path); };
  };
  add_verb(app, context, "validate", "Check a file of connection monitors; needs no server",
           validate);
  add_verb(app, context, "plan", "Show what apply would change, changing nothing",
           submit_to("/api/v1/plan"));
  add_verb(app, context, "apply", "Create or update the connection monitors of a file",
           submit_to("/api/v1/apply"));
}

}  // namespace lw::cli
