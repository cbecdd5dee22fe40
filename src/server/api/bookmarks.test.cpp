// SPDX-License-Identifier: Apache-2.0
// Saved views and short links over real HTTP.
#include "io/pki.h"
#include "server/api/routes_fixture.h"

namespace lw::server::api {
namespace {

class BookmarksTest : public RoutesTest {
 protected:
  BookmarksTest() {
    has_gate_ = true;
    using registry::Role;
    for (const auto& [name, role] :
         {std::pair("ann", Role::Reader), std::pair("bob", Role::Operator)}) {
      tokens_.push_back(
          {.name = name, .role = role, .sha256 = io::sha256(std::string(name)), .created = {}});
    }
    tokens_.push_back({.name = "eve",
                       .role = Role::Operator,
                       .sha256 = io::sha256(std::string("eve")),
                       .created = {},
                       .scopes = std::vector<std::string>{}});
    credentials_.replace(tokens_);
  }
  Answer as(const std::string& who, const std::string& method, const std::string& target,
            const std::string& body = "") {
    io::HttpClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/v1/" + target;
    request.body = body;
    request.headers = {{"Authorization", "Bearer " + who}, {"Content-Type", "application/json"}};
    const auto response = client_.request(request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    if (!response) return {};
    return {response->status, parse_json(response->body).value_or(Value()), response->body};
  }
  /// "name>target", shared ones with a star, separated by blanks.
  std::string views(const std::string& who) {
    const Answer answer = as(who, "GET", "saved-views");
    EXPECT_EQ(answer.status, 200) << answer.text;
    std::string text;
    for (const Value& view : answer.body.find("value")->as_array()) {
      text += view.text("name") + (view.flag("shared") ? "*>" : ">") + view.text("target") + " ";
    }
    return text;
  }
  std::vector<registry::ApiToken> tokens_;
};

TEST_F(BookmarksTest, a_reader_keeps_views_of_his_own_and_operators_those_of_everybody) {
  EXPECT_EQ(as("ann", "PUT", "saved-views/mine", R"({"target": "/?view=tests"})").status, 200);
  const Answer refused =
      as("ann", "PUT", "saved-views/ours", R"({"target": "/?state=Fail", "shared": true})");
  EXPECT_EQ(refused.status, 403);
  const Answer shared =
      as("bob", "PUT", "saved-views/ours", R"({"target": "/?state=Fail", "shared": true})");
  EXPECT_EQ(shared.status, 200) << shared.text;
  EXPECT_EQ(shared.body.text("author"), "bob");
  EXPECT_EQ(views("ann"), "mine>/?view=tests ours*>/?state=Fail ");
  EXPECT_EQ(views("bob"), "ours*>/?state=Fail ");
  EXPECT_EQ(as("ann", "DELETE", "saved-views/ours?shared=true").status, 403);
  EXPECT_EQ(as("bob", "DELETE", "saved-views/mine").status, 404) << "it is somebody else's";
  EXPECT_EQ(as("ann", "DELETE", "saved-views/mine").status, 204);
  EXPECT_EQ(as("bob", "DELETE", "saved-views/ours?shared=true").status, 204);
  EXPECT_EQ(views("ann"), "");
}

TEST_F(BookmarksTest, who_has_a_scope_sees_and_makes_his_own_only) {
  ASSERT_EQ(as("bob", "PUT", "saved-views/ours", R"({"target": "/x", "shared": true})").status,
            200);
  const std::string id = as("bob", "POST", "links", R"({"target": "/secret"})").body.text("id");
  EXPECT_EQ(views("eve"), "");
  EXPECT_EQ(as("eve", "GET", "links/" + id).status, 404);
  EXPECT_EQ(as("eve", "PUT", "saved-views/e", R"({"target": "/y", "shared": true})").status, 403);
  EXPECT_EQ(as("eve", "DELETE", "saved-views/ours?shared=true").status, 403);
  EXPECT_EQ(as("eve", "PUT", "saved-views/e", R"({"target": "/y"})").status, 200);
  EXPECT_EQ(views("eve"), "e>/y ");
  const std::string own = as("eve", "POST", "links", R"({"target": "/y"})").body.text("id");
  EXPECT_EQ(as("eve", "GET", "links/" + own).body.text("target"), "/y");
}

TEST_F(BookmarksTest, a_short_link_leads_where_it_was_made) {
  const Answer made = as("ann", "POST", "links", R"({"target": "/tests/1?from=now-7d"})");
  EXPECT_EQ(made.status, 200) << made.text;
  const Answer found = as("bob", "GET", "links/" + made.body.text("id"));
  EXPECT_EQ(found.body.text("target"), "/tests/1?from=now-7d");
  EXPECT_EQ(found.body.text("author"), "ann");
  EXPECT_EQ(as("bob", "POST", "links", R"({"target": "/tests/1?from=now-7d"})").body.text("id"),
            made.body.text("id"));
  EXPECT_EQ(as("bob", "GET", "links/zzzzzzz").status, 404);
}

TEST_F(BookmarksTest, what_leads_elsewhere_or_cannot_be_read_is_refused) {
  const std::string odd = std::string(9'000, 'x');
  for (const std::string target :
       {"", "tests", "//elsewhere.example/", "https://elsewhere.example/",
        R"(/\\elsewhere.example)", "/a\\nb"}) {
    const std::string body = R"({"target": ")" + target + R"("})";
    EXPECT_EQ(as("ann", "POST", "links", body).status, 400) << target;
    EXPECT_EQ(as("ann", "PUT", "saved-views/x", body).status, 400) << target;
  }
  for (const std::string body : {"", "[]", "null", "{\"target\": 5}", "{"}) {
    EXPECT_EQ(as("ann", "POST", "links", body).status, 400) << body;
  }
  EXPECT_EQ(as("ann", "POST", "links", R"({"target": "/)" + odd + "\"}").status, 400);
  const std::vector<std::string> names = {"%20", "a%00b", "%FF", "n" + odd.substr(0, 100)};
  for (const std::string& name : names) {
    EXPECT_EQ(as("ann", "PUT", "saved-views/" + name, R"({"target": "/"})").status, 400) << name;
  }
  EXPECT_EQ(views("ann"), "");
}

}  // namespace
}  // namespace lw::server::api
