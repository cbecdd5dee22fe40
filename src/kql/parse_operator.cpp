// SPDX-License-Identifier: Apache-2.0
// The table of operators, and how the common ones are read. At each start the operator's name has
// been taken.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kql/parser.h"

namespace lw::kql {

using Op = decltype(Operator::op);

struct Parser::OperatorRow {
  std::string_view name;
  Reader read;
  bool is_translated = true;
};

std::vector<std::string> Parser::operator_names() {
  std::vector<std::string> names;
  for (const OperatorRow& row : operator_rows()) {
    if (row.is_translated) names.emplace_back(row.name);
  }
  return names;
}

const std::vector<Parser::OperatorRow>& Parser::operator_rows() {
  static const auto unsupported = [](std::string_view name) {
    return [name](Parser& parser) -> Op {
      parser.skip_to_next_operator();
      return UnsupportedOp{std::string(name)};
    };
  };
  static const std::vector<OperatorRow> rows = {
      {"where", [](Parser& p) { return p.where(); }},
      {"filter", [](Parser& p) { return p.where(); }},
      {"extend",
       [](Parser& p) -> Op {
         return ExtendOp{p.named_exprs(), false};
       }},
      {"project", [](Parser& p) -> Op { return ProjectOp{p.named_exprs()}; }},
      {"project-away", [](Parser& p) { return p.project_columns(ColumnChoice::Away); }},
      {"project-keep", [](Parser& p) { return p.project_columns(ColumnChoice::Keep); }},
      {"project-reorder", [](Parser& p) { return p.project_columns(ColumnChoice::Reorder); }},
      {"project-rename", [](Parser& p) -> Op { return ProjectRenameOp{p.named_exprs()}; }},
      {"summarize", [](Parser& p) { return p.summarize(); }},
      {"distinct", [](Parser& p) { return p.distinct(); }},
      {"sort", [](Parser& p) { return p.sort(false); }},
      {"order", [](Parser& p) { return p.sort(false); }},
      {"top", [](Parser& p) { return p.sort(true); }},
      {"take", [](Parser& p) -> Op { return TakeOp{p.expression()}; }},
      {"limit", [](Parser& p) -> Op { return TakeOp{p.expression()}; }},
      {"count", [](Parser& p) { return p.count(); }},
      {"join", [](Parser& p) { return p.join(false); }},
      {"lookup", [](Parser& p) { return p.join(true); }},
      {"union", [](Parser& p) { return p.union_operator(); }},
      {"search", [](Parser& p) { return p.search(); }},
      {"mv-expand", [](Parser& p) { return p.mv_expand(false); }},
      {"mvexpand", [](Parser& p) { return p.mv_expand(false); }},
      {"mv-apply", [](Parser& p) { return p.mv_expand(true); }},
      {"mvapply", [](Parser& p) { return p.mv_expand(true); }},
      {"parse", [](Parser& p) { return p.parse(false); }},
      {"parse-where", [](Parser& p) { return p.parse(true); }},
      {"parse-kv", [](Parser& p) { return p.parse_kv(); }},
      {"make-series", [](Parser& p) { return p.make_series(); }},
      {"serialize",
       [](Parser& p) -> Op {
         return ExtendOp{p.at_end_of_operator() ? std::vector<NamedExpr>() : p.named_exprs(), true};
       }},
      {"render", [](Parser& p) { return p.render(); }},
      {"as",
       [](Parser& p) -> Op {
         p.parameters();
         return AsOp{p.name()};
       }},
      {"getschema", [](Parser&) -> Op { return GetSchemaOp{}; }},
      {"consume",
       [](Parser& p) -> Op {
         p.parameters();
         return ConsumeOp{};
       }},
      {"invoke", [](Parser& p) -> Op { return InvokeOp{p.postfix()}; }},
      {"evaluate", [](Parser& p) { return p.evaluate(); }},
      {"partition", [](Parser& p) { return p.partition(); }},
      {"top-nested", [](Parser& p) { return p.top_nested(); }},
      {"top-hitters", [](Parser& p) { return p.top_hitters(); }},
      {"sample", [](Parser& p) { return p.sample(false); }},
      {"sample-distinct", [](Parser& p) { return p.sample(true); }},
      {"scan", [](Parser& p) { return p.scan(); }},
      {"find", unsupported("find"), false},
      {"fork", unsupported("fork"), false},
      {"facet", unsupported("facet"), false},
      {"reduce", unsupported("reduce"), false},
      {"externaldata", unsupported("externaldata"), false},
      {"make-graph", unsupported("make-graph"), false},
      {"graph-match", unsupported("graph-match"), false},
      {"graph-to-table", unsupported("graph-to-table"), false},
      {"graph-shortest-paths", unsupported("graph-shortest-paths"), false},
      {"macro-expand", unsupported("macro-expand"), false},
      {"assert-schema", unsupported("assert-schema"), false},
      {"execute_and_cache", unsupported("execute_and_cache"), false},
  };
  return rows;
}

/// `project-away` is three tokens without blanks between them.
std::string Parser::operator_name() {
  if (peek().kind != TokenKind::Name) return {};
  std::string text = next().text;
  while (peek().is("-") && peek(1).kind == TokenKind::Name && is_adjacent(0) &&
         tokens_[at_ - 1].span.end == peek().span.begin) {
    next();
    text += "-" + next().text;
  }
  return text;
}

Operator Parser::piped_operator() {
  Operator op;
  const Token& token = peek();
  op.span = token.span;
  op.op = UnsupportedOp{};
  const std::size_t before = at_;
  const std::string name = operator_name();
  if (name.empty()) {
    fault(token, "an operator (where, project, summarize …)");
    return op;
  }
  const auto& rows = operator_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const OperatorRow& known) { return known.name == name; });
  const Span span = {token.span.begin, tokens_[at_ - 1].span.end};
  if (row == rows.end()) {
    std::vector<std::string> names;
    for (const OperatorRow& known : rows) names.emplace_back(known.name);
    sink_.add(Fault::Syntax, span,
              "There is no operator '" + name + "'." + did_you_mean(name, names));
    at_ = before;
    skip_to_next_operator();
    return op;
  }
  op.op = row->read(*this);
  op.span = {span.begin, std::max(span.end, span_from(span.begin).end)};
  if (!at_end_of_operator()) fault(peek(), "'|' or the end of '" + name + "'");
  return op;
}

Op Parser::print() { return PrintOp{named_exprs()}; }

Op Parser::range() {
  RangeOp range;
  range.name = name();
  expect_word("from");
  range.from = expression();
  expect_word("to");
  range.to = expression();
  expect_word("step");
  range.step = expression();
  return range;
}

Op Parser::where() {
  parameters();
  return WhereOp{expression()};
}

Op Parser::project_columns(ColumnChoice choice) {
  ProjectColumnsOp op{.choice = choice, .patterns = {}, .directions = {}};
  comma_separated([&] {
    op.patterns.push_back(name_pattern());
    int direction = 0;
    if (accept_word("asc") || accept_word("granny-asc")) direction = 1;
    if (accept_word("desc") || accept_word("granny-desc")) direction = -1;
    op.directions.push_back(direction);
  });
  return op;
}

Op Parser::summarize() {
  SummarizeOp op;
  parameters_of("hint");
  if (!peek().is_word("by") && !at_end_of_operator()) op.aggregates = named_exprs();
  if (accept_word("by")) op.by = named_exprs();
  return op;
}

Op Parser::distinct() {
  DistinctOp op;
  parameters_of("hint");
  if (peek().is("*")) {
    next();
    op.is_all = true;
  } else {
    op.items = named_exprs();
  }
  return op;
}

SortKey Parser::sort_key() {
  SortKey key;
  key.value = named_expr().value;
  key.is_ascending = accept_word("asc");
  if (!key.is_ascending) accept_word("desc");
  if (accept_word("nulls")) {
    key.nulls_first = peek().is_word("first");
    if (!accept_word("first")) expect_word("last");
  }
  return key;
}

Op Parser::sort(bool is_top) {
  SortOp op;
  if (is_top) {
    parameters_of("hint");
    op.top = expression();
  } else {
    parameters_of("hint");
  }
  expect_word("by");
  comma_separated([&] { op.keys.push_back(sort_key()); });
  return op;
}

Op Parser::count() {
  CountOp op{"Count"};
  if (accept_word("as")) op.name = name();
  return op;
}

/// The right side of a join: a name, a call, or anything in parentheses.
PipelinePtr Parser::right_side() {
  const DepthGuard guard(*this);
  auto result = std::make_unique<Pipeline>();
  result->span = peek().span;
  result->operators.push_back(table_source());
  result->span = span_from(result->span.begin);
  return result;
}

Op Parser::join(bool is_lookup) {
  JoinOp op;
  op.is_lookup = is_lookup;
  op.parameters = parameters();
  op.right = right_side();
  auto more = parameters();
  for (Parameter& parameter : more) op.parameters.push_back(std::move(parameter));
  if (accept_word("on")) {
    comma_separated([&] { op.on.push_back(expression()); });
  } else if (accept_word("where")) {
    op.on.push_back(expression());
  }
  return op;
}

PipelinePtr Parser::union_table() {
  if (!peek().is("*") && !(is_name() && peek(1).is("*") && is_adjacent(0))) return right_side();
  auto result = std::make_unique<Pipeline>();
  NamePattern pattern = name_pattern();
  result->span = pattern.span;
  Operator op;
  op.span = pattern.span;
  ExprPtr star = node(ExprKind::Star, pattern.span, std::move(pattern.text));
  op.op = TableOp{std::move(star)};
  result->operators.push_back(std::move(op));
  return result;
}

Op Parser::union_operator() {
  UnionOp op;
  op.parameters = parameters();
  comma_separated([&] { op.tables.push_back(union_table()); });
  return op;
}

Op Parser::search() {
  SearchOp op;
  op.parameters = parameters();
  if (accept_word("in")) {
    expect("(");
    comma_separated([&] { op.tables.push_back(name_pattern()); });
    expect(")");
  }
  op.predicate = expression();
  return op;
}

}  // namespace lw::kql
