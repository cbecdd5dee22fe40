// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kql/ast.h"
#include "kql/catalog.h"
#include "kql/scalar.h"
#include "kql/translate.h"

namespace lw::kql {

struct Scope;

/// What a name of `let`, of a function's parameter or of a table parameter stands for.
struct Entity {
  enum class Kind { Scalar, Table, Function } kind = Kind::Scalar;
  kql::Scalar scalar;
  const Pipeline* query = nullptr;  ///< A table: bound anew at each use, in `scope`.
  const FunctionBody* function = nullptr;
  const Scope* scope = nullptr;
  mutable std::shared_ptr<Relation> relation;  ///< A table as it is, for one use (`invoke`).
  bool is_parameter = false;
};

/// The names of one block of statements. Outer blocks are asked next.
struct Scope {
  const Scope* outer = nullptr;
  std::map<std::string, Entity, std::less<>> names;

  [[nodiscard]] const Entity* find(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
      if (const auto entity = scope->names.find(name); entity != scope->names.end()) {
        return &entity->second;
      }
    }
    return nullptr;
  }
};

/// Aggregates found in the expressions of one `summarize`: the items of its GROUP BY stage.
struct Aggregation {
  std::vector<PlanItem> items;
  bool is_inside = false;         ///< Binding an argument of an aggregate: no further one in it.
  bool is_grouped = false;        ///< There is a group for each row: no group is empty.
  std::vector<std::string> keys;  ///< Columns that `*` leaves out.
};

/// Where an expression is bound: the rows it sees, and what is allowed in it.
struct Rows {
  Relation* relation = nullptr;     ///< None: a constant expression. Window functions add stages.
  const Relation* right = nullptr;  ///< `$right` of a join's condition; `relation` is `$left`.
  Aggregation* aggregation = nullptr;
  const Scope* scope = nullptr;
  bool is_exact = false;   ///< `search kind=case_sensitive`.
  bool is_search = false;  ///< A plain string is a term to look for, as in `search`.
  /// scan: column names of steps' states, "s.x".
  const std::map<std::string, Column>* states = nullptr;
};

struct FunctionRow;
struct AggregateRow;

/// Several outputs of one expression: `arg_max(x, *)`, `percentiles(x, 50, 95)`.
struct Output {
  Scalar value;
  std::string name;
  bool is_named = false;  ///< By the user: must be unique as it is.
};

/// Gives types and SQL to a tree. One binder per query; its parts are in bind_*.cpp. Faults go to
/// the sink; what is built on them has the type Error and causes no further ones.
class Binder {
 public:
  Binder(const Catalog& catalog, const Options& options, DiagnosticSink& sink)
      : catalog_(catalog), options_(options), sink_(sink) {}

  /// The last tabular statement.
  Relation bind_query(const Query& query);

  const Options& options() const { return options_; }
  Render render;
  Statistics statistics;
  std::string question;      ///< A question of a plugin about the data …
  std::string question_sql;  ///< … and how to ask it.

  // For functions (functions_*.cpp, aggregates*.cpp).
  Scalar bind(const Expr& expr, Rows& rows);
  Scalar bind_predicate(const Expr& expr, Rows& rows, bool is_positive);
  Scalar fault(Span span, const std::string& message, Fault kind = Fault::Semantic);
  Scalar unsupported(Span span, const std::string& what);
  int new_id() { return ++last_id_; }
  std::string apply(std::string_view body, std::span<const std::string> arguments);
  std::string apply(std::string_view body, const std::vector<Scalar>& arguments);
  /// The argument's value at translation; a fault if it is not known.
  const Constant* constant_of(const Scalar& value, Span span, std::string_view what);
  std::optional<std::string> text_of(const Scalar& value, Span span, std::string_view what);
  std::optional<std::int64_t> number_of(const Scalar& value, Span span, std::string_view what);
  /// Values of one expression made of several: the widest type, and each value as that.
  Type unify(std::vector<Scalar>& values, Span span, std::string_view what);
  std::string order_by(const Relation& relation) const;
  Scalar compare(const std::string& sign, const Scalar& left, const Scalar& right, Span span,
                 bool is_positive);
  std::optional<Scalar> compare_names(const Scalar& column, std::span<const Scalar> texts,
                                      bool ignores_case, bool is_negated);
  Scalar arithmetic(const std::string& sign, const Scalar& left, const Scalar& right, Span span);
  Relation bind_pipeline(const Pipeline& pipeline, const Scope& scope);
  std::string subquery(Relation relation, std::size_t column, bool is_single);
  void add_stage(Relation& relation, std::vector<PlanItem> items, bool is_pinned);

 private:
  // Statements and names (binder.cpp).
  const Scope* bind_let(const Statement& statement, const Scope* scope, Relation* relation);
  void bind_declare(const Statement& statement, Scope& scope);
  Scope& new_scope(const Scope* outer);
  const Scope* names_of_as(const Pipeline& pipeline, const Scope* names);
  bool step(Span span);
  void apply(const Operator& op, Relation& relation, const Scope& scope);
  std::vector<std::string> names_in(const Rows& rows) const;

  // Expressions (bind_expression.cpp, bind_operation.cpp, bind_call.cpp).
  Scalar bind_unguarded(const Expr& expr, Rows& rows, bool is_positive);
  Scalar bind_name(const Expr& expr, Rows& rows);
  Scalar bind_member(const Expr& expr, Rows& rows);
  Scalar bind_index(const Expr& expr, Rows& rows);
  Scalar compare_dynamic(const std::string& sign, const Scalar& left, const Scalar& right);
  Scalar bind_unary(const Expr& expr, Rows& rows);
  Scalar bind_binary(const Expr& expr, Rows& rows, bool is_positive);
  Scalar bind_logic(const Expr& expr, Rows& rows, bool is_positive);
  Scalar bind_in(const Expr& expr, Rows& rows);
  Scalar bind_in_subquery(const Expr& expr, const Scalar& left, Rows& rows);
  Scalar bind_has_any(const Expr& expr, Scalar left, Rows& rows);
  Scalar bind_between(const Expr& expr, Rows& rows, bool is_positive);
  Scalar bind_string_operation(const std::string& word, const Scalar& left, const Scalar& right,
                               Span span);
  Scalar bind_star_operation(const Expr& expr, Rows& rows);
  Scalar bind_search_term(const Scalar& term, Rows& rows, Span span);
  Scalar bind_call(const Expr& expr, Rows& rows);
  Scalar bind_function(const FunctionRow& row, const Expr& expr, Rows& rows);
  Scalar bind_user_function(const Entity& entity, const Expr& expr, Rows& rows);
  Scalar bind_toscalar(const Expr& expr, Rows& rows);
  Scalar bind_table_call(const Expr& expr, Rows& rows);
  const Scope* bind_parameters(const Entity& entity, const Expr& expr, Rows& rows);
  std::vector<Output> bind_item(const NamedExpr& item, Rows& rows);
  std::vector<Output> bind_series_parts(const Expr& expr, const std::vector<std::string>& names,
                                        Rows& rows);
  Scalar bind_window(const Expr& expr, Rows& rows);
  Scalar bind_neighbour(const Expr& expr, Rows& rows);
  Scalar bind_rank(const Expr& expr, const Scalar& x, const std::string& group, Rows& rows);
  Scalar window_column(Relation& relation, Type type, const std::string& function,
                       const std::string& group, const std::string& frame, bool is_nullable);
  std::vector<Scalar> bind_arguments(const Expr& expr, Rows& rows);

  // Tables (bind_source.cpp).
  bool is_table(const Expr& expr, const Rows& rows) const;
  const Pipeline* pipeline_of(const Expr& expr);
  Relation bind_table_name(const Expr& expr, const Scope& scope);
  Relation bind_table_expr(const Expr& expr, const Scope& scope);
  Relation read_table(const Table& table, const std::string& label);
  Relation bind_table_function(const Entity& entity, const Expr& expr, const Scope& scope);
  Relation bind_entity(const Entity& entity, const std::string& name, Span span);
  Relation one_row();
  Relation error_relation();
  Relation bind_datatable(const DatatableOp& op, Span span);
  Relation bind_print(const PrintOp& op, const Scope& scope);
  Relation bind_range(const RangeOp& op, const Scope& scope);
  std::vector<Relation> bind_union_tables(const Pipeline& pipeline, const Scope& scope);
  Relation join_union(std::vector<Relation> parts, bool is_inner, const std::string& source_name);
  Relation bind_search(const SearchOp& op, Relation* input, const Scope& scope, Span span);

  // Columns (bind_columns.cpp, bind_rows.cpp).
  void set_columns(Relation& relation, std::vector<Output> outputs, bool keep_others);
  void apply_where(const WhereOp& op, Relation& relation, const Scope& scope);
  void filter(Relation& relation, const Scalar& predicate);
  bool is_bounded_by_source(const Relation& relation, const Scalar& predicate) const;
  void apply_extend(const ExtendOp& op, Relation& relation, const Scope& scope);
  void apply_project(const ProjectOp& op, Relation& relation, const Scope& scope);
  void apply_project_columns(const ProjectColumnsOp& op, Relation& relation);
  void place_reordered(const ProjectColumnsOp& op, Relation& relation, std::vector<Column> chosen,
                       std::vector<Column> kept);
  void apply_project_rename(const ProjectRenameOp& op, Relation& relation);
  void apply_distinct(const DistinctOp& op, Relation& relation, const Scope& scope);
  void apply_sort(const SortOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_take(Relation& relation, const std::string& count);
  void apply_count(const CountOp& op, Relation& relation);
  void apply_getschema(Relation& relation);
  void serialize(Relation& relation);
  void apply_union(const UnionOp& op, Relation& relation, bool has_input, const Scope& scope);
  std::string row_count(const Expr& expr, const Scope& scope, std::string_view what);

  // Aggregation (bind_summarize.cpp, aggregates.cpp).
  struct Group {
    std::vector<Output> keys;
    std::vector<Output> values;
  };
  void group(Relation& relation, Group group, Aggregation aggregation);
  std::vector<Output> bind_keys(const std::vector<NamedExpr>& by, Relation& relation,
                                const Scope& scope);
  void apply_summarize(const SummarizeOp& op, Relation& relation, const Scope& scope);
  Scalar bind_aggregate(const AggregateRow& row, const Expr& expr, Rows& rows);
  std::vector<Output> bind_many(const Expr& expr, const std::vector<std::string>& names,
                                Rows& rows);
  std::vector<Output> bind_arg_max(const Expr& expr, const std::vector<std::string>& names,
                                   Rows& rows);
  std::vector<Output> arg_of_each(const std::string& function, const std::vector<Scalar>& values,
                                  const std::vector<std::string>& names, Rows& rows);
  std::vector<Output> bind_take_any(const Expr& expr, const std::vector<std::string>& names,
                                    Rows& rows);
  std::vector<Output> bind_percentiles(const Expr& expr, const std::vector<std::string>& names,
                                       Rows& rows);
  void share_percentiles(Aggregation& aggregation, std::size_t first, std::vector<Output>& outputs);
  std::string list_of(const Scalar& value, const std::string& condition, bool with_nulls,
                      Relation& relation);
  Scalar bind_collection(const AggregateRow& row, std::vector<Scalar> args, const Expr& expr,
                         Rows& rows);
  Scalar bind_percentile(std::vector<Scalar> args, const Expr& expr, Rows& rows);
  std::string order_key(Relation& relation);
  Scalar aggregate(Rows& rows, Scalar value);
  std::vector<Scalar> bind_aggregate_arguments(const Expr& expr, Rows& rows);

  // Joins (bind_join.cpp).
  struct JoinKey {
    Scalar left;
    Scalar right;
  };
  void apply_join(const JoinOp& op, Relation& relation, const Scope& scope, Span span);
  std::vector<JoinKey> bind_join_keys(const JoinOp& op, Relation& left, Relation& right,
                                      const Scope& scope);
  void add_join_keys(const Expr& expr, Relation& left, Relation& right, const Scope& scope,
                     std::vector<JoinKey>& keys);
  void renumber(Relation& relation);

  // The rest, one file each.
  struct NestedLevelPlan;
  void apply_mv_expand(const MvExpandOp& op, Relation& relation, const Scope& scope, Span span);
  void limit_elements(Relation& relation, int index, const Expr& limit, const Scope& scope);
  void apply_to_parts(const Pipeline& pipeline, Relation& relation,
                      const std::vector<Column>& outer, const std::vector<Column>& kept,
                      const std::vector<PlanOrder>& outer_order, const Scope& scope,
                      const Expr* limit, Span span);
  void apply_parse(const ParseOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_parse_kv(const ParseKvOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_make_series(const MakeSeriesOp& op, Relation& relation, const Scope& scope, Span span);
  void group_series(const MakeSeriesOp& op, Relation& relation, std::vector<Output> keys,
                    const std::vector<Scalar>& axis, int place, const std::string& count,
                    const Scope& scope);
  int place_of(const std::vector<Column>& columns, std::size_t key_count);
  void nest_levels(Relation& relation, const Plan& source, const std::vector<int>& ids,
                   const std::vector<NestedLevelPlan>& levels);
  Expr borrowed(const Expr& expr);
  void apply_evaluate(const EvaluateOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_bag_unpack(const EvaluateOp& op, Relation& relation, const Scope& scope);
  void apply_pivot(const EvaluateOp& op, Relation& relation, const Scope& scope);
  void apply_narrow(Relation& relation);
  const Answer* ask(const Relation& relation, const std::vector<std::string>& expressions,
                    const std::string& tail);
  void apply_partition(const PartitionOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_top_nested(const TopNestedOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_top_hitters(const TopHittersOp& op, Relation& relation, const Scope& scope);
  void apply_sample(const SampleOp& op, Relation& relation, const Scope& scope);
  void apply_scan(const ScanOp& op, Relation& relation, const Scope& scope, Span span);
  struct ScanState {
    std::vector<Column> rows;                 ///< Declared columns, as a row has them.
    std::map<std::string, Column> qualified;  ///< "step.name": as the state has them.
    std::map<int, std::string> texts;         ///< What each of these is inside the fold.
    std::vector<std::string> initial, previous, next;
  };
  bool declare_states(const ScanOp& op, const Relation& relation, const Scope& scope,
                      ScanState& state);
  void fold(Relation& relation, const Scalar& condition, const ScanState& state,
            const std::string& match_name);
  void apply_invoke(const InvokeOp& op, Relation& relation, const Scope& scope, Span span);
  void apply_all(const Pipeline& pipeline, std::size_t first, Relation& relation,
                 const Scope& scope);

  const Catalog& catalog_;
  const Options& options_;
  DiagnosticSink& sink_;
  std::deque<Scope> scopes_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;  ///< Made of arguments.
  std::vector<const Entity*> calls_;  ///< Functions being bound: they must not call themselves.
  int last_id_ = 0;
  int counter_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace lw::kql
