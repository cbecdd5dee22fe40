// SPDX-License-Identifier: Apache-2.0
// Where rows come from: tables, datatable, print, range, functions that give tables.
#include <algorithm>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// Whether an expression names a table rather than a value. A column of that name wins.
bool Binder::is_table(const Expr& expr, const Rows& rows) const {
  if (expr.kind == ExprKind::Subquery) return true;
  if (expr.kind == ExprKind::Call) {
    if (expr.text == "materialize" || expr.text == "table" || expr.text[0] == '.') return true;
    const Entity* entity = rows.scope == nullptr ? nullptr : rows.scope->find(expr.text);
    if (entity == nullptr || entity->kind != Entity::Kind::Function) return false;
    const auto& statements = entity->function->statements;
    if (statements.empty()) return false;
    const Statement& body = statements.back();
    if (body.query != nullptr) return true;
    if (body.scalar == nullptr) return false;
    Rows inner{.scope = entity->scope};
    if (body.scalar->kind == ExprKind::Name) {
      for (const FunctionParameter& parameter : entity->function->parameters) {
        if (parameter.name == body.scalar->text) return parameter.is_table;
      }
      for (const Statement& statement : statements) {
        if (statement.name == body.scalar->text) return statement.query != nullptr;
      }
    }
    return is_table(*body.scalar, inner);
  }
  if (expr.kind == ExprKind::Member) {
    return expr.args[0]->kind == ExprKind::Call &&
           (expr.args[0]->text == "workspace" || expr.args[0]->text == "database" ||
            expr.args[0]->text == "app" || expr.args[0]->text == "cluster" ||
            expr.args[0]->text == ".database");
  }
  if (expr.kind != ExprKind::Name) return false;
  if (rows.relation != nullptr && rows.relation->find(expr.text) != nullptr) return false;
  const Entity* entity = rows.scope == nullptr ? nullptr : rows.scope->find(expr.text);
  if (entity != nullptr) return entity->kind == Entity::Kind::Table;
  return catalog_.find(expr.text) != nullptr;
}

Relation Binder::bind_table_expr(const Expr& expr, const Scope& scope) {
  switch (expr.kind) {
    case ExprKind::Name:
      return bind_table_name(expr, scope);
    case ExprKind::Subquery:
      return bind_pipeline(*expr.query, scope);
    case ExprKind::Call: {
      if (expr.text == "materialize" && expr.args.size() == 1) {
        return bind_table_expr(*expr.args[0], scope);
      }
      if (expr.text == "table" && !expr.args.empty()) {
        Rows rows{.scope = &scope};
        const auto name =
            text_of(bind(*expr.args[0], rows), expr.args[0]->span, "The table's name");
        if (!name) return error_relation();
        if (const Table* table = catalog_.find(*name)) return read_table(*table, *name);
        const auto refusal = catalog_.refusal_of(*name);
        fault(expr.span,
              refusal.empty() ? "There is no table '" + *name + "'." : std::string(refusal));
        return error_relation();
      }
      const Entity* entity = scope.find(expr.text);
      if (entity != nullptr && entity->kind == Entity::Kind::Function) {
        return bind_table_function(*entity, expr, scope);
      }
      fault(expr.span, "There is no function '" + expr.text + "' that gives a table.");
      return error_relation();
    }
    case ExprKind::Member: {
      const Expr& place = *expr.args[0];
      const bool is_workspace = place.kind == ExprKind::Call && place.text == "workspace";
      if (!is_workspace || place.args.size() != 1) break;
      Rows rows{.scope = &scope};
      const auto name = text_of(bind(*place.args[0], rows), place.span, "The workspace's name");
      if (!name) return error_relation();
      const Catalog* other = catalog_.workspace ? catalog_.workspace(*name) : nullptr;
      if (other == nullptr) {
        fault(place.span, "There is no workspace '" + *name + "'.");
        return error_relation();
      }
      if (const Table* table = other->find(expr.text)) return read_table(*table, expr.text);
      const auto refusal = other->refusal_of(expr.text);
      fault(expr.span, refusal.empty()
                           ? "There is no table '" + expr.text + "' in workspace '" + *name + "'."
                           : std::string(refusal));
      return error_relation();
    }
    case ExprKind::Error:
      return error_relation();
    default:
      break;
  }
  fault(expr.span, "A table is expected here.");
  return error_relation();
}

Relation Binder::bind_table_name(const Expr& expr, const Scope& scope) {
  if (const Entity* entity = scope.find(expr.text)) {
    if (entity->kind == Entity::Kind::Function && entity->function->parameters.empty()) {
      Relation relation = bind_table_function(*entity, expr, scope);
      if (entity->function->is_view) relation.label = expr.text;
      return relation;
    }
    return bind_entity(*entity, expr.text, expr.span);
  }
  if (const Table* table = catalog_.find(expr.text)) return read_table(*table, expr.text);
  if (const auto refusal = catalog_.refusal_of(expr.text); !refusal.empty()) {
    fault(expr.span, std::string(refusal));
    return error_relation();
  }
  std::vector<std::string> names;
  for (const Table& table : catalog_.tables) names.push_back(table.name);
  for (const Scope* inner = &scope; inner != nullptr; inner = inner->outer) {
    for (const auto& [name, entity] : inner->names) names.push_back(name);
  }
  fault(expr.span, "Failed to resolve table or column expression named '" + expr.text + "'." +
                       did_you_mean(expr.text, names));
  return error_relation();
}

Relation Binder::bind_entity(const Entity& entity, const std::string& name, Span span) {
  if (entity.kind != Entity::Kind::Table) {
    fault(span, "'" + name + "' is " +
                    (entity.kind == Entity::Kind::Scalar ? "a value" : "a function") +
                    ", but a table is expected.");
    return error_relation();
  }
  if (entity.relation != nullptr) {
    // Stages are added to a plan in place, so that it can be given away once.
    Relation relation = std::move(*entity.relation);
    entity.relation->is_error = true;
    if (relation.plan == nullptr) {
      unsupported(span, "'" + name + "' more than once in a function that 'invoke' calls");
      return error_relation();
    }
    return relation;
  }
  if (entity.query == nullptr) return error_relation();
  Relation relation = bind_pipeline(*entity.query, *entity.scope);
  return relation;
}

Relation Binder::bind_table_function(const Entity& entity, const Expr& expr, const Scope& scope) {
  Rows rows{.scope = &scope};
  const Scope* inner = bind_parameters(entity, expr, rows);
  if (inner == nullptr) return error_relation();
  Relation result = error_relation();
  for (const Statement& statement : entity.function->statements) {
    if (statement.kind == Statement::Kind::Let) {
      inner = bind_let(statement, inner, nullptr);
    } else if (statement.query != nullptr) {
      result = bind_pipeline(*statement.query, *inner);
    } else if (statement.scalar != nullptr) {
      Rows none{.scope = inner};
      if (is_table(*statement.scalar, none)) {
        result = bind_table_expr(*statement.scalar, *inner);
      } else {
        fault(expr.span, "'" + expr.text + "' gives a value, but a table is expected.");
      }
    }
  }
  return result;
}

Relation Binder::read_table(const Table& table, const std::string& label) {
  Relation relation;
  relation.plan = std::make_shared<Plan>();
  relation.plan->table = &table;
  relation.plan->is_closed = true;
  for (const TableColumn& column : table.columns) {
    const int id = new_id();
    relation.plan->items.push_back({id, column.sql});
    relation.columns.push_back({id, column.name, column.type, column.is_nullable});
  }
  const int first_key = last_id_ + 1;
  for (const TableKey& key : table.keys) relation.plan->items.push_back({new_id(), key.sql});
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].names.empty()) continue;
    relation.columns[i].key = first_key + table.columns[i].key;
    relation.columns[i].named = &table.columns[i];
  }
  relation.scan = relation.plan;
  relation.label = label;
  if (std::ranges::find(statistics.tables, table.name) == statistics.tables.end()) {
    statistics.tables.push_back(table.name);
  }
  return relation;
}

/// One row without columns.
Relation Binder::one_row() {
  Relation relation;
  auto source = std::make_shared<Plan>();
  source->is_closed = true;
  relation.plan = std::make_shared<Plan>();
  relation.plan->input = std::move(source);
  relation.is_serialized = true;
  return relation;
}

Relation Binder::bind_print(const PrintOp& op, const Scope& scope) {
  Relation relation = one_row();
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<Output> outputs;
  for (const NamedExpr& item : op.items) {
    const std::size_t index = outputs.size();
    std::vector<Output> parts = bind_item(item, rows);
    const bool is_one = parts.size() == 1;
    for (Output& output : parts) {
      if (is_one && !output.is_named) output.name = "print_" + std::to_string(index);
      output.is_named = output.is_named || is_one;
      outputs.push_back(std::move(output));
    }
  }
  set_columns(relation, std::move(outputs), false);
  return relation;
}

/// The rows stand in one literal list of tuples, with their number in front: their order.
Relation Binder::bind_datatable(const DatatableOp& op, Span span) {
  Relation relation;
  const std::size_t width = op.columns.size();
  if (width == 0 || op.cells.size() % width != 0) {
    fault(span, "A datatable of " + counted(width, "column") + " has " +
                    counted(op.cells.size(), "cell") + ": the last row is not complete.");
    return error_relation();
  }
  std::vector<bool> has_null(width, false);
  std::string rows;
  for (std::size_t i = 0; i < op.cells.size(); ++i) {
    Rows none;
    const Scalar cell = bind(*op.cells[i], none);
    const Type type = op.columns[i % width].type;
    if (cell.is_error()) return error_relation();
    const bool is_list =
        op.cells[i]->kind == ExprKind::Literal || op.cells[i]->kind == ExprKind::Unary;
    if (!is_list || !cell.constant) {
      fault(op.cells[i]->span, "A datatable takes literals only.");
      return error_relation();
    }
    Scalar value = convert(cell, type);
    if (cell.constant->is_null()) value = scalar_of({type, std::monostate()});
    if (value.is_nullable) has_null[i % width] = true;
    if (i % width == 0) rows += (i == 0 ? "(" : "), (") + std::to_string(i / width);
    rows += ", " + value.sql;
  }
  if (!rows.empty()) rows += ")";
  std::string types = "Int64";
  for (std::size_t i = 0; i < width; ++i) {
    const std::string name(sql_type_of(op.columns[i].type));
    types += has_null[i] && op.columns[i].type != Type::String ? ", Nullable(" + name + ")"
                                                               : ", " + name;
  }
  auto source = std::make_shared<Plan>();
  source->is_closed = true;
  source->from = "(SELECT arrayJoin(CAST([" + rows + "] AS Array(Tuple(" + types + ")))) AS t)";
  const int order = new_id();
  source->items.push_back({order, "t.1"});
  for (std::size_t i = 0; i < width; ++i) {
    const int id = new_id();
    source->items.push_back({id, "t." + std::to_string(i + 2)});
    const bool is_nullable = has_null[i] && op.columns[i].type != Type::String;
    if (relation.find(op.columns[i].name) != nullptr) {
      fault(op.columns[i].span, "There are two columns '" + op.columns[i].name + "'.");
    }
    relation.columns.push_back({id, op.columns[i].name, op.columns[i].type, is_nullable});
  }
  relation.plan = std::make_shared<Plan>();
  relation.plan->input = std::move(source);
  relation.order = {{.id = order}};
  return relation;
}

Relation Binder::bind_range(const RangeOp& op, const Scope& scope) {
  Rows none{.scope = &scope};
  Scalar from = bind(*op.from, none), to = bind(*op.to, none), step_by = bind(*op.step, none);
  if (from.is_error() || to.is_error() || step_by.is_error()) return error_relation();
  const bool is_date =
      from.type == Type::DateTime && to.type == Type::DateTime && step_by.type == Type::TimeSpan;
  const bool is_span =
      from.type == Type::TimeSpan && to.type == Type::TimeSpan && step_by.type == Type::TimeSpan;
  Type type = from.type;
  if (!is_date && !is_span) {
    if (!is_numeric(from.type) || !is_numeric(to.type) || !is_numeric(step_by.type)) {
      fault(op.from->span, "'range' takes numbers or times of one kind.");
      return error_relation();
    }
    type = common_type(common_type(from.type, to.type), step_by.type);
    type = type == Type::Int ? Type::Long : type;
    from = convert(from, type);
    to = convert(to, type);
    step_by = convert(step_by, type);
  }
  const std::vector<Scalar> ends = {from, to, step_by};
  const bool is_real = type == Type::Real || type == Type::Decimal;
  // Counted in floating point: more than 2^53 rows are beyond any limit.
  const std::string count =
      apply("numbers(assumeNotNull(toUInt64(if($3 = 0, 0, ifNull(greatest(0., " +
                std::string(is_real ? "floor(($2 - $1) / $3)"
                                    : "toFloat64(intDiv($2 - $1, if($3 = 0, 1, $3)))") +
                " + if(($2 < $1) = ($3 < 0) OR $2 = $1, 1, -1000000000000000000.)), 0)))))",
            ends);
  const int id = new_id();
  auto source = std::make_shared<Plan>();
  source->is_closed = true;
  source->from = count;
  source->items.push_back({id, is_real ? apply("assumeNotNull($1 + number * $3)", ends)
                                       : apply("assumeNotNull($1 + toInt64(number) * $3)", ends)});
  Relation relation;
  relation.plan = std::make_shared<Plan>();
  relation.plan->input = std::move(source);
  relation.columns.push_back({id, op.name, type, false});
  const auto* known = step_by.constant ? step_by.constant->integer() : nullptr;
  relation.order = {
      {.id = id, .is_ascending = known == nullptr || *known > 0, .is_number = !is_real}};
  relation.is_serialized = true;
  relation.comes_ordered = true;
  return relation;
}

}  // namespace lw::kql
