// SPDX-License-Identifier: Apache-2.0
// What can be asked: tables with their columns, for Azure's clients and for editors.
#include "kql/vocabulary.h"
#include "server/logs/routes.h"

namespace lw::server::logs {
namespace {

Value columns_of(const LogTable& table) {
  Value columns = Value::array();
  for (const LogColumn& column : table.columns) {
    Value value = Value::object({{"name", column.name}, {"type", kql::name_of(column.type)}});
    if (!column.description.empty()) value.set("description", column.description);
    columns.push(std::move(value));
  }
  return columns;
}

Value table_value(const LogTable& table) {
  Value value = Value::object(
      {{"id", "t/" + table.name}, {"name", table.name}, {"description", table.description}});
  if (table.find("TimeGenerated") != nullptr) value.set("timespanColumn", "TimeGenerated");
  value.set("columns", columns_of(table));
  return value;
}

bool is_shown(const LogTable& table, bool sees_audit) {
  return sees_audit || !table.source.is_audit;
}

Value tables_value(bool sees_audit) {
  Value tables = Value::array();
  for (const LogTable& table : log_tables()) {
    if (is_shown(table, sees_audit)) tables.push(table_value(table));
  }
  return tables;
}

/// In the shape of Azure's metadata API.
Value metadata_of(const Service& service, const WorkspaceView& view, bool sees_audit) {
  Value related = Value::array();
  for (const LogTable& table : log_tables()) {
    if (is_shown(table, sees_audit)) related.push("t/" + table.name);
  }
  Value workspace = Value::object({{"id", view.id},
                                   {"name", view.name},
                                   {"resourceId", "/subscriptions/" + service.subscription() +
                                                      "/resourceGroups/NetworkWatcherRG/providers/"
                                                      "Microsoft.OperationalInsights/workspaces/" +
                                                      view.name},
                                   {"region", "local"},
                                   {"tables", std::move(related)}});
  Value workspaces = Value::array();
  workspaces.push(std::move(workspace));
  Value value;
  value.set("tables", tables_value(sees_audit));
  value.set("workspaces", std::move(workspaces));
  for (const char* const empty : {"tableGroups", "categories", "solutions", "functions", "queries",
                                  "applications", "resourceTypes", "permissions"}) {
    value.set(empty, Value::array());
  }
  return value;
}

Value names_value(const std::vector<std::string>& names) {
  Value list = Value::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Value functions_value(const std::vector<kql::FunctionWords>& functions) {
  Value list = Value::array();
  for (const kql::FunctionWords& function : functions) {
    list.push(Value::object({{"name", function.name}, {"parameters", function.parameters}}));
  }
  return list;
}

}  // namespace

Value schema_value(bool sees_audit) {
  return Value::object({{"tables", tables_value(sees_audit)}});
}

Value capabilities_value() {
  Value value;
  value.set("operators", names_value(kql::operator_names()));
  value.set("functions", functions_value(kql::scalar_functions()));
  value.set("aggregates", functions_value(kql::aggregate_functions()));
  value.set("types", names_value({"bool", "int", "long", "real", "decimal", "string", "datetime",
                                  "timespan", "guid", "dynamic"}));
  value.set("formats", names_value({"json", "jsonl", "csv", "xlsx", "parquet", "arrow"}));
  value.set("rowsMax", static_cast<std::int64_t>(kRowsMax));
  value.set("waitMaxSec", std::int64_t{kWaitMax.count()});
  return value;
}

void add_metadata_routes(Router& router, Service& service) {
  const auto metadata = [&service](const Call& call) {
    const auto view = service.workspaces().find(call.path.at("workspace"));
    if (!call.scope->covers_all() &&
        (!view || !call.scope->covers_workspace(view->name, view->id))) {
      return refuse(call, insufficient_access());
    }
    if (!view) {
      return refuse(call, {.status = 404,
                           .code = "PathNotFoundError",
                           .message = "There is no workspace '" +
                                      call.path.at("workspace").substr(0, 100) + "'."});
    }
    reply(call, to_json(metadata_of(service, *view, sees_audit(call))));
  };
  for (const char* const method : {"GET", "POST"}) {
    router.add(method, "/v1/workspaces/{workspace}/metadata", {Access::Reader, Reach::Own},
               metadata);
    router.add(method, "/workspaces/{workspace}/metadata", {Access::Reader, Reach::Own}, metadata);
  }
}

}  // namespace lw::server::logs
