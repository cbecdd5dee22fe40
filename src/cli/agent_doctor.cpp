// SPDX-License-Identifier: Apache-2.0
// linewatch agent doctor: what this host's agent lacks.
#include "cli/agent_doctor.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "agent/doctor.h"
#include "base/document.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

/// Where packages and install.sh put it, for who asks without --data.
constexpr const char* kServiceFolder = "/var/lib/linewatch-agent";

std::string folder_of(const Context& context) {
  if (!context.data.empty()) return context.data;
  std::error_code failure;
  return std::filesystem::exists(kServiceFolder, failure) ? kServiceFolder
                                                          : data_directory(context) + "/agent";
}

void print(const std::vector<agent::Finding>& findings) {
  for (const agent::Finding& finding : findings) {
    fmt::print("{:<8} {:<13} {}\n", to_string(finding.health), finding.subject, finding.text);
    if (!finding.fix.empty()) fmt::print("{:<22} → {}\n", "", finding.fix);
  }
}

std::vector<Column> columns() {
  return {column("HEALTH", "health"), column("SUBJECT", "subject"), column("TEXT", "text"),
          column("FIX", "fix")};
}

Value to_value(const agent::Finding& finding) {
  return Value::object({{"subject", finding.subject},
                        {"health", to_string(finding.health)},
                        {"text", finding.text},
                        {"fix", finding.fix}});
}

int run(const Context& context, const std::string& server) {
  const SystemClock clock;
  const auto findings =
      agent::examine({.data_directory = folder_of(context), .server = server}, clock);
  if (context.output.empty() || context.output == "table") {
    print(findings);
  } else {
    Value rows = Value::array();
    for (const agent::Finding& finding : findings) rows.push(to_value(finding));
    print_list(context.output, columns(), rows);
  }
  const bool is_bad = std::ranges::any_of(
      findings, [](const agent::Finding& finding) { return finding.health == agent::Health::Bad; });
  return is_bad ? kExitNegative : kExitSuccess;
}

}  // namespace

void add_doctor(CLI::App& agent, Context& context) {
  auto* const verb =
      agent.add_subcommand("doctor", "Say what this host's agent lacks, and what to do about it");
  auto server = std::make_shared<std::string>();
  verb->add_option("--server", *server,
                   "The server's agent address, HOST[:8444]; default: the one that it joined");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run(context, *server); }; });
}

}  // namespace lw::cli
