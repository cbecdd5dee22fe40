// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kql/constant.h"
#include "kql/diagnostic.h"
#include "kql/type.h"

namespace lw::kql {

struct Expr;
struct Pipeline;
using ExprPtr = std::unique_ptr<Expr>;
using PipelinePtr = std::unique_ptr<Pipeline>;

enum class ExprKind {
  Literal,   ///< `constant`
  Name,      ///< `text`
  Member,    ///< args[0] . text
  Index,     ///< args[0] [ args[1] ]
  Call,      ///< text ( args )
  Unary,     ///< text is "-" or "+"
  Binary,    ///< args[0] text args[1]
  And,       ///< all args
  Or,        ///< any of args
  In,        ///< args[0] text ( args[1…] ); text is "in", "!in~", "has_any" …
  Between,   ///< args[0] between ( args[1] .. args[2] ); text may be "!between"
  Star,      ///< `*` as an argument or as the left side of a string operator
  Subquery,  ///< `query`
  Named,     ///< text = args[0], among the arguments of a call
  Typeof,    ///< `constant.type`
  Error,     ///< Something that could not be read; told already.
};

/// A scalar expression. Depth is limited by the parser, so recursion over it is safe.
struct Expr {
  ExprKind kind = ExprKind::Error;
  Span span;
  std::string text;
  Constant constant;
  std::vector<ExprPtr> args;
  PipelinePtr query;
  int depth = 1;
};

/// `a = f(x)`, `(a, b) = f(x)` or `f(x)` in a list of expressions.
struct NamedExpr {
  std::vector<std::string> names;
  Span span;
  ExprPtr value;
};

struct ColumnDeclaration {
  std::string name;
  Type type = Type::Error;
  Span span;
};

/// A column name or a pattern with `*`.
struct NamePattern {
  std::string text;
  Span span;
};

/// `name=value` of an operator (`kind=inner`, `hint.strategy=shuffle`).
struct Parameter {
  std::string name;
  std::string text;  ///< A word, or a string's value.
  ExprPtr value;     ///< Set where the value is an expression.
  Span span;
};

struct SortKey {
  ExprPtr value;
  bool is_ascending = false;
  std::optional<bool> nulls_first;
};

// Sources.
struct TableOp {
  ExprPtr expr;
};
struct PrintOp {
  std::vector<NamedExpr> items;
};
struct RangeOp {
  std::string name;
  ExprPtr from, to, step;
};
struct DatatableOp {
  std::vector<ColumnDeclaration> columns;
  std::vector<ExprPtr> cells;
};
struct UnionOp {
  std::vector<Parameter> parameters;
  std::vector<PipelinePtr> tables;
};
struct SearchOp {
  std::vector<Parameter> parameters;
  std::vector<NamePattern> tables;
  ExprPtr predicate;
};

// Operators.
struct WhereOp {
  ExprPtr predicate;
};
struct ExtendOp {
  std::vector<NamedExpr> items;
  bool is_serialize = false;
};
struct ProjectOp {
  std::vector<NamedExpr> items;
};
enum class ColumnChoice { Away, Keep, Reorder };
struct ProjectColumnsOp {
  ColumnChoice choice = ColumnChoice::Away;
  std::vector<NamePattern> patterns;
  /// Of project-reorder: 0 as found, 1 ascending, -1 descending, one for each pattern.
  std::vector<int> directions;
};
struct ProjectRenameOp {
  std::vector<NamedExpr> items;
};
struct SummarizeOp {
  std::vector<NamedExpr> aggregates;
  std::vector<NamedExpr> by;
};
struct DistinctOp {
  bool is_all = false;
  std::vector<NamedExpr> items;
};
struct SortOp {
  std::vector<SortKey> keys;
  ExprPtr top;  ///< Set for `top`.
};
struct TakeOp {
  ExprPtr count;
};
struct CountOp {
  std::string name;
};
struct JoinOp {
  std::vector<Parameter> parameters;
  PipelinePtr right;
  std::vector<ExprPtr> on;
  bool is_lookup = false;
};
struct ExpandedItem {
  std::string name;
  ExprPtr value;
  std::optional<Type> type;
};
struct MvExpandOp {
  std::vector<Parameter> parameters;
  std::vector<ExpandedItem> items;
  ExprPtr limit;
  PipelinePtr apply;  ///< Set for mv-apply.
};
/// One piece of a parse pattern: a text, `*`, or a column.
struct ParsePiece {
  enum class Kind { Text, Star, Column } kind = Kind::Star;
  std::string text;
  Type type = Type::String;
  Span span;
};
struct ParseOp {
  std::vector<Parameter> parameters;
  ExprPtr value;
  std::vector<ParsePiece> pieces;
  bool is_where = false;
};
struct ParseKvOp {
  ExprPtr value;
  std::vector<ColumnDeclaration> columns;
  std::vector<Parameter> parameters;
};
struct SeriesItem {
  NamedExpr aggregate;
  ExprPtr otherwise;
};
struct MakeSeriesOp {
  std::vector<SeriesItem> items;
  NamedExpr axis;
  ExprPtr from, to, step;
  bool is_nonempty = false;  ///< `kind=nonempty`: a row even of no rows, if there are no keys.
  bool is_range = false;     ///< `in range(from, to, step)`: `to` is part of it.
  std::vector<NamedExpr> by;
};
struct RenderOp {
  std::string kind;
  std::vector<Parameter> parameters;
};
struct AsOp {
  std::string name;
};
struct GetSchemaOp {};
struct ConsumeOp {};
struct InvokeOp {
  ExprPtr call;
};
struct EvaluateOp {
  ExprPtr call;
  std::vector<ColumnDeclaration> schema;
  bool has_schema = false;
};
struct PartitionOp {
  std::vector<Parameter> parameters;
  ExprPtr by;
  PipelinePtr apply;
};
struct NestedLevel {
  ExprPtr count;
  NamedExpr of;
  ExprPtr others;
  NamedExpr by;
  bool is_ascending = false;
};
struct TopNestedOp {
  std::vector<NestedLevel> levels;
};
struct TopHittersOp {
  ExprPtr count;
  NamedExpr of;
  ExprPtr by;
};
struct SampleOp {
  ExprPtr count;
  ExprPtr of;  ///< Set for sample-distinct.
};
struct ScanStep {
  std::string name;
  bool is_optional = false;
  std::string output;  ///< "", "all", "last" or "none".
  ExprPtr condition;
  std::vector<NamedExpr> assignments;
  Span span;
};
struct ScanOp {
  std::vector<Parameter> parameters;
  std::vector<NamedExpr> declared;  ///< Names with their default.
  std::vector<Type> types;          ///< One for each declared name.
  std::vector<ScanStep> steps;
};
/// KQL that exists and is not translated.
struct UnsupportedOp {
  std::string name;
};

struct Operator {
  Span span;
  std::variant<TableOp, PrintOp, RangeOp, DatatableOp, UnionOp, SearchOp, WhereOp, ExtendOp,
               ProjectOp, ProjectColumnsOp, ProjectRenameOp, SummarizeOp, DistinctOp, SortOp,
               TakeOp, CountOp, JoinOp, MvExpandOp, ParseOp, ParseKvOp, MakeSeriesOp, RenderOp,
               AsOp, GetSchemaOp, ConsumeOp, InvokeOp, EvaluateOp, PartitionOp, TopNestedOp,
               TopHittersOp, SampleOp, ScanOp, UnsupportedOp>
      op;
};

/// A tabular expression: a source, and operators that each take what the one before gives. Inside
/// `mv-apply` and `partition` there is no source: the first operator takes the outer rows.
struct Pipeline {
  Span span;
  std::vector<Operator> operators;
};

/// A parameter of a user-defined function: scalar, or a table with the columns it must have.
struct FunctionParameter {
  std::string name;
  Type type = Type::Dynamic;
  bool is_table = false;
  bool takes_more = false;  ///< `T:(*)`: further columns are welcome.
  std::vector<ColumnDeclaration> columns;
  ExprPtr otherwise;
  Span span;
};

struct Statement;

/// `(x: long, s: string = "a") { let y = …; body }`
struct FunctionBody {
  std::vector<FunctionParameter> parameters;
  std::vector<Statement> statements;
  bool is_view = false;
};

struct Statement {
  enum class Kind { Let, Set, Query, Declare } kind = Kind::Query;
  Span span;
  std::string name;
  ExprPtr scalar;                           ///< let x = 5
  PipelinePtr query;                        ///< let T = …; or the query itself
  std::unique_ptr<FunctionBody> function;   ///< let f = (…) {…}
  std::vector<FunctionParameter> declared;  ///< declare query_parameters(…)
};

struct Query {
  std::vector<Statement> statements;
};

}  // namespace lw::kql
