// SPDX-License-Identifier: Apache-2.0
// How the operators are read that are less common, or have a grammar of their own.
#include <utility>

#include "kql/parser.h"

namespace lw::kql {

using Op = decltype(Operator::op);

/// Parameters that begin with `prefix`, where a plain `name =` would be a column.
std::vector<Parameter> Parser::parameters_of(std::string_view prefix) {
  std::vector<Parameter> found;
  while (at_parameter() && peek().text == prefix) {
    found.push_back(parameter());
    accept(",");
  }
  return found;
}

Op Parser::mv_expand(bool is_apply) {
  MvExpandOp op;
  while (at_parameter() && (peek().text == "bagexpansion" || peek().text == "kind" ||
                            peek().text == "with_itemindex" || peek().text == "hint")) {
    op.parameters.push_back(parameter());
  }
  comma_separated([&] {
    ExpandedItem item;
    NamedExpr named = named_expr();
    if (!named.names.empty()) item.name = std::move(named.names[0]);
    item.value = std::move(named.value);
    if (accept_word("to")) {
      expect_word("typeof");
      expect("(");
      item.type = type_name();
      expect(")");
    }
    op.items.push_back(std::move(item));
  });
  if (accept_word("limit")) op.limit = expression();
  if (!is_apply) return op;
  expect_word("on");
  expect("(");
  op.apply = pipeline(false);
  expect(")");
  return op;
}

ParsePiece Parser::parse_piece() {
  ParsePiece piece;
  piece.span = peek().span;
  if (peek().kind == TokenKind::String) {
    piece.kind = ParsePiece::Kind::Text;
    while (peek().kind == TokenKind::String) piece.text += next().text;
    return piece;
  }
  if (accept("*")) return piece;
  piece.kind = ParsePiece::Kind::Column;
  piece.text = name();
  if (accept(":")) piece.type = type_name();
  return piece;
}

Op Parser::parse(bool is_where) {
  ParseOp op;
  op.is_where = is_where;
  while (at_parameter()) op.parameters.push_back(parameter());
  op.value = expression();
  expect_word("with");
  while (!at_end_of_operator() && !stopped_) {
    const std::size_t before = at_;
    op.pieces.push_back(parse_piece());
    if (at_ == before) break;
  }
  return op;
}

Op Parser::parse_kv() {
  ParseKvOp op;
  op.value = expression();
  expect_word("as");
  op.columns = column_declarations();
  if (accept_word("with")) {
    expect("(");
    comma_separated([&] { op.parameters.push_back(parameter()); });
    expect(")");
  }
  return op;
}

Op Parser::make_series() {
  MakeSeriesOp op;
  while (at_parameter() && (peek().text == "kind" || peek().text == "hint")) {
    const Parameter found = parameter();
    if (found.name == "kind") op.is_nonempty = found.text == "nonempty";
  }
  comma_separated([&] {
    SeriesItem item;
    item.aggregate = named_expr();
    if (peek().is_word("default") && peek(1).is("=")) {
      next();
      next();
      item.otherwise = expression();
    }
    op.items.push_back(std::move(item));
  });
  expect_word("on");
  op.axis = named_expr_before_in();
  if (accept_word("in")) {
    op.is_range = true;
    expect_word("range");
    expect("(");
    op.from = expression();
    expect(",");
    op.to = expression();
    expect(",");
    op.step = expression();
    expect(")");
  } else {
    if (accept_word("from")) op.from = expression();
    if (accept_word("to")) op.to = expression();
    expect_word("step");
    op.step = expression();
  }
  if (accept_word("by")) op.by = named_exprs();
  return op;
}

/// The axis of make-series: `in range(…)` behind it is not the operator `in`.
NamedExpr Parser::named_expr_before_in() {
  NamedExpr item;
  const std::size_t begin = peek().span.begin;
  const std::size_t assign = peek().is("[") ? 3 : 1;
  if (is_name() && peek(assign).is("=")) {
    item.names.push_back(name());
    next();
  }
  item.value = relation();
  item.span = span_from(begin);
  return item;
}

Op Parser::render() {
  RenderOp op;
  op.kind = name();
  const bool has_with = accept_word("with");
  if (has_with) expect("(");
  while (at_parameter()) {
    Parameter property;
    const std::size_t begin = peek().span.begin;
    property.name = next().text;
    expect("=");
    // `ycolumns=a,b` is a list: what is behind a comma belongs to it unless it has a value itself.
    while (!at_end_of_operator() && !peek().is(",")) property.text += next_text();
    while (peek().is(",") && !(peek(1).kind == TokenKind::Name && peek(2).is("=")) && !stopped_) {
      next();
      property.text += ",";
      while (!at_end_of_operator() && !peek().is(",")) property.text += next_text();
    }
    accept(",");
    property.span = span_from(begin);
    op.parameters.push_back(std::move(property));
  }
  if (has_with) expect(")");
  return op;
}

/// A token's text, whatever it is.
std::string Parser::next_text() {
  const Token& token = next();
  if (token.kind == TokenKind::Long) return std::to_string(token.number);
  if (token.kind == TokenKind::Real) return std::to_string(token.real);
  if (token.kind == TokenKind::Typed) return token.raw;
  return token.text;
}

Op Parser::evaluate() {
  EvaluateOp op;
  parameters_of("hint");
  op.call = postfix();
  if (accept(":")) {
    op.has_schema = true;
    op.schema = column_declarations();
  }
  return op;
}

Op Parser::partition() {
  PartitionOp op;
  while (at_parameter()) op.parameters.push_back(parameter());
  expect_word("by");
  op.by = expression_of_partition();
  if (accept("(")) {
    op.apply = pipeline(false);
    expect(")");
  } else {
    fault(peek(), "'('");
    op.apply = std::make_unique<Pipeline>();
  }
  return op;
}

/// `partition by Col (…)`: the parenthesis is not a call of Col.
ExprPtr Parser::expression_of_partition() {
  if (!is_name()) return expression();
  const Span span = peek().span;
  return node(ExprKind::Name, span, name());
}

Op Parser::top_nested() {
  TopNestedOp op;
  do {
    NestedLevel level;
    if (!op.levels.empty()) {
      if (operator_name() != "top-nested") fault(peek(), "'top-nested'");
    }
    if (!peek().is_word("of")) level.count = expression();
    expect_word("of");
    level.of = named_expr();
    if (accept_word("with")) {
      expect_word("others");
      expect("=");
      level.others = expression();
    }
    expect_word("by");
    level.by = named_expr();
    level.is_ascending = accept_word("asc");
    if (!level.is_ascending) accept_word("desc");
    op.levels.push_back(std::move(level));
  } while (!stopped_ && accept(","));
  return op;
}

Op Parser::top_hitters() {
  TopHittersOp op;
  op.count = expression();
  expect_word("of");
  op.of = named_expr();
  if (accept_word("by")) op.by = expression();
  return op;
}

Op Parser::sample(bool is_distinct) {
  SampleOp op;
  op.count = expression();
  if (is_distinct) {
    expect_word("of");
    op.of = expression();
  }
  return op;
}

Op Parser::scan() {
  ScanOp op;
  while (at_parameter()) op.parameters.push_back(parameter());
  if (accept_word("declare")) {
    expect("(");
    comma_separated([&] {
      NamedExpr item;
      item.span = peek().span;
      item.names.push_back(name());
      expect(":");
      op.types.push_back(type_name());
      if (accept("=")) item.value = expression();
      op.declared.push_back(std::move(item));
    });
    expect(")");
  }
  expect_word("with");
  expect("(");
  while (!peek().is(")") && peek().kind != TokenKind::End) {
    const std::size_t before = at_;
    op.steps.push_back(scan_step());
    if (!accept(";") || at_ == before) break;
  }
  expect(")");
  return op;
}

ScanStep Parser::scan_step() {
  ScanStep step;
  step.span = peek().span;
  expect_word("step");
  step.name = name();
  step.is_optional = accept_word("optional");
  if (accept_word("output")) {
    expect("=");
    step.output = name();
  }
  expect(":");
  step.condition = expression();
  if (accept("=>")) comma_separated([&] { step.assignments.push_back(named_expr()); });
  return step;
}

}  // namespace lw::kql
