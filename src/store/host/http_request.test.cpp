// SPDX-License-Identifier: Apache-2.0
#include "store/host/http_request.h"

#include <gtest/gtest.h>

namespace lw::store::host {
namespace {

io::HttpRequest request_with(std::vector<std::pair<std::string, std::string>> query,
                             std::string body = {}) {
  io::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.query = std::move(query);
  request.body = std::move(body);
  return request;
}

TEST(HttpRequest, body_follows_the_query_parameter_on_a_new_line) {
  EXPECT_EQ(read_query_request(request_with({}, "SELECT 1"), Role::Writer).text, "SELECT 1");
  EXPECT_EQ(read_query_request(request_with({{"query", "SELECT 1"}}), Role::Writer).text,
            "SELECT 1");
  EXPECT_EQ(
      read_query_request(request_with({{"query", "INSERT INTO t FORMAT CSV"}}, "1\n"), Role::Writer)
          .text,
      "INSERT INTO t FORMAT CSV\n1\n");
}

TEST(HttpRequest, parameters_and_settings_are_told_apart) {
  const QueryRequest read = read_query_request(request_with({{"param_a", "1"},
                                                             {"max_threads", "2"},
                                                             {"database", "d"},
                                                             {"query_id", "q"},
                                                             {"default_format", "CSV"},
                                                             {"wait_end_of_query", "1"}}),
                                               Role::Writer);
  EXPECT_EQ(read.refused.code, 0);
  EXPECT_EQ(read.parameters, (NamedValues{{"a", "1"}}));
  EXPECT_EQ(read.settings, (NamedValues{{"max_threads", "2"}}));
  EXPECT_EQ(read.database, "d");
  EXPECT_EQ(read.query_id, "q");
  EXPECT_EQ(read.default_format, "CSV");
  EXPECT_TRUE(read.wait_end_of_query);
}

TEST(HttpRequest, only_known_settings_pass_and_fewer_for_a_reader) {
  const auto code_for = [](const char* name, Role role) {
    return read_query_request(request_with({{name, "1"}}), role).refused.code;
  };
  EXPECT_EQ(code_for("max_threads", Role::Writer), 0);
  EXPECT_EQ(code_for("max_threads", Role::Reader), 164);
  EXPECT_EQ(code_for("output_format_json_quote_64bit_integers", Role::Reader), 0);
  EXPECT_EQ(code_for("max_memory_usage", Role::Reader), 164);
  for (const char* const name : {"max_query_size", "max_execution_time", "max_result_bytes",
                                 "max_result_rows", "additional_table_filters"}) {
    EXPECT_EQ(code_for(name, Role::Reader), 0) << name;
    EXPECT_EQ(code_for(name, Role::Writer), 0) << name;
  }
  for (const Role role : {Role::Writer, Role::Reader}) {
    EXPECT_EQ(code_for("format_schema", role), 115);
    EXPECT_EQ(code_for("readonly", role), 115);
    EXPECT_EQ(code_for("path", role), 115);
    EXPECT_EQ(code_for("output_format_a.b", role), 115);
    EXPECT_EQ(code_for("session_id", role), 48);
    EXPECT_EQ(code_for("compress", role), 48);
  }
}

TEST(HttpRequest, credentials_come_by_header_by_basic_authorization_or_by_parameter) {
  io::HttpRequest request = request_with({{"user", "u"}, {"password", "p"}});
  EXPECT_EQ(read_credentials(request).user, "u");
  EXPECT_EQ(read_credentials(request).password, "p");
  request.headers = {{"Authorization", "Basic YmFzaWM6YTpi"}};
  EXPECT_EQ(read_credentials(request).user, "basic");
  EXPECT_EQ(read_credentials(request).password, "a:b");
  request.headers.push_back({"X-ClickHouse-User", "header"});
  EXPECT_EQ(read_credentials(request).user, "header");
  EXPECT_FALSE(read_credentials(request_with({})).given);
  request.headers = {{"Authorization", "Basic !!!"}};
  EXPECT_EQ(read_credentials(request).user, "");
}

TEST(HttpRequest, each_kind_of_error_has_its_status) {
  EXPECT_EQ(status_of(62), 400);
  EXPECT_EQ(status_of(194), 401);
  EXPECT_EQ(status_of(516), 403);
  EXPECT_EQ(status_of(497), 403);
  EXPECT_EQ(status_of(60), 404);
  EXPECT_EQ(status_of(48), 501);
  EXPECT_EQ(status_of(202), 503);
  EXPECT_EQ(status_of(241), 500);
  EXPECT_EQ(status_of(243), 500);
}

}  // namespace
}  // namespace lw::store::host
