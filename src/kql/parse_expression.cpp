// SPDX-License-Identifier: Apache-2.0
// Expressions, by the levels of precedence of KQL's grammar, lowest first. String operators bind
// tighter than arithmetic.
#include <algorithm>
#include <array>
#include <utility>

#include "kql/literal.h"
#include "kql/parser.h"

namespace lw::kql {
namespace {

constexpr std::array<std::string_view, 9> kInWords = {
    "in", "in~", "!in", "!in~", "has_any", "has_all", "!has_any", "!has_all", "in_cs"};

constexpr std::array<std::string_view, 26> kStringWords = {
    "has",          "!has",          "has_cs",        "!has_cs",       "hasprefix",
    "!hasprefix",   "hasprefix_cs",  "!hasprefix_cs", "hassuffix",     "!hassuffix",
    "hassuffix_cs", "!hassuffix_cs", "contains",      "!contains",     "contains_cs",
    "!contains_cs", "startswith",    "!startswith",   "startswith_cs", "!startswith_cs",
    "endswith",     "!endswith",     "endswith_cs",   "!endswith_cs",  "like",
    "notlike"};

template <class List>
bool is_one_of(const Token& token, const List& words) {
  return token.kind == TokenKind::Name &&
         std::find(words.begin(), words.end(), token.text) != words.end();
}

}  // namespace

ExprPtr Parser::node(ExprKind kind, Span span, std::string text) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->span = span;
  expr->text = std::move(text);
  return expr;
}

/// Long chains (`a + b + c …`) nest without recursion here, but are walked by recursion later.
void Parser::adopt(Expr& parent, ExprPtr child) {
  parent.depth = std::max(parent.depth, child->depth + 1);
  parent.span = {std::min(parent.span.begin, child->span.begin),
                 std::max(parent.span.end, child->span.end)};
  if (parent.depth > kDepthMax && !stopped_) {
    stop(child->span, "The expression nests deeper than " + std::to_string(kDepthMax) + " levels.");
  }
  // Beyond the limit the child is dropped: nothing may recurse over what is too deep.
  if (parent.depth > kDepthMax) child = node(ExprKind::Error, child->span);
  parent.depth = std::min(parent.depth, kDepthMax + 1);
  parent.args.push_back(std::move(child));
}

ExprPtr Parser::error_at(const Token& token) {
  fault(token, "an expression");
  return node(ExprKind::Error, token.span);
}

ExprPtr Parser::binary(ExprPtr left, std::string sign, ExprPtr right) {
  ExprPtr expr = node(ExprKind::Binary, left->span, std::move(sign));
  adopt(*expr, std::move(left));
  adopt(*expr, std::move(right));
  return expr;
}

ExprPtr Parser::expression() {
  const DepthGuard guard(*this);
  ExprPtr left = and_expression();
  if (!peek().is_word("or")) return left;
  ExprPtr all = node(ExprKind::Or, left->span);
  adopt(*all, std::move(left));
  while (accept_word("or")) adopt(*all, and_expression());
  return all;
}

ExprPtr Parser::and_expression() {
  ExprPtr left = equality();
  if (!peek().is_word("and")) return left;
  ExprPtr all = node(ExprKind::And, left->span);
  adopt(*all, std::move(left));
  while (accept_word("and")) adopt(*all, equality());
  return all;
}

ExprPtr Parser::equality() {
  ExprPtr left = relation();
  while (true) {
    const Token& token = peek();
    if (token.is("==") || token.is("!=") || token.is("<>")) {
      const std::string sign = next().text == "==" ? "==" : "!=";
      left = binary(std::move(left), sign, relation());
    } else if (is_one_of(token, kInWords)) {
      left = in_list(std::move(left));
    } else if (token.is_word("between") || token.is_word("!between")) {
      left = between(std::move(left));
    } else {
      return left;
    }
  }
}

ExprPtr Parser::in_list(ExprPtr left) {
  ExprPtr expr = node(ExprKind::In, left->span, next().text);
  adopt(*expr, std::move(left));
  expect("(");
  if (accept(")")) return expr;
  comma_separated([&] {
    if (!peek().is(")")) adopt(*expr, argument());
  });
  expect(")");
  expr->span = span_from(expr->span.begin);
  return expr;
}

ExprPtr Parser::between(ExprPtr left) {
  ExprPtr expr = node(ExprKind::Between, left->span, next().text);
  adopt(*expr, std::move(left));
  expect("(");
  adopt(*expr, expression());
  expect("..");
  adopt(*expr, expression());
  expect(")");
  if (expr->args.size() != 3) return node(ExprKind::Error, expr->span);
  return expr;
}

ExprPtr Parser::relation() {
  ExprPtr left = sum();
  while (peek().is("<") || peek().is("<=") || peek().is(">") || peek().is(">=")) {
    std::string sign = next().text;
    left = binary(std::move(left), std::move(sign), sum());
  }
  return left;
}

ExprPtr Parser::sum() {
  ExprPtr left = product();
  while (peek().is("+") || peek().is("-")) {
    std::string sign = next().text;
    left = binary(std::move(left), std::move(sign), product());
  }
  return left;
}

ExprPtr Parser::product() {
  ExprPtr left = string_operation();
  while (peek().is("*") || peek().is("/") || peek().is("%")) {
    std::string sign = next().text;
    left = binary(std::move(left), std::move(sign), string_operation());
  }
  return left;
}

ExprPtr Parser::string_operation() {
  ExprPtr left = unary();
  while (true) {
    const Token& token = peek();
    if (token.is("=~") || token.is("!~") || is_one_of(token, kStringWords)) {
      std::string sign = next().text;
      left = binary(std::move(left), std::move(sign), unary());
    } else if (token.is(":") && left->kind == ExprKind::Name) {
      // `col:"term"` of search.
      next();
      left = binary(std::move(left), ":", unary());
    } else if (token.is_word("matches") && peek(1).is_word("regex")) {
      next();
      next();
      left = binary(std::move(left), "matches regex", unary());
    } else {
      return left;
    }
  }
}

ExprPtr Parser::unary() {
  const Token& token = peek();
  if (!token.is("-") && !token.is("+")) return postfix();
  const DepthGuard guard(*this);
  const Span span = token.span;
  std::string sign = next().text;
  ExprPtr expr = node(ExprKind::Unary, span, std::move(sign));
  adopt(*expr, unary());
  return expr;
}

ExprPtr Parser::postfix() {
  ExprPtr expr = primary();
  while (true) {
    if (peek().is(".") && (peek(1).kind == TokenKind::Name || peek(1).is("["))) {
      next();
      if (peek().is("[") && !is_name()) continue;  // `a.[0]`: the dot means nothing.
      ExprPtr member = node(ExprKind::Member, expr->span, name());
      const std::size_t begin = expr->span.begin;
      adopt(*member, std::move(expr));
      if (peek().is("(")) {
        // `workspace("x").T`, `database("x").f(…)`: a call on something.
        ExprPtr function = call(member->text, member->span);
        function->kind = ExprKind::Call;
        adopt(*function, std::move(member->args[0]));
        function->text = "." + function->text;
        member = std::move(function);
      }
      member->span = span_from(begin);
      expr = std::move(member);
    } else if (peek().is("[")) {
      const std::size_t begin = expr->span.begin;
      next();
      ExprPtr index = node(ExprKind::Index, expr->span);
      adopt(*index, std::move(expr));
      adopt(*index, expression());
      expect("]");
      index->span = span_from(begin);
      expr = std::move(index);
    } else {
      return expr;
    }
  }
}

ExprPtr Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::String:
    case TokenKind::Long:
    case TokenKind::Real:
    case TokenKind::TimeSpan:
      return literal();
    case TokenKind::Typed:
      return typed_literal();
    case TokenKind::Name:
      return token.text[0] == '!' ? error_at(token) : name_or_call();
    case TokenKind::Sign:
      if (token.is("(")) return parenthesized();
      if (token.is("*")) return node(ExprKind::Star, next().span);
      if (is_name()) return name_or_call();
      return error_at(token);
    case TokenKind::End:
      break;
  }
  return error_at(token);
}

ExprPtr Parser::literal() {
  const Token& token = next();
  ExprPtr expr = node(ExprKind::Literal, token.span);
  switch (token.kind) {
    case TokenKind::String: {
      std::string text = token.text;
      while (peek().kind == TokenKind::String) text += next().text;
      expr->span = span_from(expr->span.begin);
      expr->constant = {Type::String, std::move(text)};
      break;
    }
    case TokenKind::Real:
      expr->constant = {Type::Real, token.real};
      break;
    case TokenKind::TimeSpan:
      expr->constant = {Type::TimeSpan, token.number};
      break;
    default:
      expr->constant = {Type::Long, token.number};
  }
  return expr;
}

ExprPtr Parser::name_or_call() {
  const bool is_quoted = peek().is("[");
  const Span span = peek().span;
  std::string text = name();
  if (!is_quoted && (text == "true" || text == "True" || text == "TRUE" || text == "false" ||
                     text == "False" || text == "FALSE")) {
    ExprPtr expr = node(ExprKind::Literal, span);
    expr->constant = {Type::Bool, text[0] == 't' || text[0] == 'T'};
    return expr;
  }
  if (!is_quoted && text == "dynamic" && peek().is("(")) return dynamic_literal();
  if (!is_quoted && text == "typeof" && accept("(")) {
    ExprPtr expr = node(ExprKind::Typeof, span);
    expr->constant.type = type_name();
    expect(")");
    return expr;
  }
  if (peek().is("(")) return call(std::move(text), span);
  return node(ExprKind::Name, {span.begin, span_from(span.begin).end}, std::move(text));
}

ExprPtr Parser::call(std::string function, Span span) {
  const DepthGuard guard(*this);
  ExprPtr expr = node(ExprKind::Call, span, std::move(function));
  expect("(");
  if (!accept(")")) {
    comma_separated([&] { adopt(*expr, argument()); });
    expect(")");
  }
  expr->span = span_from(span.begin);
  return expr;
}

/// What stands in parentheses: an expression, or a tabular expression of its own.
ExprPtr Parser::parenthesized() {
  const DepthGuard guard(*this);
  const std::size_t begin = next().span.begin;
  ExprPtr expr = argument();
  expect(")");
  expr->span = span_from(begin);
  return expr;
}

ExprPtr Parser::argument() {
  const Span span = peek().span;
  if (is_name() && peek(peek().is("[") ? 3 : 1).is("=")) {
    std::string text = name();
    next();
    ExprPtr named = node(ExprKind::Named, span, std::move(text));
    adopt(*named, expression());
    return named;
  }
  Operator source;
  if (at_query_source()) {
    source = this->source();
  } else {
    // Read once, whatever it turns out to be: reading again would double with each nesting.
    ExprPtr expr = expression();
    const bool may_be_table = expr->kind == ExprKind::Name || expr->kind == ExprKind::Call ||
                              expr->kind == ExprKind::Member || expr->kind == ExprKind::Subquery;
    if (!peek().is("|") || !may_be_table) return expr;
    source.span = expr->span;
    source.op = TableOp{std::move(expr)};
  }
  ExprPtr subquery = node(ExprKind::Subquery, span);
  subquery->query = pipeline_from(std::move(source));
  subquery->span = subquery->query->span;
  return subquery;
}

}  // namespace lw::kql
