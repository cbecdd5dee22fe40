// SPDX-License-Identifier: Apache-2.0
#include "kql/parser.h"

#include <utility>

#include "base/text.h"

namespace lw::kql {

DepthGuard::DepthGuard(Parser& parser) : parser_(parser) {
  if (++parser_.depth_ <= kDepthMax || parser_.stopped_) return;
  parser_.stop(parser_.peek().span,
               "The query nests deeper than " + std::to_string(kDepthMax) + " levels.");
}

const Token& Parser::peek(std::size_t ahead) const {
  const std::size_t last = tokens_.size() - 1;
  return stopped_ || at_ + ahead > last ? tokens_[last] : tokens_[at_ + ahead];
}

const Token& Parser::next() {
  const Token& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::accept(std::string_view sign) {
  if (!peek().is(sign)) return false;
  next();
  return true;
}

bool Parser::accept_word(std::string_view word) {
  if (!peek().is_word(word)) return false;
  next();
  return true;
}

void Parser::expect(std::string_view sign) {
  if (!accept(sign)) fault(peek(), "'" + std::string(sign) + "'");
}

void Parser::expect_word(std::string_view word) {
  if (!accept_word(word)) fault(peek(), "'" + std::string(word) + "'");
}

bool Parser::at_end_of_operator() const {
  const Token& token = peek();
  return token.kind == TokenKind::End || token.is("|") || token.is(";") || token.is(")") ||
         token.is("}");
}

bool Parser::is_adjacent(std::size_t ahead) const {
  return peek(ahead).span.end == peek(ahead + 1).span.begin;
}

/// One fault, then reading goes on as if at the end of the operator.
void Parser::fault(const Token& at, const std::string& expected) {
  if (stopped_) return;
  std::string found = "the end of the query";
  if (at.kind == TokenKind::Sign || at.kind == TokenKind::Name) found = "'" + at.text + "'";
  if (at.kind == TokenKind::String) found = "a string";
  if (at.kind == TokenKind::Long || at.kind == TokenKind::Real) found = "a number";
  sink_.add(Fault::Syntax, at.span, "Expected " + expected + ", but found " + found + ".");
  skip_to_next_operator();
}

void Parser::skip_to_next_operator() {
  int nesting = 0;
  while (peek().kind != TokenKind::End) {
    const Token& token = peek();
    if (nesting == 0 && (token.is("|") || token.is(";") || token.is(")") || token.is("}"))) return;
    if (token.is("(") || token.is("[") || token.is("{")) ++nesting;
    if (token.is(")") || token.is("]") || token.is("}")) --nesting;
    next();
  }
}

void Parser::stop(Span span, const std::string& message) {
  sink_.add(Fault::Limit, span, message);
  stopped_ = true;
}

Span Parser::span_from(std::size_t begin) const {
  return {begin, at_ > 0 ? std::max(begin, tokens_[at_ - 1].span.end) : begin};
}

/// A name as it stands, or `['any text']`.
bool Parser::is_name(std::size_t ahead) const {
  if (peek(ahead).kind == TokenKind::Name) return peek(ahead).text[0] != '!';
  return peek(ahead).is("[") && peek(ahead + 1).kind == TokenKind::String &&
         peek(ahead + 2).is("]");
}

std::string Parser::name() {
  if (peek().kind == TokenKind::Name && peek().text[0] != '!') return next().text;
  if (is_name()) {
    next();
    std::string text = next().text;
    next();
    return text;
  }
  // A type's name with parentheses is one token, though it may be a name: `long (`.
  fault(peek(), "a name");
  return {};
}

std::string Parser::dotted_name() {
  std::string text = name();
  while (accept(".")) text += "." + name();
  return text;
}

/// A name, or a pattern: names and stars without blanks between them.
NamePattern Parser::name_pattern() {
  const std::size_t begin = peek().span.begin;
  NamePattern pattern;
  if (!peek().is("*") && is_name() &&
      !(peek().kind == TokenKind::Name && peek(1).is("*") && is_adjacent(0))) {
    pattern.text = name();
    pattern.span = span_from(begin);
    return pattern;
  }
  while (peek().is("*") || peek().kind == TokenKind::Name) {
    const bool goes_on = is_adjacent(0);
    pattern.text += next().text;
    if (!goes_on) break;
  }
  if (pattern.text.empty()) fault(peek(), "a column name");
  pattern.span = span_from(begin);
  return pattern;
}

Type Parser::type_name() {
  const Token& token = peek();
  if (token.kind == TokenKind::Name) {
    if (const auto type = type_named(token.text)) {
      next();
      return *type;
    }
  }
  fault(token,
        "a type (bool, int, long, real, decimal, string, datetime, timespan, guid, dynamic)");
  return Type::Error;
}

/// `(a: long, b: string)`
std::vector<ColumnDeclaration> Parser::column_declarations() {
  std::vector<ColumnDeclaration> columns;
  expect("(");
  if (accept(")")) return columns;
  do {
    if (peek().is(")")) break;
    ColumnDeclaration column;
    const std::size_t begin = peek().span.begin;
    column.name = name();
    expect(":");
    column.type = type_name();
    column.span = span_from(begin);
    columns.push_back(std::move(column));
  } while (!stopped_ && accept(","));
  expect(")");
  return columns;
}

NamedExpr Parser::named_expr() {
  NamedExpr item;
  const std::size_t begin = peek().span.begin;
  const std::size_t assign = peek().is("[") ? 3 : 1;
  if (is_name() && peek(assign).is("=")) {
    item.names.push_back(name());
    next();
  } else if (peek().is("(") && is_name(1)) {
    const std::size_t before = at_;
    next();
    std::vector<std::string> names;
    while (is_name()) {
      names.push_back(name());
      if (!accept(",")) break;
    }
    if (peek().is(")") && peek(1).is("=")) {
      next();
      next();
      item.names = std::move(names);
    } else {
      at_ = before;
    }
  }
  item.value = expression();
  item.span = span_from(begin);
  return item;
}

std::vector<NamedExpr> Parser::named_exprs() {
  std::vector<NamedExpr> items;
  comma_separated([&] { items.push_back(named_expr()); });
  return items;
}

/// `kind=inner`, `hint.strategy = shuffle`: a word, perhaps with dots, and an equals sign.
bool Parser::at_parameter() const {
  std::size_t ahead = 0;
  while (peek(ahead).kind == TokenKind::Name && peek(ahead + 1).is(".")) ahead += 2;
  return peek(ahead).kind == TokenKind::Name && peek(ahead + 1).is("=");
}

Parameter Parser::parameter() {
  Parameter parameter;
  const std::size_t begin = peek().span.begin;
  parameter.name = dotted_name();
  expect("=");
  const Token& token = peek();
  if (token.kind == TokenKind::Name && !peek(1).is("(")) {
    parameter.text = next().text;
  } else if (is_name() && !peek(3).is(".")) {
    parameter.text = name();
  } else {
    if (token.kind == TokenKind::String) parameter.text = token.text;
    parameter.value = unary();
  }
  parameter.span = span_from(begin);
  return parameter;
}

std::vector<Parameter> Parser::parameters() {
  std::vector<Parameter> found;
  while (at_parameter()) {
    found.push_back(parameter());
    accept(",");
  }
  return found;
}

Query parse_query(std::string_view text, DiagnosticSink& sink) {
  if (text.size() > kQueryBytesMax) {
    sink.add(Fault::Limit, {}, "The query is longer than 1 MiB.");
    return {};
  }
  if (!is_utf8(text)) {
    sink.add(Fault::Syntax, {}, "The query is no valid UTF-8.");
    return {};
  }
  std::vector<Token> tokens = read_tokens(text, sink);
  if (tokens.size() > kTokensMax) {
    sink.add(Fault::Limit, {}, "The query has more than " + std::to_string(kTokensMax) + " words.");
    return {};
  }
  return Parser(std::move(tokens), sink).query();
}

}  // namespace lw::kql
