// SPDX-License-Identifier: Apache-2.0
#include "server/logs/saved_queries.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/document.h"
#include "base/files.h"
#include "server/logs/log_table.h"

namespace lw::server::logs {
namespace {

Result<void> check(const SavedQuery& query) {
  const std::string shown = query.function.name.substr(0, 100);
  const bool is_table = std::ranges::any_of(
      log_tables(), [&](const LogTable& table) { return table.name == query.function.name; });
  if (is_table || !kql::is_function_name(query.function.name)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` cannot be a query's name: up to 64 letters, digits and _, no "
                            "digit first, and no word of KQL or table",
                            shown));
  }
  const std::size_t size =
      query.function.text.size() + query.function.parameters.size() + query.description.size();
  if (size > SavedQueries::kTextMax) {
    return fail(ErrorCode::InvalidInput, fmt::format("the query `{}` is longer than {} KiB", shown,
                                                     SavedQueries::kTextMax / 1024));
  }
  const kql::Diagnostics faults = kql::faults_of(query.function);
  if (faults.empty()) return {};
  return fail(ErrorCode::InvalidInput,
              fmt::format("the query `{}`: {}", shown, faults.front().message));
}

SavedQuery from_value(const Value& value) {
  SavedQuery query{.function = {.name = value.text("name"),
                                .parameters = value.text("parameters"),
                                .text = value.text("query")},
                   .description = value.text("description"),
                   .author = value.text("author"),
                   .updated = {}};
  if (const auto updated = parse_iso8601(value.text("updated"))) query.updated = *updated;
  return query;
}

}  // namespace

Value to_value(const SavedQuery& query) {
  return Value::object({{"name", query.function.name},
                        {"query", query.function.text},
                        {"parameters", query.function.parameters},
                        {"description", query.description},
                        {"author", query.author},
                        {"updated", to_iso8601(query.updated)}});
}

Result<void> SavedQueries::open(std::string file) {
  file_ = std::move(file);
  if (!file_exists(file_)) return {};
  const Value document = TRY(parse_json(TRY(read_file(file_))));
  const Value* const list = document.find("queries");
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::InvalidInput, file_ + " is no list of queries; restore or remove it");
  }
  Queries queries;
  for (const Value& item : list->as_array()) {
    SavedQuery query = from_value(item);
    queries.insert_or_assign(query.function.name, std::move(query));
  }
  queries_.with([&](Queries& known) { known = std::move(queries); });
  return {};
}

Result<void> SavedQueries::save(const Queries& queries) const {
  Value list = Value::array();
  for (const auto& [name, query] : queries) list.push(to_value(query));
  return write_file_atomically(
      file_, to_json(Value::object({{"queries", std::move(list)}}), 2) + "\n", 0600);
}

Result<void> SavedQueries::put(const SavedQuery& query) {
  TRY(check(query));
  return queries_.with([&](Queries& known) -> Result<void> {
    Queries changed = known;
    changed.insert_or_assign(query.function.name, query);
    if (changed.size() > kQueriesMax) {
      return fail(ErrorCode::Conflict,
                  fmt::format("there are {} saved queries already; remove some", kQueriesMax));
    }
    TRY(save(changed));
    known = std::move(changed);
    return {};
  });
}

Result<void> SavedQueries::remove(const std::string& name) {
  return queries_.with([&](Queries& known) -> Result<void> {
    Queries changed = known;
    if (changed.erase(name) == 0) {
      return fail(ErrorCode::NotFound,
                  fmt::format("there is no saved query `{}`", name.substr(0, 100)));
    }
    TRY(save(changed));
    known = std::move(changed);
    return {};
  });
}

std::vector<SavedQuery> SavedQueries::all() const {
  std::vector<SavedQuery> list;
  queries_.with([&](const Queries& known) {
    for (const auto& [name, query] : known) list.push_back(query);
  });
  return list;
}

std::optional<SavedQuery> SavedQueries::find(const std::string& name) const {
  return queries_.with([&](const Queries& known) -> std::optional<SavedQuery> {
    const auto found = known.find(name);
    if (found == known.end()) return std::nullopt;
    return found->second;
  });
}

std::vector<kql::SavedFunction> SavedQueries::functions() const {
  std::vector<kql::SavedFunction> list;
  queries_.with([&](const Queries& known) {
    for (const auto& [name, query] : known) list.push_back(query.function);
  });
  return list;
}

}  // namespace lw::server::logs
