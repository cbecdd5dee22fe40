// SPDX-License-Identifier: Apache-2.0
// Statements, functions, pipelines and their sources.
#include <algorithm>
#include <array>
#include <utility>

#include "kql/parser.h"

namespace lw::kql {

Query Parser::query() {
  Query query;
  while (peek().kind != TokenKind::End) {
    const std::size_t before = at_;
    query.statements.push_back(statement());
    if (peek().kind == TokenKind::End) break;
    if (!accept(";")) {
      fault(peek(), "';' or '|'");
      while (peek().is(")") || peek().is("}")) next();
      accept(";");
    }
    if (at_ == before) next();
  }
  return query;
}

Statement Parser::statement() {
  Statement statement;
  const std::size_t begin = peek().span.begin;
  if (peek().is_word("let") && is_name(1)) {
    next();
    statement.kind = Statement::Kind::Let;
    statement.name = name();
    expect("=");
    let_value(statement);
  } else if (peek().is_word("set") && is_name(1)) {
    next();
    statement.kind = Statement::Kind::Set;
    statement.name = dotted_name();
    if (accept("=")) statement.scalar = expression();
  } else if (peek().is_word("declare") && peek(1).is_word("query_parameters")) {
    next();
    next();
    statement.kind = Statement::Kind::Declare;
    expect("(");
    comma_separated([&] { statement.declared.push_back(function_parameter()); });
    expect(")");
  } else {
    statement.query = pipeline(true);
  }
  statement.span = span_from(begin);
  return statement;
}

void Parser::let_value(Statement& statement) {
  if (at_function()) {
    statement.function = function_body();
    return;
  }
  ExprPtr value = argument();
  if (value->kind == ExprKind::Subquery) {
    statement.query = std::move(value->query);
  } else {
    statement.scalar = std::move(value);
  }
}

/// `(x: long) {`, `() {`, `view () {`.
bool Parser::at_function() const {
  std::size_t ahead = peek().is_word("view") && peek(1).is("(") ? 1 : 0;
  if (!peek(ahead).is("(")) return false;
  if (peek(ahead + 1).is(")") && peek(ahead + 2).is("{")) return true;
  return is_name(ahead + 1) && peek(ahead + 2).is(":");
}

std::unique_ptr<FunctionBody> Parser::function_body() {
  const DepthGuard guard(*this);
  auto function = std::make_unique<FunctionBody>();
  function->is_view = accept_word("view");
  expect("(");
  if (!accept(")")) {
    comma_separated([&] { function->parameters.push_back(function_parameter()); });
    expect(")");
  }
  expect("{");
  while (!peek().is("}") && peek().kind != TokenKind::End) {
    const std::size_t before = at_;
    if ((peek().is_word("let") || peek().is_word("set")) && is_name(1)) {
      function->statements.push_back(statement());
    } else {
      Statement body;
      body.span = peek().span;
      let_value(body);
      function->statements.push_back(std::move(body));
    }
    if (!accept(";") || at_ == before) break;
  }
  expect("}");
  return function;
}

FunctionParameter Parser::function_parameter() {
  FunctionParameter parameter;
  const std::size_t begin = peek().span.begin;
  parameter.name = name();
  expect(":");
  if (peek().is("(")) {
    parameter.is_table = true;
    if (peek(1).is("*") && peek(2).is(")")) {
      next(), next(), next();
      parameter.takes_more = true;
    } else {
      parameter.columns = column_declarations();
    }
  } else {
    parameter.type = type_name();
    if (accept("=")) parameter.otherwise = expression();
  }
  parameter.span = span_from(begin);
  return parameter;
}

PipelinePtr Parser::pipeline(bool has_source) {
  const DepthGuard guard(*this);
  return pipeline_from(has_source ? source() : piped_operator());
}

PipelinePtr Parser::pipeline_from(Operator first) {
  auto result = std::make_unique<Pipeline>();
  const std::size_t begin = first.span.begin;
  result->operators.push_back(std::move(first));
  while (!stopped_ && accept("|")) {
    Operator op = piped_operator();
    if (std::holds_alternative<AsOp>(op.op)) {
      // What stands before gets the name: it becomes a pipeline of its own, to be bound once more
      // where the name is used.
      ExprPtr named = node(ExprKind::Subquery, span_from(begin));
      named->query = std::move(result);
      named->query->span = named->span;
      result = std::make_unique<Pipeline>();
      result->operators.push_back({named->span, TableOp{nullptr}});
      std::get<TableOp>(result->operators.back().op).expr = std::move(named);
    }
    result->operators.push_back(std::move(op));
  }
  result->span = span_from(begin);
  if (result->operators.size() > static_cast<std::size_t>(kDepthMax)) {
    stop(result->span, "The query has more than " + std::to_string(kDepthMax) + " operators.");
  }
  return result;
}

/// Whether a tabular expression begins here that could be no scalar one.
bool Parser::at_query_source() const {
  const Token& token = peek();
  if (token.kind != TokenKind::Name) return false;
  const Token& after = peek(1);
  if (token.text == "datatable" || token.text == "externaldata") return after.is("(");
  if (token.text == "range") return is_name(1) && peek(after.is("[") ? 4 : 2).is_word("from");
  if (token.text == "print") return !after.is("(") || peek(2).kind != TokenKind::End;
  if (token.text == "union" || token.text == "find" || token.text == "search") {
    return after.kind == TokenKind::Name || after.is("(") || after.kind == TokenKind::String ||
           after.is("*");
  }
  return false;
}

Operator Parser::source() {
  const std::size_t begin = peek().span.begin;
  const Token& token = peek();
  Operator op;
  if (token.is_word("print")) {
    next();
    op.op = print();
  } else if (token.is_word("range") && is_name(1) && !peek(1).is("(")) {
    next();
    op.op = range();
  } else if (token.is_word("datatable") && peek(1).is("(")) {
    op = datatable();
  } else if (token.is_word("union") && !peek(1).is("|")) {
    next();
    op.op = union_operator();
  } else if (token.is_word("search") && !peek(1).is("|")) {
    next();
    op.op = search();
  } else if ((token.is_word("find") && !peek(1).is("|")) || token.is_word("externaldata")) {
    op.op = UnsupportedOp{token.text};
    next();
    skip_to_next_operator();
  } else {
    op = table_source();
  }
  op.span = span_from(begin);
  return op;
}

/// `T`, `f(x)`, `workspace("w").T`, `(T | where …)`.
Operator Parser::table_source() {
  Operator op;
  op.span = peek().span;
  if (peek().kind == TokenKind::End || !(is_name() || peek().is("("))) {
    fault(peek(), "a table");
    op.op = TableOp{node(ExprKind::Error, op.span)};
    return op;
  }
  ExprPtr expr = postfix();
  op.span = expr->span;
  op.op = TableOp{std::move(expr)};
  return op;
}

Operator Parser::datatable() {
  Operator op;
  op.span = next().span;
  DatatableOp table;
  table.columns = column_declarations();
  expect("[");
  while (!stopped_ && !peek().is("]") && peek().kind != TokenKind::End) {
    table.cells.push_back(unary());
    if (!accept(",")) break;
  }
  expect("]");
  op.op = std::move(table);
  return op;
}

}  // namespace lw::kql
