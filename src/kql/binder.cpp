// SPDX-License-Identifier: Apache-2.0
// Statements, scopes and pipelines.
#include "kql/binder.h"

#include <utility>

#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {

Scope& Binder::new_scope(const Scope* outer) {
  scopes_.push_back({.outer = outer, .names = {}});
  return scopes_.back();
}

/// The scope with the new name: what is bound before does not see it, so that nothing is defined by
/// itself.
const Scope* Binder::bind_let(const Statement& statement, const Scope* scope, Relation* relation) {
  Entity entity;
  entity.scope = scope;
  if (statement.function != nullptr) {
    entity.kind = Entity::Kind::Function;
    entity.function = statement.function.get();
  } else if (statement.query != nullptr) {
    entity.kind = Entity::Kind::Table;
    entity.query = statement.query.get();
  } else if (statement.scalar != nullptr) {
    Rows rows{.relation = relation, .scope = scope};
    const Expr& value = *statement.scalar;
    const bool is_call = value.kind == ExprKind::Call && value.text == "materialize";
    if (is_table(value, rows) ||
        (is_call && value.args.size() == 1 && is_table(*value.args[0], rows)) ||
        (is_call && !value.args.empty() && value.args[0]->kind == ExprKind::Subquery)) {
      entity.kind = Entity::Kind::Table;
      const Expr& inner = is_call ? *value.args[0] : value;
      entity.query = inner.kind == ExprKind::Subquery ? inner.query.get() : pipeline_of(inner);
    } else {
      entity.scalar = bind(value, rows);
    }
  }
  Scope& inner = new_scope(scope);
  inner.names.emplace(statement.name, std::move(entity));
  return &inner;
}

void Binder::bind_declare(const Statement& statement, Scope& scope) {
  for (const FunctionParameter& parameter : statement.declared) {
    Rows rows{.scope = &scope};
    Entity entity;
    const auto given = options_.parameters.find(parameter.name);
    if (given != options_.parameters.end()) {
      const Scalar text = scalar_of({Type::String, given->second});
      entity.scalar = convert(text, parameter.type);
    } else if (parameter.otherwise != nullptr) {
      entity.scalar = bind(*parameter.otherwise, rows);
    } else {
      fault(parameter.span, "The query parameter '" + parameter.name + "' has no value.");
    }
    scope.names.emplace(parameter.name, std::move(entity));
  }
}

Relation Binder::bind_query(const Query& query) {
  const Scope* scope = &new_scope(nullptr);
  const Statement* last = nullptr;
  for (const Statement& statement : query.statements) {
    switch (statement.kind) {
      case Statement::Kind::Let:
        scope = bind_let(statement, scope, nullptr);
        break;
      case Statement::Kind::Declare: {
        Scope& inner = new_scope(scope);
        bind_declare(statement, inner);
        scope = &inner;
        break;
      }
      case Statement::Kind::Set:
        break;
      case Statement::Kind::Query:
        // All are bound, so that all faults are told; the last one is the result.
        if (last != nullptr) bind_pipeline(*last->query, *scope);
        last = &statement;
    }
  }
  if (last == nullptr) {
    fault({}, "The query has no tabular expression statement.");
    return error_relation();
  }
  return bind_pipeline(*last->query, *scope);
}

Relation Binder::bind_pipeline(const Pipeline& pipeline, const Scope& scope) {
  Relation relation = error_relation();
  if (pipeline.operators.empty()) return relation;
  const Operator& first = pipeline.operators[0];
  if (!step(first.span)) return relation;
  if (const auto* table = std::get_if<TableOp>(&first.op)) {
    relation = bind_table_expr(*table->expr, scope);
  } else if (const auto* print = std::get_if<PrintOp>(&first.op)) {
    relation = bind_print(*print, scope);
  } else if (const auto* range = std::get_if<RangeOp>(&first.op)) {
    relation = bind_range(*range, scope);
  } else if (const auto* rows = std::get_if<DatatableOp>(&first.op)) {
    relation = bind_datatable(*rows, first.span);
  } else if (const auto* parts = std::get_if<UnionOp>(&first.op)) {
    apply_union(*parts, relation, false, scope);
  } else if (const auto* search = std::get_if<SearchOp>(&first.op)) {
    relation = bind_search(*search, nullptr, scope, first.span);
  } else if (const auto* other = std::get_if<UnsupportedOp>(&first.op)) {
    if (!other->name.empty()) unsupported(first.span, "The operator '" + other->name + "'");
  } else {
    fault(first.span, "A table is expected here.");
  }
  apply_all(pipeline, 1, relation, scope);
  return relation;
}

void Binder::apply_all(const Pipeline& pipeline, std::size_t first, Relation& relation,
                       const Scope& scope) {
  const Scope* names = &scope;
  for (std::size_t i = first; i < pipeline.operators.size(); ++i) {
    const Operator& op = pipeline.operators[i];
    if (!step(op.span)) return;
    ++statistics.operators;
    apply(op, relation, *names);
    if (i == 1 && std::holds_alternative<AsOp>(op.op)) names = names_of_as(pipeline, names);
  }
}

/// The names that `as` gave to what stands before it, inner ones included.
const Scope* Binder::names_of_as(const Pipeline& pipeline, const Scope* names) {
  const auto* table = std::get_if<TableOp>(&pipeline.operators[0].op);
  if (table == nullptr || table->expr->kind != ExprKind::Subquery) return names;
  if (pipeline.operators.size() < 2) return names;
  const auto* as = std::get_if<AsOp>(&pipeline.operators[1].op);
  if (as == nullptr) return names;
  names = names_of_as(*table->expr->query, names);
  Entity entity;
  entity.kind = Entity::Kind::Table;
  entity.query = table->expr->query.get();
  entity.scope = names;
  Scope& inner = new_scope(names);
  inner.names.emplace(as->name, std::move(entity));
  return &inner;
}

void Binder::apply(const Operator& op, Relation& relation, const Scope& scope) {
  const Span span = op.span;
  struct Visitor {
    Binder& b;
    Relation& r;
    const Scope& s;
    Span span;
    void operator()(const TableOp&) const { b.fault(span, "An operator is expected here."); }
    void operator()(const PrintOp&) const { b.fault(span, "'print' takes no rows."); }
    void operator()(const RangeOp&) const { b.fault(span, "'range' takes no rows."); }
    void operator()(const DatatableOp&) const { b.fault(span, "'datatable' takes no rows."); }
    void operator()(const UnionOp& op) const { b.apply_union(op, r, true, s); }
    void operator()(const SearchOp& op) const { r = b.bind_search(op, &r, s, span); }
    void operator()(const WhereOp& op) const { b.apply_where(op, r, s); }
    void operator()(const ExtendOp& op) const { b.apply_extend(op, r, s); }
    void operator()(const ProjectOp& op) const { b.apply_project(op, r, s); }
    void operator()(const ProjectColumnsOp& op) const { b.apply_project_columns(op, r); }
    void operator()(const ProjectRenameOp& op) const { b.apply_project_rename(op, r); }
    void operator()(const SummarizeOp& op) const { b.apply_summarize(op, r, s); }
    void operator()(const DistinctOp& op) const { b.apply_distinct(op, r, s); }
    void operator()(const SortOp& op) const { b.apply_sort(op, r, s, span); }
    void operator()(const TakeOp& op) const {
      b.apply_take(r, b.row_count(*op.count, s, "The number of rows"));
    }
    void operator()(const CountOp& op) const { b.apply_count(op, r); }
    void operator()(const JoinOp& op) const { b.apply_join(op, r, s, span); }
    void operator()(const MvExpandOp& op) const { b.apply_mv_expand(op, r, s, span); }
    void operator()(const ParseOp& op) const { b.apply_parse(op, r, s, span); }
    void operator()(const ParseKvOp& op) const { b.apply_parse_kv(op, r, s, span); }
    void operator()(const MakeSeriesOp& op) const { b.apply_make_series(op, r, s, span); }
    void operator()(const RenderOp& op) const {
      b.render.kind = op.kind;
      b.render.properties.clear();
      for (const Parameter& property : op.parameters) {
        b.render.properties.emplace_back(property.name, property.text);
      }
    }
    void operator()(const AsOp& op) const { r.label = op.name; }
    void operator()(const GetSchemaOp&) const { b.apply_getschema(r); }
    void operator()(const ConsumeOp&) const { b.unsupported(span, "The operator 'consume'"); }
    void operator()(const InvokeOp& op) const { b.apply_invoke(op, r, s, span); }
    void operator()(const EvaluateOp& op) const { b.apply_evaluate(op, r, s, span); }
    void operator()(const PartitionOp& op) const { b.apply_partition(op, r, s, span); }
    void operator()(const TopNestedOp& op) const { b.apply_top_nested(op, r, s, span); }
    void operator()(const TopHittersOp& op) const { b.apply_top_hitters(op, r, s); }
    void operator()(const SampleOp& op) const { b.apply_sample(op, r, s); }
    void operator()(const ScanOp& op) const { b.apply_scan(op, r, s, span); }
    void operator()(const UnsupportedOp& op) const {
      if (!op.name.empty()) b.unsupported(span, "The operator '" + op.name + "'");
      r.is_error = true;
    }
  };
  std::visit(Visitor{*this, relation, scope, span}, op.op);
}

Relation Binder::error_relation() {
  Relation relation;
  relation.plan = std::make_shared<Plan>();
  relation.plan->is_closed = true;
  relation.is_error = true;
  return relation;
}

/// A stage over the relation's rows with further columns.
void Binder::add_stage(Relation& relation, std::vector<PlanItem> items, bool is_pinned) {
  if (!is_pinned) {
    relation.plan = with_items(std::move(relation.plan), std::move(items));
    return;
  }
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  plan->items = std::move(items);
  plan->is_pinned = true;
  relation.plan = std::move(plan);
}

}  // namespace lw::kql
