// SPDX-License-Identifier: Apache-2.0
#include "cli/query_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "cli/progress.h"
#include "cli/query_error.h"
#include "cli/query_output.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace lw::cli {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

/// Where the result goes; null: the file cannot be written.
File open_output(const std::string& name) {
  return File(name.empty() ? ::fdopen(::dup(STDOUT_FILENO), "wb") : std::fopen(name.c_str(), "wb"));
}

void print_texts(const char* title, const Value* texts) {
  if (texts == nullptr || !texts->is_array() || texts->as_array().empty()) return;
  fmt::print("{}\n", title);
  for (const Value& text : texts->as_array()) {
    if (text.is_string()) fmt::print("  {}\n", text.as_string());
  }
}

}  // namespace

std::string query_body(const std::string& query, const QueryOptions& options) {
  Value body = Value::object({{"query", query}});
  if (!options.timespan.empty()) body.set("timespan", options.timespan);
  if (!options.workspace.empty()) body.set("workspace", options.workspace);
  if (options.explain) body.set("explain", true);
  return to_json(body);
}

int refuse_query(const ApiClient& client, const io::HttpClientResponse& response,
                 const std::string& query) {
  const std::string text = explain_query_error(query, response.body);
  if (text.empty()) return report(client.error_of(response));
  fmt::print(stderr, "linewatch: {}\n", text);
  return response.status == 400 ? kExitMisuse : kExitNegative;
}

int run_one_query(ApiClient& client, const std::string& query, const QueryOptions& options,
                  const std::string& output, const std::function<bool()>& is_dropped) {
  if (is_binary_format(output) && options.file.empty() && is_terminal()) {
    return report({ErrorCode::InvalidInput,
                   fmt::format("-o {} is no text; add --file NAME, or send it to a pipe", output)});
  }
  const File file = open_output(options.file);
  if (!file) {
    return report({ErrorCode::InvalidInput, fmt::format("{} cannot be written", options.file)});
  }
  const auto printer = make_query_output(output, file.get());
  // What is printed on the same terminal must not run into the line that tells of waiting.
  const bool shows_at_once = options.file.empty() && is_terminal() && output != "table";
  const SystemClock clock;
  Progress progress(::isatty(STDERR_FILENO) == 1, clock);
  bool is_enough = false;
  const auto was_dropped = [&] { return is_dropped && is_dropped(); };
  client.while_waiting([&] {
    progress.show();
    return was_dropped();
  });
  const auto response =
      client.call("POST", "/api/v1/query", {{"format", std::string(server_format(output))}},
                  query_body(query, options), "application/json", [&](std::string_view piece) {
                    if (shows_at_once) progress.clear();
                    progress.took(piece.size());
                    is_enough = !printer->take(piece);
                    return !is_enough && !was_dropped();
                  });
  client.while_waiting({});
  progress.clear();
  if (was_dropped()) {
    fmt::print(stderr, "linewatch: the query was given up\n");
    return kExitNegative;
  }
  if (!response && !is_enough) return report(response.error());
  if (response && response->status != 200) return refuse_query(client, *response, query);
  const auto ended = printer->end();
  return ended ? kExitSuccess : report(ended.error());
}

int explain_query(ApiClient& client, const std::string& query, const QueryOptions& options,
                  const std::string& output) {
  auto response =
      client.call("POST", "/api/v1/query", {}, query_body(query, options), "application/json");
  if (!response) return report(response.error());
  if (response->status != 200) return refuse_query(client, *response, query);
  const auto facts = parse_json(response->body);
  if (!facts) return report(facts.error());
  if (output == "json" || output == "yaml") {
    print_object(output, *facts);
    return kExitSuccess;
  }
  print_texts("TABLES", facts->find("tables"));
  print_texts("REACHES THE TABLES", facts->find("restrictions"));
  print_texts("ENGINE", facts->find("engine"));
  fmt::print("SQL\n  {}\n", facts->text("sql"));
  return kExitSuccess;
}

}  // namespace lw::cli
