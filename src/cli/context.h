// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace lw::cli {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitNegative = 1;  ///< a failing check, or something could not be done
inline constexpr int kExitMisuse = 2;

/// What all verbs share: the global options, and which verb was chosen. A verb's `add_…` function
/// declares its options and sets `action` when it is picked; `run` calls it.
struct Context {
  std::string output;  ///< table, json, yaml or csv; empty: table
  std::string server;  ///< --server or LINEWATCH_SERVER
  std::string token;   ///< --token or LINEWATCH_TOKEN
  std::string ca;      ///< --ca or LINEWATCH_CA: a PEM file
  std::string data;    ///< --data: the data folder
  std::function<int()> action;
};

/// One line on standard error that says what went wrong and what to do; returns the exit code.
int report(const Error& error);

/// /var/lib/linewatch for root, ~/.local/share/linewatch for others; --data wins.
std::string data_directory(const Context& context);

// One function a verb, each in its own file.
void add_up(CLI::App& app, Context& context);
void add_server(CLI::App& app, Context& context);
void add_agent(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
/// A verb of `check`, in a file of its own.
void add_check_stamp(CLI::App& check, Context& context);
void add_selftest(CLI::App& app, Context& context);
void add_apply(CLI::App& app, Context& context);
void add_get(CLI::App& app, Context& context);
/// A verb of `get`, in a file of its own.
void add_get_paths(CLI::App& get, Context& context);
void add_trace(CLI::App& app, Context& context);
void add_delete(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_token(CLI::App& app, Context& context);
void add_audit(CLI::App& app, Context& context);
/// Other products' configurations as monitor files.
void add_migrate(CLI::App& app, Context& context);
/// A monitor as a file for other tools.
void add_export(CLI::App& app, Context& context);
/// Agents that are none, for demos and tests of load.
void add_simulate(CLI::App& app, Context& context);
/// Queries of the logs.
void add_query(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

}  // namespace lw::cli
