// SPDX-License-Identifier: Apache-2.0
// linewatch query: asks the logs in KQL.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/query_output.h"
#include "cli/query_run.h"
#include "cli/query_shell.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

/// "-" is standard input, "@NAME" a file.
Result<std::string> read_query(const std::string& given) {
  if (given == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (given.starts_with('@')) return read_file(given.substr(1));
  return given;
}

std::string path_of(const std::string& name) {
  return "/api/v1/queries/" + io::percent_encode(name);
}

/// What the server answers to a request about saved queries; nothing has been printed.
int answered(const ApiClient& client, const Result<io::HttpClientResponse>& response) {
  if (!response) return report(response.error());
  return response->status == 200 ? kExitSuccess : report(client.error_of(*response));
}

int list_saved(ApiClient& client, const std::string& output) {
  const auto response = client.call("GET", "/api/v1/queries", {}, "", "");
  if (const int code = answered(client, response); code != kExitSuccess) return code;
  const auto document = parse_json(response->body);
  if (!document) return report(document.error());
  const Value* const list = document->find("value");
  print_list(output,
             {column("NAME", "name"), column("PARAMETERS", "parameters"),
              column("DESCRIPTION", "description"), column("AUTHOR", "author"),
              column("UPDATED", "updated")},
             list == nullptr ? Value::array() : *list);
  return kExitSuccess;
}

int save_query(ApiClient& client, const std::string& query, const QueryOptions& options) {
  const Value body = Value::object(
      {{"query", query}, {"parameters", options.parameters}, {"description", options.description}});
  return answered(client,
                  client.call("PUT", path_of(options.save), {}, to_json(body), "application/json"));
}

int start_shell(const Context& context, const QueryOptions& options, const std::string& output) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const bool is_text = !is_binary_format(output) && options.file.empty();
  return run_query_shell(*client, options, is_text ? output : "table");
}

int run_query(const Context& context, const QueryOptions& options) {
  std::string output = options.output.empty() ? context.output : options.output;
  if (output.empty()) output = options.file.empty() ? "table" : "csv";
  const bool has_text = !options.query.empty() || !options.saved.empty();
  const bool asks_nothing = !has_text && !options.list && options.forget.empty();
  const bool has_terminal = ::isatty(STDIN_FILENO) == 1 && is_terminal();
  if (options.interactive || (asks_nothing && has_terminal && options.save.empty())) {
    return start_shell(context, options, output);
  }
  if (asks_nothing) {
    return report({ErrorCode::InvalidInput, "what is asked? Name a query, or --saved NAME"});
  }
  // A saved query is a function; in parentheses stands what its parameters are.
  const auto query =
      options.saved.empty()
          ? read_query(options.query)
          : Result<std::string>(options.saved.contains('(') ? options.saved : options.saved + "()");
  if (!query) return report(query.error());
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  if (options.list) return list_saved(*client, output == "csv" ? "table" : output);
  if (!options.forget.empty())
    return answered(*client, client->call("DELETE", path_of(options.forget), {}, "", ""));
  if (!options.save.empty()) return save_query(*client, *query, options);
  if (options.explain) return explain_query(*client, *query, options, output);
  end_on_interrupt();
  return run_one_query(*client, *query, options, output);
}

}  // namespace

void add_query(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand(
      "query", "Asks the logs in KQL: linewatch query 'NWConnectionMonitorTestResult | take 5'");
  auto options = std::make_shared<QueryOptions>();
  verb->add_option("kql", options->query,
                   "The query; - reads it from standard input, @FILE from a file");
  verb->add_option("-o,--output", options->output,
                   "How to print: table, json, yaml, csv, jsonl, xlsx, parquet or arrow")
      ->check(CLI::IsMember({"table", "json", "yaml", "csv", "jsonl", "xlsx", "parquet", "arrow"}));
  verb->add_option("--file", options->file, "Write the result to this file");
  verb->add_option("--timespan", options->timespan,
                   "Time of the rows: PT1H, P1D, START/END, START/PT1H or PT1H/END");
  verb->add_option("--workspace", options->workspace,
                   "Its id or name; the default one if not given");
  verb->add_option("--saved", options->saved,
                   "Run this saved query instead; with parameters: 'NAME(1d, \"web\")'");
  verb->add_option(
      "--save", options->save,
      "Do not run the query, but keep it under this name; others use it as a function");
  verb->add_option("--parameters", options->parameters,
                   "With --save: the function's, as in '(since: timespan = 1d)'");
  verb->add_option("--description", options->description, "With --save: what it is for");
  verb->add_option("--forget", options->forget, "Remove this saved query");
  verb->add_flag(
      "-i,--interactive", options->interactive,
      "Ask for queries, with history and completion; so it is on a terminal without one");
  verb->add_flag("--list", options->list, "List the saved queries");
  verb->add_flag("--explain", options->explain, "Show how the query is run, not its rows");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run_query(context, *options); }; });
}

}  // namespace lw::cli
