// SPDX-License-Identifier: Apache-2.0
// Window functions: each becomes a column of a stage of its own, below what uses it.
#include <algorithm>
#include <array>

#include "kql/aggregates.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

constexpr std::array<std::string_view, 8> kWindowFunctions = {
    "row_number",         "row_cumsum", "row_rank_dense", "row_rank_min",
    "row_window_session", "prev",       "next",           "row_rank"};

std::string partition_by(const std::vector<int>& ids, const std::string& further) {
  std::string sql;
  for (const int id : ids) sql += (sql.empty() ? "" : ", ") + sql_column(id);
  if (!further.empty()) sql += (sql.empty() ? "" : ", ") + further;
  return sql.empty() ? "" : "PARTITION BY " + sql;
}

}  // namespace

bool is_window_function(std::string_view name) {
  return std::ranges::find(kWindowFunctions, name) != kWindowFunctions.end();
}

/// A column with `sql` over the rows in their order: a stage below what is being bound.
Scalar Binder::window_column(Relation& relation, Type type, const std::string& function,
                             const std::string& group, const std::string& frame, bool is_nullable) {
  const int id = new_id();
  const std::string by = partition_by(relation.partition, group);
  std::string over = by + sql_order(relation.order) + (frame.empty() ? "" : " " + frame);
  if (!over.empty() && over[0] == ' ') over.erase(0, 1);
  add_stage(relation, {{id, function + " OVER (" + over + ")"}}, true);
  relation.scan = nullptr;
  return make_scalar(type, sql_column(id), is_nullable);
}

Scalar Binder::bind_window(const Expr& expr, Rows& rows) {
  if (rows.relation == nullptr || rows.aggregation != nullptr) {
    return fault(expr.span, "The window function '" + expr.text + "' cannot stand here.");
  }
  Relation& relation = *rows.relation;
  if (relation.is_error) return {};
  if (!relation.is_serialized) {
    return fault(expr.span, "The window function '" + expr.text +
                                "' needs rows in an order: sort or serialize them first.");
  }
  serialize(relation);
  if (expr.text == "prev" || expr.text == "next") return bind_neighbour(expr, rows);
  if (expr.text == "row_window_session")
    return unsupported(expr.span, "The function '" + expr.text + "'");
  std::vector<Scalar> args = bind_arguments(expr, rows);
  for (const Scalar& arg : args) {
    if (arg.is_error()) return {};
  }
  const bool is_number = expr.text == "row_number";
  const std::size_t most = 2;
  if (args.size() > most || (!is_number && args.empty())) {
    return fault(expr.span, "'" + expr.text + "' takes 1 or 2 arguments.");
  }
  // Where the restart condition is true, a new group of rows begins.
  std::string group;
  const std::string frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  if (args.size() > 1) {
    const auto restart = coerce(args[1], Type::Bool);
    if (!restart) return fault(expr.args[1]->span, "A condition is expected.");
    const bool is_never = restart->constant &&
                          std::holds_alternative<bool>(restart->constant->value) &&
                          !std::get<bool>(restart->constant->value);
    if (!is_never) {
      group = window_column(relation, Type::Long, "sum(ifNull(" + restart->sql + ", 0))", "", frame,
                            false)
                  .sql;
    }
  }
  if (is_number) {
    Scalar first = args.empty() ? scalar_of({Type::Long, std::int64_t{1}}) : args[0];
    const auto start = coerce(first, Type::Long);
    if (!start) return fault(expr.args[0]->span, "A whole number is expected.");
    Scalar number = window_column(relation, Type::Long, "row_number()", group, "", false);
    number.sql = "(toInt64(" + number.sql + ") + " + start->sql + " - 1)";
    return number;
  }
  const Scalar& x = args[0];
  if (expr.text == "row_cumsum") {
    if (!is_numeric(x.type) && x.type != Type::TimeSpan) {
      return fault(expr.args[0]->span, "'row_cumsum' takes numbers.");
    }
    const bool is_real = x.type == Type::Real || x.type == Type::Decimal;
    const Type type = x.type == Type::Int ? Type::Long : x.type;
    return window_column(relation, type,
                         "sum(ifNull(" + x.sql + (is_real ? ", 0.))" : ", toInt64(0)))"), group,
                         frame, false);
  }
  return bind_rank(expr, x, group, rows);
}

/// Ranks count where a value differs from that of the row before.
Scalar Binder::bind_rank(const Expr& expr, const Scalar& x, const std::string& group, Rows& rows) {
  Relation& relation = *rows.relation;
  const std::string all = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
  const std::string frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  const Scalar before = window_column(
      relation, Type::Long,
      "lagInFrame(tuple(toNullable(toUInt8(1)), toNullable(" + x.sql + ")), 1)", group, all, true);
  const Scalar place = window_column(relation, Type::Long, "row_number()", group, "", false);
  const std::string is_new =
      "NOT (ifNull(" + before.sql + ".1, 0) = 1 AND " + before.sql + ".2 <=> " + x.sql + ")";
  if (expr.text == "row_rank_dense") {
    return window_column(relation, Type::Long, "sum(toInt64(" + is_new + "))", group, frame, false);
  }
  Scalar rank =
      window_column(relation, Type::Long, "max(if(" + is_new + ", toInt64(" + place.sql + "), 0))",
                    group, frame, false);
  return rank;
}

/// prev(x[, distance[, otherwise]]) and next(…).
Scalar Binder::bind_neighbour(const Expr& expr, Rows& rows) {
  std::vector<Scalar> args = bind_arguments(expr, rows);
  for (const Scalar& arg : args) {
    if (arg.is_error()) return {};
  }
  if (args.empty() || args.size() > 3)
    return fault(expr.span, "'" + expr.text + "' takes 1 to 3 arguments.");
  std::int64_t distance = 1;
  if (args.size() > 1) {
    const auto given = number_of(args[1], expr.args[1]->span, "The distance");
    if (!given) return {};
    if (*given < -1'000'000'000 || *given > 1'000'000'000) {
      return fault(expr.args[1]->span, "The distance is too large.");
    }
    distance = *given;
  }
  bool is_back = expr.text == "prev";
  if (distance < 0) {
    is_back = !is_back;
    distance = -distance;
  }
  const Scalar x = args[0];
  std::string otherwise;
  bool is_nullable = true;
  if (args.size() > 2) {
    const Scalar value = convert(args[2], x.type);
    otherwise = ", toNullable(" + value.sql + ")";
    is_nullable = x.is_nullable || value.is_nullable;
  } else if (x.type == Type::String) {
    otherwise = ", ''";
  }
  const std::string value =
      x.type == Type::String && args.size() < 3 ? x.sql : "toNullable(" + x.sql + ")";
  const std::string function = std::string(is_back ? "lagInFrame(" : "leadInFrame(") + value +
                               ", " + std::to_string(distance) + otherwise + ")";
  Scalar result =
      window_column(*rows.relation, x.type, function, "",
                    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", is_nullable);
  if (x.type == Type::String && args.size() > 2) result.sql = "ifNull(" + result.sql + ", '')";
  return result;
}

}  // namespace lw::kql
