// SPDX-License-Identifier: Apache-2.0
#include "server/logs/saved_queries.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/document.h"
#include "server/logs/kept.h"
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

Result<void> SavedQueries::open(Guarded<std::optional<registry::Documents>>& documents) {
  documents_ = &documents;
  const auto all = TRY(documents.with([](auto& kept) { return kept->all(kQueryKind); }));
  queries_.with([&](Queries& known) {
    for (const auto& [name, document] : all) known.insert_or_assign(name, from_value(document));
  });
  return {};
}

Result<void> SavedQueries::put(const SavedQuery& query) {
  TRY(check(query));
  return queries_.with([&](Queries& known) -> Result<void> {
    const std::string& name = query.function.name;
    if (!known.contains(name) && known.size() >= kQueriesMax) {
      return fail(ErrorCode::Conflict,
                  fmt::format("there are {} saved queries already; remove some", kQueriesMax));
    }
    TRY(documents_->with([&](auto& kept) { return kept->put(kQueryKind, name, to_value(query)); }));
    known.insert_or_assign(name, query);
    return {};
  });
}

Result<void> SavedQueries::remove(const std::string& name) {
  return queries_.with([&](Queries& known) -> Result<void> {
    if (!known.contains(name)) {
      return fail(ErrorCode::NotFound,
                  fmt::format("there is no saved query `{}`", name.substr(0, 100)));
    }
    TRY(documents_->with([&](auto& kept) { return kept->remove(kQueryKind, name); }));
    known.erase(name);
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
