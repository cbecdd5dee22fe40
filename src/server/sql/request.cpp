// SPDX-License-Identifier: Apache-2.0
#include "server/sql/request.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/base64.h"
#include "base/number.h"
#include "base/random.h"
#include "base/text.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{1} << 20;
constexpr std::size_t kQueryIdMax = 100;
constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";

constexpr std::array<std::string_view, 9> kPassedOn = {
    "extremes",       "join_use_nulls",  "date_time_output_format",
    "max_block_size", "max_result_rows", "session_timezone",
    "limit",          "offset",          "max_execution_time"};

/// Hints, what a read-only answer does not depend on, and what we keep nothing of: there are no
/// sessions, since no statement leaves anything behind.
constexpr std::array<std::string_view, 25> kPassedOver = {
    "query",
    "user",
    "quota_key",
    "buffer_size",
    "wait_end_of_query",
    "stacktrace",
    "session_id",
    "session_timeout",
    "session_check",
    "client_protocol_version",
    "enable_http_compression",
    "http_zlib_compression_level",
    "http_make_head_request",
    "http_write_exception_in_output_format",
    "send_progress_in_http_headers",
    "http_headers_progress_interval_ms",
    "add_http_cors_header",
    "cancel_http_readonly_queries_on_client_close",
    "log_comment",
    "log_queries",
    "date_time_input_format",
    "result_overflow_mode",
    "max_threads",
    "use_uncompressed_cache",
    "max_insert_block_size"};

/// Only what asks for nothing passes.
constexpr std::array<std::string_view, 3> kOffOnly = {"compress", "decompress", "close_session"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Refusal bad_setting(const std::string& name, const std::string& why) {
  return {.status = 400,
          .number = 115,
          .name = "UNKNOWN_SETTING",
          .message = fmt::format("The parameter {}: {}", name.substr(0, 100), why)};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kQueryIdMax &&
         name.find_first_not_of(kNameLetters) == std::string_view::npos;
}

bool is_parameter_name(std::string_view name) { return is_name(to_lower(name)); }

/// Whether there is something to pass on; or why the parameter is refused.
Outcome<bool> judge(const std::string& name, const std::string& value) {
  if (name == "password") {
    return std::unexpected(Refusal{
        .status = 401,
        .number = 516,
        .name = "AUTHENTICATION_FAILED",
        .message = "A token does not belong in a URL, which others log; send it as the password in "
                   "Basic authorization, or in the header X-ClickHouse-Key"});
  }
  if (contains(kPassedOver, name) || name.starts_with("input_format_")) return false;
  if (contains(kOffOnly, name)) {
    if (value.empty() || value == "0" || value == "false") return false;
    return std::unexpected(bad_setting(name, "it is not offered here; set it to 0"));
  }
  if (name == "readonly") {
    if (value == "1" || value == "2") return false;
    return std::unexpected(bad_setting(name, "everything is read-only here"));
  }
  // `output_format_schema` is the name of a file.
  const bool is_ours =
      is_name(name) && (contains(kPassedOn, name) ||
                        (name.starts_with("output_format_") && name != "output_format_schema"));
  if (is_ours) return true;
  return std::unexpected(bad_setting(name, "it is unknown, or may not be set here"));
}

/// The limit that the engine holds is of whole seconds and never none.
std::string seconds_of(const std::string& value) {
  const auto seconds = parse_number<std::uint32_t>(value);
  return std::to_string(seconds && *seconds > 0 && *seconds < 600 ? *seconds : 600);
}

Outcome<void> read_parameter(const std::string& name, const std::string& value, Request& request) {
  if (name == "database") {
    request.database = value;
  } else if (name == "default_format") {
    request.format = value;
  } else if (name == "query_id") {
    request.query_id = value;
  } else if (name.starts_with("param_")) {
    if (!is_parameter_name(name.substr(6))) {
      return std::unexpected(bad_setting(name, "this is no name of a parameter"));
    }
    request.parameters.emplace_back(name, value);
  } else {
    const auto goes_on = judge(name, value);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) return {};
    request.settings.emplace_back(name, name == "max_execution_time" ? seconds_of(value) : value);
  }
  return {};
}

/// Clients that want so many rows and no more say it by two settings, of which the second is ours
/// to decide on; the engine has another one for it.
void break_at_limit(const io::HttpRequest& http, Request& request) {
  if (http.parameter("result_overflow_mode") != "break") return;
  for (auto& [name, value] : request.settings) {
    if (name == "max_result_rows") name = "limit";
  }
}

bool is_plain(std::string_view text) {
  constexpr std::string_view kMore = "-.:";
  return !text.empty() && text.size() <= kQueryIdMax && std::ranges::all_of(text, [&](char c) {
    return kNameLetters.contains(c) || kMore.contains(c) || (c >= 'A' && c <= 'Z');
  });
}

Outcome<void> read_body(const io::HttpRequest& http, Request& request) {
  if (!http.header("Content-Encoding").empty()) {
    return std::unexpected(bad_setting("Content-Encoding", "send the body as it is"));
  }
  if (to_lower(http.header("Content-Type")).starts_with("multipart/")) {
    return std::unexpected(bad_setting("Content-Type", "external tables are not offered here"));
  }
  request.text = http.parameter("query");
  if (request.text.empty()) {
    request.text = http.body;
  } else if (!http.body.empty()) {
    request.text += "\n" + http.body;
  }
  if (request.text.size() > kTextBytesMax) {
    return std::unexpected(syntax_error("The statement is longer than 1 MiB"));
  }
  return {};
}

}  // namespace

bool is_sql_target(std::string_view target) {
  constexpr std::string_view kPrefix = "/sql";
  if (!target.starts_with(kPrefix)) return false;
  const std::string_view behind = target.substr(kPrefix.size());
  return behind.empty() || behind.front() == '/' || behind.front() == '?';
}

std::string authorization_of(const io::HttpRequest& request) {
  if (const std::string key = request.header("X-ClickHouse-Key"); !key.empty()) {
    return "Bearer " + key;
  }
  std::string given = request.header("Authorization");
  if (!to_lower(given.substr(0, 6)).starts_with("basic ")) return given;
  const auto pair = bytes_of_base64(trim(std::string_view(given).substr(6)));
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return given;
  return "Bearer " + pair->substr(colon + 1);
}

Outcome<Request> read_request(const io::HttpRequest& http) {
  Request request;
  request.format = http.header("X-ClickHouse-Format");
  request.database = http.header("X-ClickHouse-Database");
  for (const auto& [name, value] : http.query) {
    if (auto read = read_parameter(name, value, request); !read) {
      return std::unexpected(read.error());
    }
  }
  if (request.format.empty()) request.format = "TabSeparated";
  if (!is_answer_format(request.format)) {
    return std::unexpected(Refusal{.status = 400,
                                   .number = 73,
                                   .name = "UNKNOWN_FORMAT",
                                   .message = "There is no such format here"});
  }
  break_at_limit(http, request);
  if (!is_plain(request.query_id)) request.query_id = random_uuid();
  if (auto read = read_body(http, request); !read) return std::unexpected(read.error());
  return request;
}

}  // namespace lw::server::sql
