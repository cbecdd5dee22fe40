// SPDX-License-Identifier: Apache-2.0
// linewatch migrate: other products' configurations as connection monitors.
#include <fmt/core.h>

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/context.h"
#include "cli/monitor_file.h"
#include "migrate/migration.h"
#include "model/codec.h"

namespace lw::cli {
namespace {

struct MigrateOptions {
  std::string file, name, targets;
  std::vector<std::string> sources;
  bool is_strict = false;
};

using Migrated = Result<migrate::Migration>;
using Reader = Migrated (*)(std::string_view text, const migrate::Options& options);

void print_report(const migrate::Migration& migration, std::size_t lost) {
  for (const migrate::Remark& remark : migration.report) {
    fmt::print(stderr, "{}{}\n", remark.is_loss ? "" : "note: ", to_string(remark.what));
  }
  std::size_t groups = 0;
  for (const ConnectionMonitor& monitor : migration.monitors) groups += monitor.test_groups.size();
  fmt::print(stderr, "linewatch: {} with {}; {} could not be carried over\n",
             counted(migration.monitors.size(), "connection monitor"),
             counted(groups, "test group"), counted(lost, "thing"));
}

int print_migration(const Context& context, const migrate::Migration& migration, bool is_strict) {
  Value file = Value::object();
  Value& list = file.set("connectionMonitors", Value::array());
  for (const ConnectionMonitor& monitor : migration.monitors) list.push(to_document(monitor));
  const bool is_json = context.output == "json";
  fmt::print("{}", is_json ? to_json(file, 2) + "\n" : to_yaml(file));
  const auto lost =
      static_cast<std::size_t>(std::ranges::count_if(migration.report, &migrate::Remark::is_loss));
  print_report(migration, lost);
  if (migration.monitors.empty()) return kExitNegative;
  return is_strict && lost > 0 ? kExitNegative : kExitSuccess;
}

int run_migration(
    const Context& context, const MigrateOptions& options,
    const std::function<Migrated(const std::string& text, const migrate::Options&)>& read) {
  if (context.output == "table" || context.output == "csv") {
    return report({ErrorCode::InvalidInput, "migrate prints yaml or json; use -o yaml"});
  }
  const auto text = read_monitor_text(options.file);
  if (!text) return report(text.error());
  const auto migration = read(*text, {.file = options.file == "-" ? "standard input" : options.file,
                                      .name = options.name,
                                      .sources = options.sources});
  if (!migration) return report(migration.error());
  return print_migration(context, *migration, options.is_strict);
}

Migrated read_blackbox(const MigrateOptions& options, const std::string& text,
                       const migrate::Options& given) {
  if (options.targets.empty()) {
    return fail(ErrorCode::InvalidInput,
                "blackbox_exporter's configuration names no targets; give --targets FILE, a "
                "Prometheus configuration or lines of `MODULE TARGET`");
  }
  const std::string targets = TRY(read_monitor_text(options.targets));
  return migrate::migrate_blackbox(text, targets, options.targets, given);
}

CLI::App* add_format(CLI::App& migrate, const std::shared_ptr<MigrateOptions>& options,
                     const char* name, const char* help) {
  auto* const verb = migrate.add_subcommand(name, help);
  verb->add_option("file", options->file, "The file to read, or - for standard input")->required();
  verb->add_option("--name", options->name, "What the connection monitor is to be called");
  verb->add_flag("--strict", options->is_strict,
                 "Exit with 1 if something could not be carried over");
  return verb;
}

void add_sources(CLI::App& verb, MigrateOptions& options, const char* help) {
  verb.add_option("--source", options.sources, help);
}

}  // namespace

void add_migrate(CLI::App& app, Context& context) {
  auto* const migrate = app.add_subcommand(
      "migrate", "Turn another product's configuration into connection monitors");
  migrate->require_subcommand(1);
  auto options = std::make_shared<MigrateOptions>();
  const auto run_with = [&context, options](CLI::App& verb, Reader reader) {
    verb.callback([&context, options, reader] {
      context.action = [&context, options, reader] {
        return run_migration(context, *options, reader);
      };
    });
  };
  run_with(*add_format(*migrate, options, "classic", "Classic connection monitors, as ARM JSON"),
           migrate::migrate_classic);
  auto* const npm =
      add_format(*migrate, options, "npm", "Network Performance Monitor: an agent's configuration");
  add_sources(*npm, *options, "Full name of a machine that runs the service tests; repeatable");
  run_with(*npm, migrate::migrate_npm);
  auto* const smokeping =
      add_format(*migrate, options, "smokeping", "SmokePing: its configuration or Targets file");
  add_sources(*smokeping, *options, "Agent that runs the tests (default: local); repeatable");
  run_with(*smokeping, migrate::migrate_smokeping);
  auto* const blackbox =
      add_format(*migrate, options, "blackbox", "Prometheus blackbox_exporter, with its targets");
  add_sources(*blackbox, *options, "Agent that runs the tests (default: local); repeatable");
  blackbox->add_option("--targets", options->targets,
                       "Prometheus configuration, list for file_sd, or lines of MODULE TARGET");
  blackbox->callback([&context, options] {
    context.action = [&context, options] {
      return run_migration(context, *options,
                           [options](const std::string& text, const migrate::Options& given) {
                             return read_blackbox(*options, text, given);
                           });
    };
  });
}

}  // namespace lw::cli
