// SPDX-License-Identifier: Apache-2.0
// Operators that choose, make and name columns.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "kql/aggregates.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// The outputs of one expression of a list; most have one.
std::vector<Output> Binder::bind_item(const NamedExpr& item, Rows& rows) {
  const Expr& expr = *item.value;
  if (rows.aggregation != nullptr && expr.kind == ExprKind::Call && is_many_aggregate(expr.text)) {
    return bind_many(expr, item.names, rows);
  }
  if (expr.kind == ExprKind::Star) {
    fault(expr.span, "'*' cannot stand here.");
    return {};
  }
  if (expr.kind == ExprKind::Call &&
      (expr.text == "series_stats" || expr.text == "series_fit_line")) {
    return bind_series_parts(expr, item.names, rows);
  }
  Output output;
  output.value = bind(expr, rows);
  if (item.names.size() > 1) {
    // (a, b) = f(x): a function that gives a list, taken apart.
    std::vector<Output> outputs;
    for (std::size_t i = 0; i < item.names.size(); ++i) {
      if (output.value.is_error()) break;
      if (output.value.type != Type::Dynamic) {
        fault(item.span, "There are more names than values.");
        break;
      }
      Scalar part =
          make_scalar(Type::Dynamic,
                      "kql_at(" + output.value.sql + ", toInt64(" + std::to_string(i) + "))", true);
      outputs.push_back({std::move(part), item.names[i], true});
    }
    return outputs;
  }
  output.is_named = !item.names.empty();
  output.name = output.is_named ? item.names[0] : output.value.name;
  return {std::move(output)};
}

/// series_stats(x) and series_fit_line(x): the properties of the bag that the function …_dynamic
/// gives.
std::vector<Output> Binder::bind_series_parts(const Expr& expr,
                                              const std::vector<std::string>& names, Rows& rows) {
  static const std::vector<std::string> kStats = {"min", "min_idx", "max",     "max_idx",
                                                  "avg", "stdev",   "variance"};
  static const std::vector<std::string> kLine = {"rsquare",   "slope",        "variance",
                                                 "rvariance", "interception", "line_fit"};
  Call call{*this, expr, rows, bind_arguments(expr, rows)};
  const FunctionRow* row = find_function(expr.text + "_dynamic");
  if (call.args.size() != 1 || call.args[0].type != Type::Dynamic) {
    if (call.args.empty() || !call.args[0].is_error())
      fault(expr.span, "'" + expr.text + "' takes a series.");
    return {{Scalar{}, "", false}};
  }
  const Scalar bag = row->handler(call);
  std::vector<Output> outputs;
  for (const std::string& part : expr.text == "series_stats" ? kStats : kLine) {
    const Scalar value =
        make_scalar(Type::Dynamic, "kql_get(" + bag.sql + ", " + quote_string(part) + ")", true);
    const Type type = part == "line_fit"       ? Type::Dynamic
                      : part.ends_with("_idx") ? Type::Long
                                               : Type::Real;
    const bool is_named = outputs.size() < names.size();
    outputs.push_back(
        {convert(value, type),
         is_named ? names[outputs.size()] : expr.text + "_" + call.args[0].name + "_" + part,
         is_named});
  }
  return outputs;
}

/// Makes the outputs the relation's columns. If `keep_others`, they replace columns of their names
/// and follow the others.
void Binder::set_columns(Relation& relation, std::vector<Output> outputs, bool keep_others) {
  std::vector<PlanItem> items;
  std::vector<Column> columns;
  if (keep_others) columns = relation.columns;
  NameMaker names;
  if (keep_others) {
    for (const Column& column : columns) names.reserve(column.name);
  }
  std::set<std::string> given;
  for (Output& output : outputs) {
    // A column of a known name stands there, though it has no type; others would be guesses.
    if (output.value.is_error() && !output.is_named) relation.is_error = true;
    const auto same = std::ranges::find(columns, output.name, &Column::name);
    const bool replaces = keep_others && same != columns.end() && !output.name.empty();
    if (output.is_named && !given.insert(output.name).second) {
      fault({}, "There are two columns '" + output.name + "'.");
    }
    if (!replaces)
      output.name = output.is_named ? names.given(output.name) : names.made(output.name);
    int id = output.value.column;
    if (id < 0 || std::ranges::find(columns, id, &Column::id) != columns.end()) {
      id = new_id();
      items.push_back({id, output.value.sql});
      items.back().is_coarse = output.value.is_coarse || output.value.type == Type::Bool;
    }
    Column column{id, output.name, output.value.type, output.value.is_nullable};
    if (id == output.value.column) {
      column.key = output.value.key;
      column.named = output.value.named;
    }
    if (replaces) {
      *same = column;
    } else {
      columns.push_back(column);
    }
  }
  if (!items.empty()) add_stage(relation, std::move(items), false);
  relation.columns = std::move(columns);
}

void Binder::apply_extend(const ExtendOp& op, Relation& relation, const Scope& scope) {
  if (op.is_serialize) serialize(relation);
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<Output> outputs;
  for (const NamedExpr& item : op.items) {
    for (Output& output : bind_item(item, rows)) outputs.push_back(std::move(output));
  }
  set_columns(relation, std::move(outputs), true);
}

void Binder::apply_project(const ProjectOp& op, Relation& relation, const Scope& scope) {
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<Output> outputs;
  for (const NamedExpr& item : op.items) {
    for (Output& output : bind_item(item, rows)) outputs.push_back(std::move(output));
  }
  set_columns(relation, std::move(outputs), false);
}

void Binder::apply_project_columns(const ProjectColumnsOp& op, Relation& relation) {
  if (relation.is_error) return;
  std::vector<Column> chosen;
  std::set<int> ids;
  for (std::size_t i = 0; i < op.patterns.size(); ++i) {
    const NamePattern& pattern = op.patterns[i];
    std::vector<Column> found;
    for (const Column& column : relation.columns) {
      if (matches_pattern(column.name, pattern.text)) found.push_back(column);
    }
    if (found.empty() &&
        (pattern.text.find('*') == std::string::npos || op.choice != ColumnChoice::Reorder)) {
      Rows rows{.relation = &relation};
      fault(pattern.span, "There is no column '" + pattern.text + "'." +
                              did_you_mean(pattern.text, names_in(rows)));
    }
    if (op.directions[i] != 0) {
      std::ranges::stable_sort(found, [&](const Column& a, const Column& b) {
        return op.directions[i] > 0 ? a.name < b.name : b.name < a.name;
      });
    }
    for (const Column& column : found) {
      if (ids.insert(column.id).second) chosen.push_back(column);
    }
  }
  std::vector<Column> kept;
  for (const Column& column : relation.columns) {
    const bool is_chosen = ids.contains(column.id);
    if (op.choice == ColumnChoice::Keep ? is_chosen : !is_chosen) kept.push_back(column);
  }
  if (op.choice == ColumnChoice::Reorder) {
    place_reordered(op, relation, std::move(chosen), std::move(kept));
    return;
  }
  relation.columns = std::move(kept);
}

/// project-reorder: what is named exactly or by an earlier pattern comes first; the rest follows.
void Binder::place_reordered(const ProjectColumnsOp& op, Relation& relation,
                             std::vector<Column> chosen, std::vector<Column> kept) {
  // A column named exactly behind `*` stands where it is named.
  std::vector<Column> ordered;
  std::set<int> exact;
  for (const NamePattern& pattern : op.patterns) {
    if (const Column* column = relation.find(pattern.text)) exact.insert(column->id);
  }
  std::set<int> done;
  for (std::size_t i = 0; i < op.patterns.size(); ++i) {
    for (const Column& column : chosen) {
      const bool is_own = column.name == op.patterns[i].text;
      const bool fits = is_own || (!exact.contains(column.id) &&
                                   matches_pattern(column.name, op.patterns[i].text));
      if (fits && done.insert(column.id).second) ordered.push_back(column);
    }
  }
  ordered.insert(ordered.end(), kept.begin(), kept.end());
  relation.columns = std::move(ordered);
}

void Binder::apply_project_rename(const ProjectRenameOp& op, Relation& relation) {
  if (relation.is_error) return;
  std::vector<Column> columns = relation.columns;
  for (const NamedExpr& item : op.items) {
    if (item.names.size() != 1 || item.value->kind != ExprKind::Name) {
      fault(item.span, "'project-rename' takes 'new name = column'.");
      continue;
    }
    const auto column = std::ranges::find(relation.columns, item.value->text, &Column::name);
    if (column == relation.columns.end()) {
      Rows rows{.relation = &relation};
      fault(item.value->span, "There is no column '" + item.value->text + "'." +
                                  did_you_mean(item.value->text, names_in(rows)));
      continue;
    }
    columns[static_cast<std::size_t>(column - relation.columns.begin())].name = item.names[0];
  }
  std::set<std::string> seen;
  for (const Column& column : columns) {
    if (!seen.insert(column.name).second) {
      fault(op.items[0].span, "There would be two columns '" + column.name + "'.");
    }
  }
  relation.columns = std::move(columns);
}

void Binder::apply_getschema(Relation& relation) {
  if (relation.is_error) return;
  std::string rows;
  std::size_t ordinal = 0;
  for (const Column& column : relation.columns) {
    rows += (rows.empty() ? "(" : ", (") + quote_string(column.name) + ", toInt32(" +
            std::to_string(ordinal++) + "), " + quote_string(dotnet_name_of(column.type)) + ", " +
            quote_string(name_of(column.type)) + ")";
  }
  Relation result;
  auto source = std::make_shared<Plan>();
  source->is_closed = true;
  source->from = "(SELECT arrayJoin(CAST([" + rows +
                 "] AS Array(Tuple(String, Int32, String, String)))) AS t)";
  const std::vector<std::pair<std::string, Type>> columns = {{"ColumnName", Type::String},
                                                             {"ColumnOrdinal", Type::Int},
                                                             {"DataType", Type::String},
                                                             {"ColumnType", Type::String}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int id = new_id();
    source->items.push_back({id, "t." + std::to_string(i + 1)});
    result.columns.push_back({id, columns[i].first, columns[i].second, false});
  }
  result.plan = std::make_shared<Plan>();
  result.plan->input = std::move(source);
  result.order = {{.id = result.columns[1].id}};
  relation = std::move(result);
}

}  // namespace lw::kql
