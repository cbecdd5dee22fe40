// SPDX-License-Identifier: Apache-2.0
// union and search.
#include <algorithm>
#include <map>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// What one member of a union stands for; a pattern stands for all tables that fit it.
std::vector<Relation> Binder::bind_union_tables(const Pipeline& pipeline, const Scope& scope) {
  const auto* table = std::get_if<TableOp>(&pipeline.operators[0].op);
  const bool is_pattern = table != nullptr && table->expr->kind == ExprKind::Star;
  std::vector<Relation> parts;
  if (!is_pattern) {
    parts.push_back(bind_pipeline(pipeline, scope));
    return parts;
  }
  const std::string pattern = table->expr->text.empty() ? "*" : table->expr->text;
  for (const Table& known : catalog_.tables) {
    if (matches_pattern(known.name, pattern)) parts.push_back(read_table(known, known.name));
  }
  for (const Scope* inner = &scope; inner != nullptr; inner = inner->outer) {
    for (const auto& [name, entity] : inner->names) {
      if (entity.kind != Entity::Kind::Table || !matches_pattern(name, pattern)) continue;
      parts.push_back(bind_entity(entity, name, pipeline.span));
      if (parts.back().label.empty()) parts.back().label = name;
    }
  }
  if (parts.empty()) fault(pipeline.span, "No table fits '" + pattern + "'.");
  return parts;
}

void Binder::apply_union(const UnionOp& op, Relation& relation, bool has_input,
                         const Scope& scope) {
  std::string source_name;
  bool is_inner = false, is_fuzzy = false;
  for (const Parameter& parameter : op.parameters) {
    const bool* flag = nullptr;
    Rows none{.scope = &scope};
    std::optional<Scalar> value;
    if (parameter.value != nullptr) value = bind(*parameter.value, none);
    if (value && value->constant) flag = std::get_if<bool>(&value->constant->value);
    if (parameter.name == "kind") {
      is_inner = parameter.text == "inner";
      if (!is_inner && parameter.text != "outer") {
        fault(parameter.span, "There is no kind '" + parameter.text + "' of union.");
      }
    } else if (parameter.name == "withsource" || parameter.name == "with_source") {
      source_name = parameter.text;
    } else if (parameter.name == "isfuzzy") {
      is_fuzzy = parameter.text == "true" || (flag != nullptr && *flag);
    } else if (!parameter.name.starts_with("hint")) {
      fault(parameter.span, "A union has no parameter '" + parameter.name + "'.");
    }
  }
  std::vector<Relation> parts;
  if (has_input) parts.push_back(std::move(relation));
  for (const PipelinePtr& table : op.tables) {
    const auto* name = std::get_if<TableOp>(&table->operators[0].op);
    const bool is_missing = is_fuzzy && name != nullptr && name->expr->kind == ExprKind::Name &&
                            !is_table(*name->expr, Rows{.scope = &scope});
    if (is_missing) continue;
    for (Relation& part : bind_union_tables(*table, scope)) parts.push_back(std::move(part));
  }
  if (parts.empty()) {
    if (op.tables.empty() || is_fuzzy) fault({}, "The union has no table.");
    relation = error_relation();
    return;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].label.empty()) parts[i].label = "union_arg" + std::to_string(i);
  }
  relation = join_union(std::move(parts), is_inner, source_name);
}

/// One column for each name; one for each type where a name has several.
Relation Binder::join_union(std::vector<Relation> parts, bool is_inner,
                            const std::string& source_name) {
  Relation result;
  for (const Relation& part : parts) {
    if (part.is_error) return error_relation();
    if (!part.partition.empty()) {
      unsupported({}, "'union' inside mv-apply or partition");
      return error_relation();
    }
  }
  std::map<std::string, std::vector<Type>> types;
  std::map<std::string, std::size_t> uses;
  std::vector<std::pair<std::string, Type>> found;
  for (const Relation& part : parts) {
    for (const Column& column : part.columns) {
      auto& known = types[column.name];
      ++uses[column.name];
      if (std::ranges::find(known, column.type) != known.end()) continue;
      known.push_back(column.type);
      found.emplace_back(column.name, column.type);
    }
  }
  auto plan = std::make_shared<Plan>();
  plan->is_closed = true;
  plan->branch_items.resize(parts.size());
  NameMaker names;
  if (!source_name.empty()) {
    const int id = new_id();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      plan->branch_items[i].push_back({id, quote_string(parts[i].label)});
    }
    result.columns.push_back({id, names.given(source_name), Type::String, false});
  }
  for (const auto& [name, type] : found) {
    if (is_inner && (types[name].size() > 1 || uses[name] < parts.size())) continue;
    const int id = new_id();
    bool is_nullable = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Column* column = parts[i].find(name);
      const bool fits = column != nullptr && column->type == type;
      is_nullable = is_nullable || !fits || column->is_nullable;
      plan->branch_items[i].push_back({id, fits ? sql_column(column->id) : sql_null(type)});
    }
    const std::string shown =
        types[name].size() > 1 ? name + "_" + std::string(name_of(type)) : name;
    result.columns.push_back({id, names.unique(shown), type, is_nullable && type != Type::String});
  }
  // Rows come in the order of the tables, if each of them has an order that is a number.
  if (std::ranges::all_of(parts, [](const Relation& part) {
        return part.order.size() == 1 && part.order[0].is_ascending && part.order[0].is_number;
      })) {
    const int table = new_id(), row = new_id();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      plan->branch_items[i].push_back({table, "toInt64(" + std::to_string(i) + ")"});
      plan->branch_items[i].push_back({row, "toInt64(" + sql_column(parts[i].order[0].id) + ")"});
    }
    result.order = {{.id = table}, {.id = row}};
  }
  for (Relation& part : parts) plan->branches.push_back(std::move(part.plan));
  // Columns leave through a stage of their own: the branches agree on types only there.
  for (const auto& item : plan->branch_items[0])
    plan->items.push_back({item.id, sql_column(item.id)});
  result.plan = std::make_shared<Plan>();
  result.plan->input = std::move(plan);
  return result;
}

Relation Binder::bind_search(const SearchOp& op, Relation* input, const Scope& scope, Span span) {
  std::vector<Relation> parts;
  if (input != nullptr) {
    parts.push_back(std::move(*input));
    if (parts[0].label.empty()) parts[0].label = "search_arg0";
  } else {
    for (const Table& table : catalog_.tables) {
      const bool is_wanted =
          op.tables.empty() || std::ranges::any_of(op.tables, [&](const NamePattern& pattern) {
            return matches_pattern(table.name, pattern.text);
          });
      if (is_wanted) parts.push_back(read_table(table, table.name));
    }
    for (const NamePattern& pattern : op.tables) {
      const Entity* entity = scope.find(pattern.text);
      if (entity == nullptr) continue;
      parts.push_back(bind_entity(*entity, pattern.text, pattern.span));
      if (parts.back().label.empty())
        parts.back().label = "search_arg" + std::to_string(parts.size() - 1);
    }
  }
  if (parts.empty()) {
    fault(span, "There is no table to search.");
    return error_relation();
  }
  for (Relation& part : parts) {
    if (part.is_error) return error_relation();
    Rows rows{.relation = &part, .scope = &scope, .is_search = true};
    for (const Parameter& parameter : op.parameters) {
      if (parameter.name == "kind" && parameter.text == "case_sensitive") {
        rows.is_exact = true;
      }
    }
    const Scalar predicate = bind_predicate(*op.predicate, rows, true);
    if (predicate.is_error()) return error_relation();
    filter(part, predicate);
  }
  return join_union(std::move(parts), false, "$table");
}

}  // namespace lw::kql
