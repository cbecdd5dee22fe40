// SPDX-License-Identifier: Apache-2.0
// Literals with a type: `long(5)`, `datetime(2024-05-06)`, `dynamic({"a": [1, null]})`.
#include <cmath>
#include <utility>

#include "base/document.h"
#include "base/text.h"
#include "kql/literal.h"
#include "kql/parser.h"

namespace lw::kql {
namespace {

std::string_view unquoted(std::string_view text) {
  text = lw::trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

std::optional<Constant> boolean_of(std::string_view text) {
  if (equals_ignoring_case(text, "true")) return Constant{Type::Bool, true};
  if (equals_ignoring_case(text, "false")) return Constant{Type::Bool, false};
  const auto number = long_of(text);
  return number ? std::optional(Constant{Type::Bool, *number != 0}) : std::nullopt;
}

template <class T>
std::optional<Constant> wrapped(Type type, std::optional<T> value) {
  return value ? std::optional(Constant{type, std::move(*value)}) : std::nullopt;
}

/// `datetime(2025, 6, 14)` as a date with dashes.
std::string dashed(std::string_view text) {
  std::string date;
  for (const char c : text) {
    if (c == ',') {
      date += '-';
    } else if (c != ' ') {
      date += c;
    }
  }
  return date;
}

std::optional<Constant> constant_of(Type type, std::string_view raw) {
  const std::string_view text = unquoted(raw);
  if (text == "null" || text.empty()) return Constant{type, std::monostate()};
  switch (type) {
    case Type::Bool:
      return boolean_of(text);
    case Type::Int:
    case Type::Long:
      if (const auto number = long_of(text)) return Constant{type, *number};
      if (const auto real = real_of(text); real && std::abs(*real) < 9e18) {
        return Constant{type, static_cast<std::int64_t>(*real)};
      }
      return std::nullopt;
    case Type::Real:
    case Type::Decimal:
      return wrapped(type, real_of(text));
    case Type::DateTime:
      return wrapped(type, datetime_of(text.find(',') < 5 ? dashed(text) : std::string(text)));
    case Type::TimeSpan:
      return wrapped(type, timespan_of(text));
    case Type::Guid:
      return is_guid(text) ? std::optional(Constant{type, to_lower(text)}) : std::nullopt;
    case Type::String:
    case Type::Dynamic:
    case Type::Error:
      break;
  }
  return std::nullopt;
}

/// Two's complement: the smallest number stays as it is.
std::int64_t negated(std::int64_t number) {
  return static_cast<std::int64_t>(~static_cast<std::uint64_t>(number) + 1);
}

std::string json_string(const std::string& text) { return to_json(Value(text)); }

}  // namespace

ExprPtr Parser::typed_literal() {
  const Token& token = next();
  ExprPtr expr = node(ExprKind::Literal, token.span);
  const Type type = *type_named(token.text);
  if (type == Type::DateTime && lw::trim(token.raw) == "now") {
    return node(ExprKind::Call, token.span, "now");
  }
  if (auto constant = constant_of(type, token.raw)) {
    expr->constant = std::move(*constant);
    return expr;
  }
  sink_.add(Fault::Syntax, token.span,
            "'" + valid_utf8(cut_utf8(token.raw, 60)) + "' is no " + token.text + ".");
  expr->constant = {type, std::monostate()};
  return expr;
}

ExprPtr Parser::dynamic_literal() {
  const std::size_t begin = peek().span.begin;
  expect("(");
  ExprPtr expr = node(ExprKind::Literal, {begin, begin});
  std::string json = dynamic_value(1);
  expect(")");
  expr->span = span_from(begin);
  if (json == "null") {
    expr->constant = {Type::Dynamic, std::monostate()};
  } else {
    expr->constant = {Type::Dynamic, std::move(json)};
  }
  return expr;
}

/// Compact JSON of what stands in a dynamic literal.
std::string Parser::dynamic_value(int depth) {
  const DepthGuard guard(*this);
  if (stopped_) return "null";
  std::string json;
  if (accept("[")) {
    while (!stopped_ && !peek().is("]") && peek().kind != TokenKind::End) {
      json += (json.empty() ? "" : ",") + dynamic_value(depth + 1);
      if (!accept(",")) break;
    }
    expect("]");
    return "[" + json + "]";
  }
  if (!accept("{")) return dynamic_scalar();
  while (!stopped_ && !peek().is("}") && peek().kind != TokenKind::End) {
    std::string key;
    if (peek().kind == TokenKind::String) {
      key = next().text;
    } else {
      key = name();
    }
    expect(":");
    json += (json.empty() ? "" : ",") + json_string(key) + ":" + dynamic_value(depth + 1);
    if (!accept(",")) break;
  }
  expect("}");
  return "{" + json + "}";
}

std::string Parser::dynamic_scalar() {
  const bool is_negative = accept("-");
  const Token& token = peek();
  const std::string sign = is_negative ? "-" : "";
  switch (token.kind) {
    case TokenKind::String: {
      std::string text = next().text;
      while (peek().kind == TokenKind::String) text += next().text;
      return json_string(text);
    }
    case TokenKind::Long:
      next();
      return token.text == "9223372036854775808"
                 ? sign + token.text
                 : std::to_string(is_negative ? negated(token.number) : token.number);
    case TokenKind::Real:
      next();
      return real_text(is_negative ? -token.real : token.real);
    case TokenKind::TimeSpan:
      next();
      return json_string(timespan_text(is_negative ? negated(token.number) : token.number));
    case TokenKind::Typed: {
      const Constant constant = typed_literal()->constant;
      if (constant.is_null()) return "null";
      if (constant.type == Type::Bool) return std::get<bool>(constant.value) ? "true" : "false";
      if (constant.type == Type::DateTime) return json_string(datetime_text(*constant.integer()));
      if (constant.type == Type::TimeSpan) return json_string(timespan_text(*constant.integer()));
      if (const auto* text = constant.text()) return json_string(*text);
      if (const auto* number = constant.integer()) return std::to_string(*number);
      return real_text(std::get<double>(constant.value));
    }
    case TokenKind::Name:
      if (token.text == "true" || token.text == "false" || token.text == "null") return next().text;
      if (token.text == "dynamic" && peek(1).is("(")) {
        next();
        const ExprPtr inner = dynamic_literal();
        return inner->constant.text() != nullptr ? *inner->constant.text() : "null";
      }
      break;
    case TokenKind::Sign:
    case TokenKind::End:
      break;
  }
  fault(token, "a value (a string, a number, true, false, null, a list or a bag)");
  return "null";
}

}  // namespace lw::kql
