// SPDX-License-Identifier: Apache-2.0
#include "store/host/http_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/base64.h"
#include "base/random.h"
#include "base/text.h"

namespace lw::store::host {

namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A setting can undo limits and reach files (format_schema, …), so only these pass.
// Those from `transform_null_in` on are what translated KQL relies on and needs (kql/translate.h);
// max_execution_time and max_result_bytes have upper ends for readers (engine.cpp). The last three
// only leave rows out, and say that this comes first: they separate those who write SQL
// (server/sql).
constexpr std::array<std::string_view, 25> kReaderSettings = {
    "join_use_nulls",
    "date_time_output_format",
    "extremes",
    "max_block_size",
    "optimize_read_in_order",
    "transform_null_in",
    "aggregate_functions_null_for_empty",
    "use_variant_as_common_type",
    "session_timezone",
    "prefer_column_name_to_alias",
    "enable_extended_results_for_datetime_functions",
    "max_parser_depth",
    "max_ast_depth",
    "max_ast_elements",
    "max_expanded_ast_elements",
    "max_subquery_depth",
    "max_query_size",
    "max_execution_time",
    "max_result_bytes",
    "max_result_rows",
    "limit",
    "offset",
    "additional_table_filters",
    "query_plan_merge_filters",
    "optimize_move_to_prewhere"};
constexpr std::array<std::string_view, 16> kWriterSettings = {
    "insert_deduplication_token",
    "deduplicate_blocks_in_dependent_materialized_views",
    "insert_deduplicate",
    "async_insert",
    "wait_for_async_insert",
    "max_memory_usage",
    "max_threads",
    "max_insert_threads",
    "max_insert_block_size",
    "max_rows_to_read",
    "result_overflow_mode",
    "mutations_sync",
    "alter_sync",
    "date_time_input_format",
    "final",
    "optimize_throw_if_noop"};
constexpr std::array<std::string_view, 11> kIgnored = {"query",
                                                       "user",
                                                       "password",
                                                       "quota_key",
                                                       "buffer_size",
                                                       "stacktrace",
                                                       "role",
                                                       "client_protocol_version",
                                                       "enable_http_compression",
                                                       "http_zlib_compression_level",
                                                       "send_progress_in_http_headers"};
constexpr std::array<std::string_view, 5> kRefused = {"compress", "decompress", "session_id",
                                                      "session_timeout", "session_check"};

bool is_setting_name(std::string_view name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool is_allowed(std::string_view name, Role role) {
  if (!is_setting_name(name)) return false;  // It becomes an argument of the engine.
  if (name.starts_with("output_format_") || contains(kReaderSettings, name)) return true;
  return role == Role::Writer &&
         (name.starts_with("input_format_") || contains(kWriterSettings, name));
}

bool is_truthy(std::string_view value) { return value == "1" || value == "true"; }

void read_parameter(const std::string& name, const std::string& value, Role role,
                    QueryRequest& result) {
  if (contains(kIgnored, name)) return;
  if (name == "database") {
    result.database = value;
  } else if (name == "default_format") {
    result.default_format = value;
  } else if (name == "query_id") {
    result.query_id = value;
  } else if (name == "wait_end_of_query") {
    result.wait_end_of_query = is_truthy(value);
  } else if (name.starts_with("param_")) {
    result.parameters.emplace_back(name.substr(6), value);
  } else if (contains(kRefused, name)) {
    if (value.empty() || value == "0") return;
    result.refused =
        refusal(48, "linewatch-store does not support the parameter " + name, "NOT_IMPLEMENTED");
  } else if (is_allowed(name, role)) {
    result.settings.emplace_back(name, value);
  } else if (role == Role::Reader && is_allowed(name, Role::Writer)) {
    result.refused =
        refusal(164, "Cannot modify '" + name + "' setting in readonly mode", "READONLY");
  } else {
    result.refused =
        refusal(115, "Setting " + name + " is unknown or may not be set here", "UNKNOWN_SETTING");
  }
}

}  // namespace

Credentials read_credentials(const io::HttpRequest& request) {
  Credentials credentials{request.header("X-ClickHouse-User"), request.header("X-ClickHouse-Key"),
                          true};
  if (!credentials.user.empty() || !credentials.password.empty()) return credentials;
  const std::string authorization = request.header("Authorization");
  if (to_lower(authorization.substr(0, 6)) == "basic ") {
    const std::string pair =
        bytes_of_base64(trim(std::string_view(authorization).substr(6))).value_or(":");
    const auto colon = std::min(pair.find(':'), pair.size());
    credentials.user = pair.substr(0, colon);
    credentials.password = colon < pair.size() ? pair.substr(colon + 1) : "";
    return credentials;
  }
  credentials.user = request.parameter("user");
  credentials.password = request.parameter("password");
  credentials.given = request.has_parameter("user") || request.has_parameter("password");
  return credentials;
}

QueryRequest read_query_request(io::HttpRequest&& request, Role role) {
  QueryRequest result;
  result.default_format = request.header("X-ClickHouse-Format");
  result.database = request.header("X-ClickHouse-Database");
  for (const auto& [name, value] : request.query) read_parameter(name, value, role, result);
  if (result.default_format.empty()) result.default_format = "TabSeparated";
  if (result.query_id.empty()) result.query_id = random_uuid();
  result.text = request.parameter("query");
  if (result.text.empty()) {
    result.text = std::move(request.body);
  } else if (!request.body.empty()) {
    result.text += '\n';
    result.text += request.body;
  }
  return result;
}

int status_of(int error_number) {
  constexpr std::array kBadRequest = {6,  25,  26,  27,  36,  38,  41,  42,  43,  53,  62, 72,
                                      85, 117, 164, 167, 168, 170, 349, 441, 442, 456, 457};
  constexpr std::array kNotFound = {46, 47, 50, 56, 60, 81, 110, 115, 116, 119, 184, 107, 140};
  constexpr std::array kForbidden = {192, 193, 497, 516};
  const auto is_in = [error_number](const auto& numbers) {
    return std::ranges::find(numbers, error_number) != numbers.end();
  };
  if (is_in(kBadRequest)) return 400;
  if (error_number == 194) return 401;
  if (is_in(kForbidden)) return 403;
  if (is_in(kNotFound)) return 404;
  if (error_number == 159 || error_number == 160) return 408;
  if (error_number == 223) return 413;
  if (error_number == 48) return 501;
  if (error_number == 202 || error_number == 209 || error_number == 76) return 503;
  return 500;
}

Answer refusal(int code, const std::string& text, const std::string& name) {
  Answer answer;
  answer.code = code;
  answer.error = "Code: " + std::to_string(code) + ". DB::Exception: " + text + ". (" + name + ")";
  return answer;
}

}  // namespace lw::store::host
