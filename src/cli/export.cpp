// SPDX-License-Identifier: Apache-2.0
// linewatch export: a connection monitor as a file for other tools.
#include "migrate/export.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "cli/api_client.h"
#include "cli/context.h"
#include "io/http_server.h"
#include "model/codec.h"

namespace lw::cli {
namespace {

struct ExportOptions {
  std::string name;
  std::string format = "yaml";
};

Result<migrate::Exported> export_monitor(ApiClient& client, const ExportOptions& options) {
  const Value found =
      TRY(client.get("/api/v1/connection-monitors/" + io::percent_encode(options.name)));
  const Value* const document = found.find("document");
  const std::string key = found.text("name", options.name);
  if (document == nullptr) {
    return fail(ErrorCode::Internal, "the server's answer has no document");
  }
  const MonitorPlace place = place_of(key);
  MonitorRead read = read_monitor_item(*document, "", "");
  if (!read.faults.empty()) {
    return fail(ErrorCode::Internal,
                "the server's document cannot be read: " + to_string(read.faults.front()));
  }
  // Either form is written in the newer one: neither files nor azurerm have the classic.
  read.monitor.name = place.monitor;
  read.monitor.form = MonitorForm::MultiEndpoint;
  if (options.format == "arm") return migrate::export_arm(read.monitor, place);
  if (options.format == "terraform") {
    const Value status = TRY(client.get("/api/v1/status"));
    return migrate::export_terraform(read.monitor, place, status.text("subscriptionId"));
  }
  migrate::Exported exported = migrate::export_yaml(read.monitor);
  if (!place.is_in(kDefaultResourceGroup, kDefaultWatcher)) {
    exported.remarks.push_back(
        fmt::format("it stands in network watcher {}; applied from a file it goes to {}",
                    place.watcher, kDefaultWatcher));
  }
  return exported;
}

int run_export(const Context& context, const ExportOptions& options) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto exported = export_monitor(*client, options);
  if (!exported) return report(exported.error());
  fmt::print("{}", exported->text);
  for (const std::string& remark : exported->remarks) fmt::print(stderr, "note: {}\n", remark);
  return kExitSuccess;
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand("export", "Print a connection monitor for other tools");
  auto options = std::make_shared<ExportOptions>();
  verb->add_option("name", options->name, "Name of the connection monitor")->required();
  verb->add_option("--format", options->format,
                   "yaml: for apply; arm: a deployment template; terraform: for azurerm")
      ->check(CLI::IsMember({"yaml", "arm", "terraform"}))
      ->capture_default_str();
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run_export(context, *options); }; });
}

}  // namespace lw::cli
