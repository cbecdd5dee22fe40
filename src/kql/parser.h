// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "kql/ast.h"
#include "kql/token.h"

namespace lw::kql {

/// Expressions, pipelines and functions may nest so deep. The engine parses what is made of them,
/// with a limit of its own; people write 5 levels, programs 50.
inline constexpr int kDepthMax = 250;
/// Longer queries are refused unread.
inline constexpr std::size_t kQueryBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kTokensMax = 200'000;

/// The query as a tree. Faults go to `sink`, several for one query: after a fault in one operator
/// reading goes on behind the next `|` or `;`. The tree is complete only if `sink` stayed empty.
Query parse_query(std::string_view text, DiagnosticSink& sink);

/// Recursive descent over the tokens of one query. Its parts are in parse_*.cpp.
class Parser {
 public:
  /// The words that begin operators, those that are refused by name left out.
  static std::vector<std::string> operator_names();
  Parser(std::vector<Token> tokens, DiagnosticSink& sink)
      : tokens_(std::move(tokens)), sink_(sink) {}

  Query query();

 private:
  friend class DepthGuard;

  // Tokens (parser.cpp).
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  const Token& next();
  bool accept(std::string_view sign);
  bool accept_word(std::string_view word);
  void expect(std::string_view sign);
  void expect_word(std::string_view word);
  [[nodiscard]] bool at_end_of_operator() const;
  [[nodiscard]] bool is_adjacent(std::size_t ahead) const;
  void fault(const Token& at, const std::string& expected);
  void skip_to_next_operator();
  void stop(Span span, const std::string& message);
  [[nodiscard]] Span span_from(std::size_t begin) const;

  // Names and lists (parser.cpp).
  [[nodiscard]] bool is_name(std::size_t ahead = 0) const;
  std::string name();
  std::string dotted_name();
  NamePattern name_pattern();
  Type type_name();
  std::vector<ColumnDeclaration> column_declarations();
  NamedExpr named_expr();
  std::vector<NamedExpr> named_exprs();
  std::vector<Parameter> parameters();
  std::vector<Parameter> parameters_of(std::string_view prefix);
  bool at_parameter() const;
  Parameter parameter();
  template <class Read>
  void comma_separated(Read read) {
    do {
      read();
    } while (!stopped_ && accept(","));
  }

  // Statements (parse_statement.cpp).
  Statement statement();
  void let_value(Statement& statement);
  [[nodiscard]] bool at_function() const;
  std::unique_ptr<FunctionBody> function_body();
  FunctionParameter function_parameter();
  PipelinePtr pipeline(bool has_source);
  PipelinePtr pipeline_from(Operator first);
  [[nodiscard]] bool at_query_source() const;
  Operator source();
  Operator table_source();
  Operator datatable();
  Operator piped_operator();

  // Expressions (parse_expression.cpp, parse_dynamic.cpp).
  ExprPtr expression();
  ExprPtr and_expression();
  ExprPtr equality();
  ExprPtr relation();
  ExprPtr sum();
  ExprPtr product();
  ExprPtr string_operation();
  ExprPtr unary();
  ExprPtr postfix();
  ExprPtr primary();
  ExprPtr literal();
  ExprPtr typed_literal();
  ExprPtr dynamic_literal();
  std::string dynamic_value(int depth);
  std::string dynamic_scalar();
  ExprPtr name_or_call();
  ExprPtr call(std::string function, Span span);
  ExprPtr parenthesized();
  ExprPtr argument();
  ExprPtr in_list(ExprPtr left);
  ExprPtr between(ExprPtr left);
  ExprPtr node(ExprKind kind, Span span, std::string text = {});
  ExprPtr error_at(const Token& token);
  ExprPtr binary(ExprPtr left, std::string sign, ExprPtr right);
  void adopt(Expr& parent, ExprPtr child);

  // Operators (parse_operator.cpp, parse_operator_more.cpp).
  using Reader = std::function<decltype(Operator::op)(Parser&)>;
  struct OperatorRow;
  static const std::vector<OperatorRow>& operator_rows();
  std::string operator_name();
  decltype(Operator::op) print();
  decltype(Operator::op) range();
  decltype(Operator::op) union_operator();
  decltype(Operator::op) search();
  decltype(Operator::op) where();
  decltype(Operator::op) project_columns(ColumnChoice choice);
  decltype(Operator::op) summarize();
  decltype(Operator::op) distinct();
  decltype(Operator::op) sort(bool is_top);
  decltype(Operator::op) count();
  decltype(Operator::op) join(bool is_lookup);
  decltype(Operator::op) mv_expand(bool is_apply);
  decltype(Operator::op) parse(bool is_where);
  decltype(Operator::op) parse_kv();
  decltype(Operator::op) make_series();
  decltype(Operator::op) render();
  decltype(Operator::op) evaluate();
  decltype(Operator::op) partition();
  decltype(Operator::op) top_nested();
  decltype(Operator::op) top_hitters();
  decltype(Operator::op) sample(bool is_distinct);
  decltype(Operator::op) scan();
  ScanStep scan_step();
  ParsePiece parse_piece();
  SortKey sort_key();
  PipelinePtr right_side();
  PipelinePtr union_table();
  NamedExpr named_expr_before_in();
  ExprPtr expression_of_partition();
  std::string next_text();

  std::vector<Token> tokens_;
  DiagnosticSink& sink_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool stopped_ = false;  ///< A limit was met; everything reads as the end.
};

/// Counts one level of nesting while it lives; stops the parser where there are too many.
class DepthGuard {
 public:
  explicit DepthGuard(Parser& parser);
  ~DepthGuard() { --parser_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  Parser& parser_;
};

}  // namespace lw::kql
