// SPDX-License-Identifier: Apache-2.0
// linewatch status: the server itself.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

void print_summary(const ApiClient& client, const Value& status) {
  const Value& states = *status.find("states");
  fmt::print("server        {} (version {}, since {})\n", client.url(), status.text("version"),
             status.text("started").substr(0, 19));
  fmt::print("subscription  {}\nworkspace     {}\n", status.text("subscriptionId"),
             status.text("workspaceId"));
  fmt::print("data          {} (store: {})\n", status.text("dataDirectory"), status.text("store"));
  fmt::print("agents        {} of {} connected\n", field(status, "agentsConnected"),
             field(status, "agents"));
  fmt::print("tests         {} in {} connection monitors:", field(status, "tests"),
             field(status, "connectionMonitors"));
  for (const auto& member : states.as_object()) {
    fmt::print(" {} {}", field(states, member.key), member.key);
  }
  fmt::print("\nrounds        {} stored since the start, {} waiting\n",
             field(status, "roundsStored"), field(status, "roundsWaiting"));
  const auto& problems = status.find("problems")->as_array();
  if (problems.empty()) fmt::print("problems      none\n");
  for (const Value& problem : problems) fmt::print("problem       {}\n", problem.as_string());
}

int show(const Context& context) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto status = client->get("/api/v1/status");
  if (!status) return report(status.error());
  if (context.output.empty() || context.output == "table") {
    print_summary(*client, *status);
  } else {
    Value whole = *status;
    whole.set("url", client->url());
    print_object(context.output, whole);
  }
  return kExitSuccess;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand("status", "Show how the server is doing");
  verb->callback([&context] { context.action = [&context] { return show(context); }; });
}

}  // namespace lw::cli
