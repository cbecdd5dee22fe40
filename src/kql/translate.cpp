// SPDX-License-Identifier: Apache-2.0
#include "kql/translate.h"

#include <algorithm>

#include "kql/binder.h"
#include "kql/literal.h"
#include "kql/parser.h"
#include "kql/plan.h"
#include "kql/sql_library.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

std::string value_text(const Constant& constant) {
  if (constant.is_null()) return "null";
  if (const auto* text = constant.text()) return *text;
  if (const auto* flag = std::get_if<bool>(&constant.value)) return *flag ? "true" : "false";
  if (const auto* real = std::get_if<double>(&constant.value)) return real_text(*real);
  if (constant.type == Type::DateTime) return datetime_text(*constant.integer());
  if (constant.type == Type::TimeSpan) return timespan_text(*constant.integer());
  return std::to_string(*constant.integer());
}

std::string restriction_text(const Restriction& restriction) {
  std::string text = restriction.column;
  text += restriction.kind == Restriction::Kind::AtLeast  ? " at least "
          : restriction.kind == Restriction::Kind::AtMost ? " at most "
                                                          : " one of ";
  std::string values;
  for (const Constant& value : restriction.values)
    values += (values.empty() ? "" : ", ") + value_text(value);
  return text + values;
}

void note_restrictions(const Plan& plan, Statistics& statistics) {
  for (const Restriction& restriction : plan.restrictions) {
    statistics.restrictions.push_back(restriction_text(restriction));
  }
  if (plan.input) note_restrictions(*plan.input, statistics);
  if (plan.right) note_restrictions(*plan.right, statistics);
  for (const PlanPtr& branch : plan.branches) note_restrictions(*branch, statistics);
}

/// A column as the result has it.
std::string sql_of_result_column(const Column& column, ResultForm form) {
  std::string sql = sql_column(column.id);
  if (form == ResultForm::Ticks) return sql;
  const std::string nullable =
      "CAST(" + sql + " AS Nullable(" + std::string(sql_type_of(column.type)) + "))";
  if (form == ResultForm::Rows) return column.type == Type::String ? sql : nullable;
  std::string value = column.type == Type::String ? sql : nullable;
  if (column.type == Type::Bool) value = "CAST(" + sql + " AS Nullable(Bool))";
  if (column.type == Type::DateTime) {
    value = "CAST(kql_dt(" + nullable + ") AS Nullable(DateTime64(6, 'UTC')))";
  }
  if (column.type == Type::TimeSpan) value = "kql_ts_str(" + nullable + ")";
  return value + " AS " + quote_identifier(column.name);
}

/// The columns in order, the rows in theirs, cut off behind the limit.
std::string sql_of_result(const Relation& relation, const Options& options) {
  std::vector<int> columns;
  std::string list;
  const auto need = [&](int id) {
    if (std::ranges::find(columns, id) == columns.end()) columns.push_back(id);
  };
  for (const Column& column : relation.columns) {
    need(column.id);
    list += (list.empty() ? "" : ", ") + sql_of_result_column(column, options.form);
  }
  for (const PlanOrder& key : relation.order) need(key.id);
  std::string sql = "SELECT " + list + " FROM (" + sql_of_plan(*relation.plan, columns) + ")" +
                    sql_order(relation.order);
  if (options.rows_max > 0) sql += " LIMIT " + std::to_string(options.rows_max + 1);
  return sql;
}

bool finish(Translation& translation, const std::string& sql, const Options& options,
            DiagnosticSink& sink) {
  auto expanded = expand_library(sql, options.sql_bytes_max);
  if (!expanded) {
    sink.add(Fault::Limit, {}, "The query is too complex: its SQL would be too long.");
    return false;
  }
  translation.plan_sql = sql;
  translation.sql = std::move(*expanded);
  translation.statistics.sql_bytes = translation.sql.size();
  return true;
}

std::expected<Translation, Diagnostics> translate_text(std::string_view query,
                                                       const Catalog& catalog,
                                                       const Options& options) {
  DiagnosticSink sink(query);
  const Query tree = parse_query(query, sink);
  if (!sink.empty()) return std::unexpected(sink.take());
  Binder binder(catalog, options, sink);
  Relation relation = binder.bind_query(tree);
  if (!sink.empty()) return std::unexpected(sink.take());
  Translation translation;
  translation.render = std::move(binder.render);
  translation.statistics = std::move(binder.statistics);
  translation.statistics.query_bytes = query.size();
  if (!binder.question.empty()) {
    translation.question = binder.question;
    if (!finish(translation, binder.question_sql, options, sink))
      return std::unexpected(sink.take());
    return translation;
  }
  if (relation.is_error || relation.columns.empty()) {
    sink.add(Fault::Semantic, {}, "The query gives no columns.");
    return std::unexpected(sink.take());
  }
  for (const Column& column : relation.columns) {
    translation.columns.push_back({column.name, column.type});
  }
  note_restrictions(*relation.plan, translation.statistics);
  if (!finish(translation, sql_of_result(relation, options), options, sink)) {
    return std::unexpected(sink.take());
  }
  return translation;
}

/// The faults of a query behind so much other text, with their places in the query.
void move_places(Diagnostics& faults, std::string_view lets) {
  const auto lines = static_cast<int>(std::ranges::count(lets, '\n'));
  for (Diagnostic& fault : faults) {
    if (fault.line > lines) {
      fault.line -= lines;
      fault.span = {fault.span.begin - lets.size(), fault.span.end - lets.size()};
    } else if (fault.line > 0) {
      fault.message = "In a saved query: " + fault.message;
      fault.line = fault.column = 0;
      fault.span = {};
    }
  }
}

}  // namespace

std::expected<Translation, Diagnostics> translate(std::string_view query, const Catalog& catalog,
                                                  const Options& options) {
  const std::string lets = lets_of(query, options.functions);
  if (lets.empty()) return translate_text(query, catalog, options);
  auto translation = translate_text(lets + std::string(query), catalog, options);
  if (!translation) move_places(translation.error(), lets);
  return translation;
}

const std::vector<std::pair<std::string, std::string>>& engine_settings() {
  static const std::vector<std::pair<std::string, std::string>> kSettings = {
      {"join_use_nulls", "1"},
      {"transform_null_in", "0"},
      {"aggregate_functions_null_for_empty", "0"},
      {"use_variant_as_common_type", "0"},
      {"session_timezone", "UTC"},
      {"prefer_column_name_to_alias", "1"},
      {"enable_extended_results_for_datetime_functions", "1"},
      {"output_format_json_quote_denormals", "1"},
      {"output_format_json_quote_64bit_integers", "0"},
      {"output_format_json_escape_forward_slashes", "0"},
      {"max_parser_depth", "20000"},
      {"max_ast_depth", "20000"},
      {"max_ast_elements", "2000000"},
      {"max_expanded_ast_elements", "4000000"},
      {"max_subquery_depth", "2000"},
      {"max_query_size", "8388608"},
  };
  return kSettings;
}

}  // namespace lw::kql
