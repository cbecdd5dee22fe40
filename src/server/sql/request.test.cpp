// SPDX-License-Identifier: Apache-2.0
#include "server/sql/request.h"

#include <gtest/gtest.h>

namespace lw::server::sql {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

io::HttpRequest with(Pairs query, Pairs headers = {}, std::string body = {}) {
  io::HttpRequest request;
  request.method = "POST";
  request.query = std::move(query);
  request.headers = std::move(headers);
  request.body = std::move(body);
  return request;
}

TEST(SqlRequest, ReadsWhatClientsSend) {
  const auto read = read_request(with({{"query", "SELECT {a:String}"},
                                       {"database", "team-a"},
                                       {"default_format", "Native"},
                                       {"param_a", "x"},
                                       {"query_id", "id-1"},
                                       {"session_id", "s"},
                                       {"wait_end_of_query", "1"},
                                       {"max_execution_time", "60"},
                                       {"output_format_json_quote_64bit_integers", "0"},
                                       {"max_result_rows", "10"},
                                       {"result_overflow_mode", "break"},
                                       {"compress", "0"}},
                                      {{"X-ClickHouse-Format", "JSON"}}, "more"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "SELECT {a:String}\nmore");
  EXPECT_EQ(read->database, "team-a");
  EXPECT_EQ(read->format, "Native");
  EXPECT_EQ(read->query_id, "id-1");
  EXPECT_EQ(read->parameters, (store::NamedValues{{"param_a", "x"}}));
  EXPECT_EQ(read->settings, (store::NamedValues{{"max_execution_time", "60"},
                                                {"output_format_json_quote_64bit_integers", "0"},
                                                {"limit", "10"}}));
}

TEST(SqlRequest, RefusesSettingsThatDecideMore) {
  for (const Pairs& query : std::vector<Pairs>{{{"readonly", "0"}},
                                               {{"additional_table_filters", "{}"}},
                                               {{"max_memory_usage", "0"}},
                                               {{"max_result_bytes", "0"}},
                                               {{"allow_introspection_functions", "1"}},
                                               {{"format_schema", "a"}},
                                               {{"output_format_schema", "a"}},
                                               {{"query_plan_merge_filters", "1"}},
                                               {{"optimize_move_to_prewhere", "1"}},
                                               {{"role", "admin"}},
                                               {{"compress", "1"}},
                                               {{"param_a b", "x"}},
                                               {{"param_", "x"}},
                                               {{"output_format_ x", "1"}},
                                               {{"max_execution_time&readonly", "0"}},
                                               {{"default_format", "Template"}}}) {
    const auto read = read_request(with(query));
    ASSERT_FALSE(read) << query[0].first;
    EXPECT_EQ(read.error().status, 400);
  }
  EXPECT_FALSE(read_request(with({}, {{"Content-Encoding", "gzip"}}, "x")));
  EXPECT_FALSE(read_request(with({}, {{"Content-Type", "multipart/form-data; boundary=x"}}, "x")));
  EXPECT_EQ(read_request(with({{"password", "x"}})).error().status, 401);
}

TEST(SqlRequest, NoClientWaitsWithoutEnd) {
  for (const char* const value : {"0", "-1", "x", "100000"}) {
    const auto read = read_request(with({{"max_execution_time", value}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->settings.at(0).second, "600") << value;
  }
}

TEST(SqlRequest, AnIdThatHarmsAHeaderIsNotTaken) {
  EXPECT_EQ(read_request(with({{"query_id", "a\r\nSet-Cookie: x"}}))->query_id.size(), 36U);
}

TEST(SqlRequest, TokensComeAsClickHousesPasswords) {
  EXPECT_EQ(authorization_of(with({}, {{"X-ClickHouse-User", "u"}, {"X-ClickHouse-Key", "t"}})),
            "Bearer t");
  EXPECT_EQ(authorization_of(with({}, {{"Authorization", "Basic dTp0"}})), "Bearer t");
  EXPECT_EQ(authorization_of(with({}, {{"Authorization", "Basic dTp0OnQ="}})), "Bearer t:t");
  EXPECT_EQ(authorization_of(with({}, {{"Authorization", "Bearer b"}})), "Bearer b");
  EXPECT_EQ(authorization_of(with({}, {{"Authorization", "Basic ?"}})), "Basic ?");
  EXPECT_EQ(authorization_of(with({})), "");
}

TEST(SqlRequest, KnowsItsTargets) {
  for (const char* const target : {"/sql", "/sql/", "/sql?query=1", "/sql/ping"}) {
    EXPECT_TRUE(is_sql_target(target)) << target;
  }
  for (const char* const target : {"/", "/sqlx", "/api/v1/sql", "/SQL"}) {
    EXPECT_FALSE(is_sql_target(target)) << target;
  }
}

}  // namespace
}  // namespace lw::server::sql
