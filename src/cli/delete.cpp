// SPDX-License-Identifier: Apache-2.0
// linewatch delete: connection monitors, by name or as a file lists them.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/monitor_file.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

int remove_monitors(const Context& context, std::vector<std::string> names,
                    const std::string& file) {
  if (!file.empty()) {
    const auto listed = monitor_names(file);
    if (!listed) return report(listed.error());
    names.insert(names.end(), listed->begin(), listed->end());
  }
  if (names.empty()) {
    return report({ErrorCode::InvalidInput, "say which: linewatch delete NAME …, or -f FILE"});
  }
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  int code = kExitSuccess;
  for (const std::string& name : names) {
    const auto removed = client->send(
        "DELETE", "/api/v1/connection-monitors/" + io::percent_encode(name), {}, "", "");
    if (removed) {
      fmt::print("deleted {}\n", name);
    } else {
      code = report(removed.error());
    }
  }
  return code;
}

}  // namespace

void add_delete(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand("delete", "Delete connection monitors; history is kept");
  auto names = std::make_shared<std::vector<std::string>>();
  auto file = std::make_shared<std::string>();
  verb->add_option("name", *names, "Names of connection monitors");
  verb->add_option("-f,--file", *file, "Delete all that this file lists");
  verb->callback([=, &context] {
    context.action = [=, &context] { return remove_monitors(context, *names, *file); };
  });
}

}  // namespace lw::cli
