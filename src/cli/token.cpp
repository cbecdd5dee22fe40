// SPDX-License-Identifier: Apache-2.0
// linewatch token: who may call the API, and linewatch audit: who changed what.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/text.h"
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
  std::vector<std::string> scopes, groups, monitors, workspaces;
  bool is_for_nothing = false;
  int limit = 100;
};

/// Null: good for everything.
Value scopes_of(const TokenOptions& options) {
  Value list = Value::array();
  const auto add = [&](const std::vector<std::string>& names, const std::string& prefix) {
    for (const std::string& name : names) list.push(prefix + name);
  };
  add(options.scopes, "");
  add(options.groups, "resourceGroups/");
  add(options.monitors, "connectionMonitors/");
  add(options.workspaces, "workspaces/");
  return list.as_array().empty() && !options.is_for_nothing ? Value() : list;
}

int create(const Context& context, const TokenOptions& options) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  Value wish = Value::object({{"name", options.name}, {"role", options.role}});
  if (options.days > 0) wish.set("expiresInDays", options.days);
  if (Value scopes = scopes_of(options); !scopes.is_null()) wish.set("scopes", std::move(scopes));
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

int remove_token(const Context& context, const std::string& name) {
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

/// The ends of the ids, which is what people call them.
std::string scopes_text(const Value& token) {
  const Value* const scopes = token.find("scopes");
  if (scopes == nullptr || !scopes->is_array()) return "everything";
  std::vector<std::string> names;
  for (const Value& scope : scopes->as_array()) {
    const auto parts = split(scope.is_string() ? scope.as_string() : "", '/');
    const std::size_t size = parts.size();
    names.push_back(size < 2 ? "?" : parts[size - 2] + "/" + parts[size - 1]);
  }
  return names.empty() ? "nothing" : join(names, " ");
}

std::string expiry_text(const Value& token) {
  const std::string expires = token.text("expires", "never");
  return token.flag("expired") ? expires + " (expired)" : expires;
}

/// What the token is limited to. Several of them add up.
void add_scopes(CLI::App& verb, TokenOptions& options) {
  verb.add_option("--workspace", options.workspaces, "Good for queries of this workspace");
  verb.add_option("--monitor", options.monitors,
                  "Good for this connection monitor ([[GROUP/]WATCHER/]NAME)");
  verb.add_option("--resource-group", options.groups, "Good for all monitors of this group");
  verb.add_option("--scope", options.scopes,
                  "Good for what lies at or below the resource of this id. Without any of these: "
                  "for everything");
  verb.add_flag("--nothing", options.is_for_nothing, "Good for nothing yet");
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
  add_scopes(*verb, *options);
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
                   {.title = "SCOPE", .text = scopes_text},
                   column("CREATED", "created"),
                   {.title = "EXPIRES", .text = expiry_text}},
                  {});
    };
  });
  auto* const remove_verb = token->add_subcommand("remove", "Make a token good for nothing");
  remove_verb->add_option("name", options->name, "Its name")->required();
  remove_verb->callback([=, &context] {
    context.action = [=, &context] { return remove_token(context, options->name); };
  });
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
      return list(context, "/api/v1/audit",
                  {column("TIME", "time"), column("CALLER", "caller"), column("FROM", "address"),
                   column("STATUS", "status"), column("METHOD", "method"),
                   column("TARGET", "target"), column("DETAIL", "detail")},
                  {{"limit", std::to_string(*limit)}});
    };
  });
}

}  // namespace lw::cli
