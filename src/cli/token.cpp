// SPDX-License-Identifier: Apache-2.0
// linewatch token: who may call the API, and linewatch audit: who changed what.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/table.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

struct TokenOptions {
  std::string name;
  std::string role = "reader";
  int days = 0;
  int limit = 100;
};

int create(const Context& context, const TokenOptions& options) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  Value wish = Value::object({{"name", options.name}, {"role", options.role}});
  if (options.days > 0) wish.set("expiresInDays", options.days);
  const auto made = client->send("POST", "/api/v1/tokens", {}, to_json(wish), "application/json");
  if (!made) return report(made.error());
  if (context.output.empty() || context.output == "table") {
    // Nothing else, so that a script can take it.
    fmt::print("{}\n", made->text("token"));
  } else {
    print_object(context.output, *made);
  }
  return kExitSuccess;
}

int remove(const Context& context, const std::string& name) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto removed =
      client->send("DELETE", "/api/v1/tokens/" + io::percent_encode(name), {}, "", "");
  if (!removed) return report(removed.error());
  fmt::print("removed {}\n", name);
  return kExitSuccess;
}

int list(const Context& context, const std::string& path, const std::vector<Column>& columns,
         const ApiClient::Query& query) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto answer = client->get(path, query);
  if (!answer) return report(answer.error());
  const Value* const items = answer->find("value");
  print_list(context.output, columns, items != nullptr ? *items : Value::array());
  return kExitSuccess;
}

std::string expiry_text(const Value& token) {
  const std::string expires = token.text("expires", "never");
  return token.flag("expired") ? expires + " (expired)" : expires;
}

void add_create(CLI::App& token, Context& context, const std::shared_ptr<TokenOptions>& options) {
  auto* const verb = token.add_subcommand("create", "Make a token and print it, this once");
  verb->add_option("name", options->name, "Whose it is; the audit log shows it")->required();
  verb->add_option("--role", options->role,
                   "reader: sees all; operator: changes monitors as well; administrator: manages "
                   "agents and tokens as well")
      ->check(CLI::IsMember({"reader", "operator", "administrator"}))
      ->capture_default_str();
  verb->add_option("--days", options->days, "Good for so many days; default: until it is removed")
      ->check(CLI::Range(1, 3650));
  verb->callback(
      [=, &context] { context.action = [=, &context] { return create(context, *options); }; });
}

}  // namespace

void add_token(CLI::App& app, Context& context) {
  auto* const token = app.add_subcommand("token", "Tokens with which people and programs sign in");
  token->require_subcommand(1);
  auto options = std::make_shared<TokenOptions>();
  add_create(*token, context, options);
  token->add_subcommand("list", "All tokens, without their texts")->callback([&context] {
    context.action = [&context] {
      return list(context, "/api/v1/tokens",
                  {column("NAME", "name"),
                   column("ROLE", "role"),
                   column("CREATED", "created"),
                   {.title = "EXPIRES", .text = expiry_text}},
                  {});
    };
  });
  auto* const remove_verb = token->add_subcommand("remove", "Make a token good for nothing");
  remove_verb->add_option("name", options->name, "Its name")->required();
  remove_verb->callback(
      [=, &context] { context.action = [=, &context] { return remove(context, options->name); }; });
}

void add_audit(CLI::App& app, Context& context) {
  auto* const audit =
      app.add_subcommand("audit", "Who changed what, or tried to without being allowed");
  auto limit = std::make_shared<int>(100);
  audit->add_option("--limit", *limit, "At most so many, the newest")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  audit->callback([=, &context] {
    context.action = [=, &context] {
      return list(
          context, "/api/v1/audit",
          {column("TIME", "time"), column("CALLER", "caller"), column("FROM", "address"),
           column("STATUS", "status"), column("METHOD", "method"), column("TARGET", "target")},
          {{"limit", std::to_string(*limit)}});
    };
  });
}

}  // namespace lw::cli
