// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "cli/api_client.h"

namespace lw::cli {

struct QueryOptions {
  std::string query, output, file, timespan, workspace;
  std::string saved, save, forget, parameters, description;
  bool explain = false, list = false, interactive = false;
};

/// The body of a request to /api/v1/query.
std::string query_body(const std::string& query, const QueryOptions& options);
/// Says why there is no answer, with the place in the query; the exit code.
int refuse_query(const ApiClient& client, const io::HttpClientResponse& response,
                 const std::string& query);

/// Asks and writes the rows as `output` says; the exit code. After a second it tells on standard
/// error, if that is a terminal, that it still waits. `is_dropped` is asked now and then: true
/// gives the query up.
int run_one_query(ApiClient& client, const std::string& query, const QueryOptions& options,
                  const std::string& output, const std::function<bool()>& is_dropped = {});

/// How it would be run, instead of its rows; the exit code.
int explain_query(ApiClient& client, const std::string& query, const QueryOptions& options,
                  const std::string& output);

}  // namespace lw::cli
