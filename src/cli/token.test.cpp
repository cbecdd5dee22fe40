// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/document.h"
#include "cli/cli_fixture.h"

namespace lw::cli {
namespace {

class TokenVerb : public ServerTest {
 protected:
  void answer(int status, const std::string& body) {
    answer_ = [this, status, body](const io::HttpRequest& request) {
      asked_ = request.method + " " + request.target + " " + request.body;
      return io::HttpResponse{.status = status, .headers = {}, .body = body};
    };
  }
  std::string asked_;
};

TEST_F(TokenVerb, PrintsTheNewTokenAndNothingElse) {
  answer(201, R"({"name":"ann","role":"operator","token":"lwt-1","expires":null})");
  const Outcome made = linewatch({"token", "create", "ann", "--role", "operator", "--days", "7"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, "lwt-1\n");
  EXPECT_EQ(asked_, R"(POST /api/v1/tokens {"name":"ann","role":"operator","expiresInDays":7})");
}

TEST_F(TokenVerb, MakesTokensThatAreLimited) {
  answer(201, R"({"name":"ann","role":"reader","token":"lwt-1","expires":null})");
  linewatch({"token", "create", "ann", "--workspace", "team", "--monitor", "w/m", "--monitor", "n",
             "--resource-group", "g", "--scope", "/subscriptions/s"});
  EXPECT_EQ(asked_,
            R"(POST /api/v1/tokens {"name":"ann","role":"reader","scopes":["/subscriptions/s",)"
            R"("resourceGroups/g","connectionMonitors/w/m","connectionMonitors/n",)"
            R"("workspaces/team"]})");
  linewatch({"token", "create", "ann", "--nothing"});
  EXPECT_EQ(asked_, R"(POST /api/v1/tokens {"name":"ann","role":"reader","scopes":[]})");
}

TEST_F(TokenVerb, ShowsWhatTokensAreGoodFor) {
  answer(200, R"({"value":[{"name":"a","role":"reader","scopes":null},)"
              R"({"name":"b","role":"reader","scopes":[]},)"
              R"({"name":"c","role":"reader","scopes":["/subscriptions/s/resourceGroups/g"]}]})");
  const Outcome listed = linewatch({"token", "list"});
  EXPECT_TRUE(contains(listed.out, "everything")) << listed.out;
  EXPECT_TRUE(contains(listed.out, "nothing")) << listed.out;
  EXPECT_TRUE(contains(listed.out, "resourceGroups/g")) << listed.out;
}

TEST_F(TokenVerb, ShowsWhichTokensHaveExpired) {
  answer(200, R"({"value":[{"name":"ann","role":"reader","created":"2026-01-01T00:00:00Z",)"
              R"("expires":"2026-02-01T00:00:00Z","expired":true},)"
              R"({"name":"admin","role":"administrator","created":"2026-01-01T00:00:00Z",)"
              R"("expires":null,"expired":false}]})");
  const Outcome listed = linewatch({"token", "list"});
  EXPECT_TRUE(contains(listed.out, "2026-02-01T00:00:00Z (expired)")) << listed.out;
  EXPECT_TRUE(contains(listed.out, "never")) << listed.out;
}

TEST_F(TokenVerb, RefusesRolesThatThereAreNot) {
  const Outcome refused = linewatch({"token", "create", "ann", "--role", "root"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(contains(refused.err, "operator")) << refused.err;
}

TEST_F(TokenVerb, RemovesByName) {
  answer(204, "");
  EXPECT_EQ(linewatch({"token", "remove", "ann b"}).code, 0);
  EXPECT_EQ(asked_, "DELETE /api/v1/tokens/ann%20b ");
}

TEST_F(TokenVerb, AuditShowsWhoDidWhat) {
  answer(200, R"({"value":[{"time":"2026-01-01T00:00:00Z","caller":"ann","address":"192.0.2.1",)"
              R"("method":"DELETE","target":"/api/v1/agents/web1","status":403}]})");
  const Outcome shown = linewatch({"audit", "--limit", "5"});
  EXPECT_TRUE(contains(shown.out, "ann     192.0.2.1  403     DELETE  /api/v1/agents/web1"))
      << shown.out;
  EXPECT_EQ(asked_, "GET /api/v1/audit?limit=5 ");
}

}  // namespace
}  // namespace lw::cli
