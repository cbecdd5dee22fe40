// SPDX-License-Identifier: Apache-2.0
#include "server/api/router.h"

#include <gtest/gtest.h>

#include "base/channel.h"
#include "io/http_client.h"

namespace lw::server::api {
namespace {

using registry::Role;

/// A router behind a real HTTP server. The caller's role is what the header X-Role says.
class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    const auto echo = [](const std::string& what) {
      return [what](const Call& call) {
        Value body;
        body.set("handler", what);
        for (const auto& [name, value] : call.path) body.set(name, value);
        answer(call, body);
      };
    };
    router_.add("GET", "/open", Access::Everybody, echo("open"));
    router_.add("GET", "/things", Access::Reader, echo("list"));
    router_.add("GET", "/things/{name}", Access::Reader, echo("get"));
    router_.add("PUT", "/things/{name}", Access::Operator, echo("put"));
    router_.add("DELETE", "/things/{name}", Access::Administrator, echo("delete"));
    router_.add("GET", "/things/{name}/parts/{part}", Access::Reader, echo("part"));
    server_ =
        io::HttpServer::start({}, [this](io::HttpRequest request, io::HttpResponder responder) {
          const std::string role = request.header("X-Role");
          router_.dispatch(std::move(request), std::move(responder), caller_of(role));
        }).value();
  }
  static std::optional<Caller> caller_of(const std::string& text) {
    if (text == "reader") return Caller{"ann", Role::Reader};
    if (text == "operator") return Caller{"bob", Role::Operator};
    if (text == "administrator") return Caller{"root", Role::Administrator};
    return std::nullopt;
  }
  io::HttpClientResponse call(const std::string& method, const std::string& target,
                              const std::string& role = "administrator") {
    io::HttpClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    request.headers = {{"X-Role", role}};
    auto response = client_.request(request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    return response.value_or(io::HttpClientResponse{});
  }
  static Value body_of(const io::HttpClientResponse& response) {
    auto body = parse_json(response.body);
    EXPECT_TRUE(body.has_value()) << response.body;
    return body.value_or(Value());
  }
  static std::string error_code(const io::HttpClientResponse& response) {
    const Value body = body_of(response);
    const Value* const error = body.find("error");
    EXPECT_TRUE(error != nullptr && !error->text("message").empty()) << response.body;
    return error == nullptr ? "" : error->text("code");
  }

  Router router_;
  io::HttpClient client_;
  std::unique_ptr<io::HttpServer> server_;
};

TEST_F(RouterTest, changes_and_refusals_are_audited_and_reading_is_not) {
  Channel<registry::AuditEntry> told(100, WhenFull::Refuse);
  router_.set_audit([&](registry::AuditEntry entry) { told.push(std::move(entry)); });
  call("GET", "/things");
  call("GET", "/open");
  call("PUT", "/things/x?y=1", "operator");
  call("DELETE", "/things/x", "reader");
  call("DELETE", "/things/x", "nobody");
  std::string all;
  while (const auto entry = told.try_pop()) {
    all += entry->caller + " " + entry->method + " " + entry->target + " " +
           std::to_string(entry->status) + " from " + entry->address + "\n";
  }
  EXPECT_EQ(all,
            "bob PUT /things/x?y=1 200 from 127.0.0.1\n"
            "ann DELETE /things/x 403 from 127.0.0.1\n");
}

TEST_F(RouterTest, finds_the_handler_by_method_and_path) {
  EXPECT_EQ(body_of(call("GET", "/things")).text("handler"), "list");
  EXPECT_EQ(body_of(call("PUT", "/things/x")).text("handler"), "put");
  const Value part = body_of(call("GET", "/things/a/parts/b?name=c"));
  EXPECT_EQ(part.text("handler"), "part");
  EXPECT_EQ(part.text("name"), "a");
  EXPECT_EQ(part.text("part"), "b");
}

TEST_F(RouterTest, a_name_may_hold_anything_when_it_is_escaped) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a%2Fb", "a/b"},   {"a%20b", "a b"},    {"a+b", "a+b"},
      {"%7Bx%7D", "{x}"}, {"%C3%BC%3F", "ü?"}, {"parts", "parts"}};
  for (const auto& [segment, name] : cases) {
    EXPECT_EQ(body_of(call("GET", "/things/" + segment)).text("name"), name) << segment;
  }
}

TEST_F(RouterTest, what_is_not_there_is_404_with_the_path_in_words) {
  for (const std::string target :
       {"/", "/thing", "/things/", "/things/a/b", "/things/a/parts/", "//things", "/THINGS"}) {
    const auto response = call("GET", target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(error_code(response), "NotFound") << target;
  }
  EXPECT_NE(call("GET", "/nowhere?x=1").body.find("/nowhere"), std::string::npos);
}

TEST_F(RouterTest, a_wrong_method_is_405_and_says_which_are_right) {
  const auto response = call("POST", "/things/x");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.header("Allow"), "GET, PUT, DELETE");
  EXPECT_EQ(error_code(response), "MethodNotAllowed");
  EXPECT_EQ(call("PUT", "/things").header("Allow"), "GET");
}

TEST_F(RouterTest, each_role_may_what_it_may) {
  struct Case {
    std::string method, target, role;
    int status;
  };
  const std::vector<Case> cases = {
      {"GET", "/open", "", 200},
      {"GET", "/things", "", 401},
      {"GET", "/things", "reader", 200},
      {"PUT", "/things/x", "", 401},
      {"PUT", "/things/x", "reader", 403},
      {"PUT", "/things/x", "operator", 200},
      {"PUT", "/things/x", "administrator", 200},
      {"DELETE", "/things/x", "reader", 403},
      {"DELETE", "/things/x", "operator", 403},
      {"DELETE", "/things/x", "administrator", 200},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(call(one.method, one.target, one.role).status, one.status)
        << one.method << " " << one.target << " as `" << one.role << "`";
  }
}

TEST_F(RouterTest, who_is_unknown_is_told_how_to_sign_in) {
  const auto response = call("GET", "/things", "");
  EXPECT_EQ(error_code(response), "Unauthenticated");
  EXPECT_EQ(response.header("WWW-Authenticate"), "Bearer");
  EXPECT_NE(response.body.find("admin.token"), std::string::npos);
  EXPECT_EQ(error_code(call("PUT", "/things/x", "reader")), "PermissionDenied");
}

TEST(ApiErrors, each_kind_of_error_has_one_status) {
  const std::vector<std::pair<ErrorCode, int>> cases = {
      {ErrorCode::InvalidInput, 400},     {ErrorCode::Unauthenticated, 401},
      {ErrorCode::PermissionDenied, 403}, {ErrorCode::NotFound, 404},
      {ErrorCode::Conflict, 409},         {ErrorCode::LimitExceeded, 422},
      {ErrorCode::Internal, 500},         {ErrorCode::Unavailable, 503},
      {ErrorCode::NoSpace, 503}};
  for (const auto& [code, status] : cases) EXPECT_EQ(http_status_of(code), status);
}

}  // namespace
}  // namespace lw::server::api
