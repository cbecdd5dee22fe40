// SPDX-License-Identifier: Apache-2.0
// make-series: rows into bins of an axis, bins into lists, gaps filled.
#include <algorithm>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The smallest or largest value of the axis, of the rows themselves.
Scalar edge_of(const Relation& relation, const Scalar& axis, const std::string& function) {
  auto plan = std::make_shared<Plan>();
  plan->is_closed = true;
  plan->is_aggregate = true;
  plan->input = relation.plan;
  plan->items.push_back({0, function + "(" + axis.sql + ")"});
  return make_scalar(axis.type, "assumeNotNull((" + sql_of_plan(*plan, {0}) + "))", false);
}

}  // namespace

void Binder::apply_make_series(const MakeSeriesOp& op, Relation& relation, const Scope& scope,
                               Span span) {
  Rows rows{.relation = &relation, .scope = &scope};
  Rows none{.scope = &scope};
  Scalar axis = bind(*op.axis.value, rows);
  Scalar step_by = bind(*op.step, none);
  std::vector<Output> keys = bind_keys(op.by, relation, scope);
  if (axis.is_error() || step_by.is_error() || relation.is_error)
    return void(relation.is_error = true);
  const bool is_time = axis.type == Type::DateTime || axis.type == Type::TimeSpan;
  if (is_time ? step_by.type != Type::TimeSpan
              : !(is_numeric(axis.type) && is_numeric(step_by.type))) {
    fault(span, "The axis of make-series is a time with a timespan as step, or a number.");
    return void(relation.is_error = true);
  }
  Type type = axis.type;
  if (!is_time) {
    type = common_type(common_type(axis.type, step_by.type), Type::Long);
    axis = convert(axis, type);
    step_by = convert(step_by, type);
  }
  const bool is_real = type == Type::Real || type == Type::Decimal;
  const std::string bin = is_real ? "kql_binf" : "kql_bin";
  Scalar from =
      op.from ? bind(*op.from, none)
              : edge_of(relation,
                        make_scalar(type, bin + "(" + axis.sql + ", " + step_by.sql + ")", true),
                        "min");
  Scalar to = op.to ? bind(*op.to, none) : edge_of(relation, axis, "max");
  if (from.is_error() || to.is_error()) return void(relation.is_error = true);
  const auto fitting_from = coerce(from, type), fitting_to = coerce(to, type);
  if (!fitting_from || !fitting_to) {
    fault(span, "The ends of make-series are not of the axis' type.");
    return void(relation.is_error = true);
  }
  from = *fitting_from;
  to = *fitting_to;
  const bool is_inclusive = op.is_range || !op.to;
  if (op.is_range) from.sql = "assumeNotNull(" + bin + "(" + from.sql + ", " + step_by.sql + "))";
  const std::vector<Scalar> ends = {from, to, step_by, axis};
  const std::string divided = is_real ? "floor(($2 - $1) / $3)" : "intDiv($2 - $1, $3)";
  const std::string rest =
      is_real ? "if(floor(($2 - $1) / $3) * $3 < $2 - $1, 1, 0)" : "if(($2 - $1) % $3 != 0, 1, 0)";
  // As many points as Kusto allows; the engine would refuse more anyway.
  const std::string count = apply("toUInt32(greatest(0, least(1048576, ifNull(if($3 <= 0, 0, " +
                                      divided + " + " + (is_inclusive ? "1" : rest) + "), 0))))",
                                  ends);
  const int place = new_id();
  const std::string bins = is_real ? "toInt64(floor(ifNull(($4 - $1) / $3, -1)))"
                                   : "ifNull(if($4 < $1, -1, intDivOrNull($4 - $1, $3)), -1)";
  add_stage(relation, {{place, apply(bins, ends)}}, false);
  const std::string upper = op.to && !op.is_range ? " AND " + axis.sql + " < " + to.sql : "";
  relation.plan =
      with_where(std::move(relation.plan),
                 sql_column(place) + " >= 0 AND " + sql_column(place) + " < " + count + upper);
  group_series(op, relation, std::move(keys), {axis, from, step_by}, place, count, scope);
}

/// First one row for each bin, then one for each key.
void Binder::group_series(const MakeSeriesOp& op, Relation& relation, std::vector<Output> keys,
                          const std::vector<Scalar>& axis, int place, const std::string& count,
                          const Scope& scope) {
  Aggregation aggregation;
  aggregation.is_grouped = true;
  Rows rows{.relation = &relation, .aggregation = &aggregation, .scope = &scope};
  Group bins;
  bins.keys = keys;
  Scalar bin = make_scalar(Type::Long, sql_column(place), false);
  bin.column = place;
  bins.keys.push_back({bin, "", false});
  std::vector<Output> values;
  for (const SeriesItem& item : op.items) {
    std::vector<Output> outputs = bind_item(item.aggregate, rows);
    if (outputs.size() != 1) {
      fault(item.aggregate.span, "A series is made of an aggregate with one value.");
      return void(relation.is_error = true);
    }
    values.push_back(std::move(outputs[0]));
  }
  std::vector<std::string> defaults;
  for (std::size_t i = 0; i < op.items.size() && i < values.size(); ++i) {
    Rows none{.scope = &scope};
    Scalar otherwise = scalar_of({Type::Long, std::int64_t{0}});
    if (op.items[i].otherwise) otherwise = bind(*op.items[i].otherwise, none);
    if (otherwise.is_error()) return void(relation.is_error = true);
    const Type type = values[i].value.type;
    if (is_numeric(type) && is_numeric(otherwise.type)) otherwise = convert(otherwise, type);
    if (type == Type::String && !op.items[i].otherwise)
      otherwise = scalar_of({Type::String, std::string()});
    defaults.push_back(json_of(otherwise));
  }
  bins.values = values;
  const std::size_t key_count = keys.size();
  group(relation, std::move(bins), std::move(aggregation));
  if (relation.is_error) return;
  const std::vector<Column> columns = relation.columns;
  const int one = new_id();
  add_stage(relation, {{one, "toUInt8(1)"}}, false);
  Aggregation lists;
  Group series;
  for (std::size_t i = 0; i < key_count; ++i) {
    Scalar key = make_scalar(columns[i].type, sql_column(columns[i].id), columns[i].is_nullable);
    key.column = columns[i].id;
    series.keys.push_back({key, columns[i].name, true});
  }
  if (key_count == 0 && !op.is_nonempty) relation.partition.push_back(one);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Column& column = columns[key_count + 1 + i];
    const Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
    const int id = new_id();
    lists.items.push_back(
        {id,
         apply(
             "kql_mkarr(arrayMap(e_ -> if(e_ = '', $3, e_), arrayResize(groupArrayInsertAt('')($1, "
             "toUInt32(" +
                 sql_column(place_of(columns, key_count)) + ")), $2, '')))",
             std::vector<std::string>{json_of(value), count, defaults[i]})});
    series.values.push_back(
        {make_scalar(Type::Dynamic, sql_column(id), false), values[i].name, values[i].is_named});
  }
  Scalar point = make_scalar(axis[0].type, "e_", true);
  const std::string points =
      apply("kql_mkarr(arrayMap(e_ -> " + json_of(point) +
                ", arrayMap(i_ -> assumeNotNull($1 + toInt64(i_) * $2), range($3))))",
            std::vector<std::string>{axis[1].sql, axis[2].sql, count});
  Output times;
  times.value = make_scalar(Type::Dynamic, points, false);
  times.is_named = !op.axis.names.empty();
  times.name = times.is_named ? op.axis.names[0] : axis[0].name;
  series.values.push_back(std::move(times));
  group(relation, std::move(series), std::move(lists));
  relation.partition.clear();
}

/// The column of the bin's number, which stands behind the keys.
int Binder::place_of(const std::vector<Column>& columns, std::size_t key_count) {
  return columns[key_count].id;
}

}  // namespace lw::kql
