// SPDX-License-Identifier: Apache-2.0
// parse, parse-where and parse-kv: columns out of text, by one regular expression.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/regex.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

struct ParseShape {
  std::string regex;
  std::vector<ParsePiece> columns;
  std::vector<int> groups;  ///< The number of each column's group in the expression.
};

/// What a column's text looks like. Numbers are taken as such where nothing marks their end.
std::string group_of(Type type, bool is_last, bool is_regex, bool is_open) {
  if (is_integer(type)) return is_regex ? "\\s*([-+]?\\d+)" : is_open ? "([-+]?\\d+)" : "(.*?)";
  if (is_regex) return "(.*)";
  if (is_last) return "(.*)";
  if (is_open && (type == Type::Real || type == Type::Decimal))
    return "([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)";
  return "(.*?)";
}

ParseShape shape_of(const ParseOp& op, bool is_regex, bool is_ungreedy) {
  ParseShape shape;
  int groups = 0;
  const std::size_t count = op.pieces.size();
  for (std::size_t i = 0; i < count; ++i) {
    const ParsePiece& piece = op.pieces[i];
    switch (piece.kind) {
      case ParsePiece::Kind::Text:
        shape.regex += is_regex ? piece.text : regex_quote(piece.text);
        if (is_regex) groups += read_regex(piece.text).groups;
        break;
      case ParsePiece::Kind::Star:
        shape.regex += i + 1 == count ? ".*" : is_ungreedy ? ".*" : ".*?";
        break;
      case ParsePiece::Kind::Column: {
        const bool is_last = i + 1 == count;
        const bool is_open = !is_last && op.pieces[i + 1].kind != ParsePiece::Kind::Text;
        shape.regex += group_of(piece.type, is_last, is_regex, is_open);
        shape.columns.push_back(piece);
        shape.groups.push_back(++groups);
        break;
      }
    }
  }
  const bool is_open_end = !op.pieces.empty() && op.pieces.back().kind == ParsePiece::Kind::Text;
  shape.regex = "^" + shape.regex + (is_open_end && is_regex ? "" : "$");
  return shape;
}

}  // namespace

void Binder::apply_parse(const ParseOp& op, Relation& relation, const Scope& scope, Span span) {
  std::string kind = "simple", flags;
  for (const Parameter& parameter : op.parameters) {
    if (parameter.name == "kind") {
      kind = parameter.text;
    } else if (parameter.name == "flags") {
      flags = parameter.text;
    } else {
      fault(parameter.span, "'parse' has no parameter '" + parameter.name + "'.");
    }
  }
  if (kind != "simple" && kind != "regex" && kind != "relaxed") {
    fault(span, "There is no kind '" + kind + "' of parse.");
  }
  if (flags.find_first_not_of("Uimsn") != std::string::npos)
    fault(span, "The flags are of U, i, m and s.");
  Rows rows{.relation = &relation, .scope = &scope};
  const Scalar value = bind(*op.value, rows);
  if (value.is_error() || relation.is_error) return void(relation.is_error = true);
  const Scalar text = to_text(value);
  const bool is_regex = kind == "regex";
  const bool is_ungreedy = flags.find('U') != std::string::npos;
  if (is_regex) {
    for (const ParsePiece& piece : op.pieces) {
      if (piece.kind != ParsePiece::Kind::Text) continue;
      const RegexShape one = read_regex(piece.text);
      if (!one.is_valid) fault(piece.span, "The regular expression is wrong: " + one.fault + ".");
    }
  }
  const ParseShape shape = shape_of(op, is_regex, is_ungreedy);
  const std::string pattern = (flags.empty() ? "(?s)" : "(?s" + flags + ")") + shape.regex;
  const int match = new_id();
  // The whole match in front tells a match of empty texts from none.
  add_stage(relation,
            {{match, "extractGroups(" + text.sql + ", " + quote_string("(" + pattern + ")") + ")"}},
            false);
  const std::string is_match = "notEmpty(" + sql_column(match) + ")";
  std::vector<Scalar> values;
  std::string fits = is_match;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    std::string group = sql_column(match) + "[" + std::to_string(shape.groups[i] + 1) + "]";
    if (is_regex) group = "trimBoth(" + group + ", ' \\t\\r\\n')";
    const Scalar part = make_scalar(Type::String, group, false);
    values.push_back(convert(part, shape.columns[i].type));
    if (shape.columns[i].type != Type::String) fits += " AND isNotNull(" + values.back().sql + ")";
  }
  const bool is_strict = kind == "simple" || (op.is_where && kind != "relaxed");
  const int is_good = new_id();
  add_stage(relation, {{is_good, "(" + (is_strict ? fits : is_match) + ")"}}, false);
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    Output output;
    const Type type = shape.columns[i].type;
    output.value = make_scalar(
        type, "if(" + sql_column(is_good) + ", " + values[i].sql + ", " + sql_null(type) + ")",
        true);
    output.name = shape.columns[i].text;
    output.is_named = true;
    outputs.push_back(std::move(output));
  }
  if (op.is_where) relation.plan = with_where(std::move(relation.plan), sql_column(is_good));
  set_columns(relation, std::move(outputs), true);
}

namespace {

/// A character class of one delimiter's first character, for values that end at it.
std::string not_of(const std::string& a, const std::string& b) {
  std::string set = regex_quote(a.substr(0, 1)) + regex_quote(b.substr(0, 1));
  return set.empty() ? "." : "[^" + set + "]";
}

}  // namespace

void Binder::apply_parse_kv(const ParseKvOp& op, Relation& relation, const Scope& scope,
                            Span span) {
  std::map<std::string, std::string> given;
  bool is_greedy = false;
  for (const Parameter& parameter : op.parameters) {
    std::string text = parameter.text;
    if (parameter.value != nullptr && parameter.value->constant.text() != nullptr) {
      text = *parameter.value->constant.text();
    }
    if (parameter.name == "quote" && parameter.value != nullptr &&
        parameter.value->kind == ExprKind::Call) {
      unsupported(parameter.span, "Several quotes of 'parse-kv'");
    }
    if (parameter.name == "greedy")
      is_greedy = parameter.text == "true" || parameter.value != nullptr;
    given[parameter.name] = text;
  }
  Rows rows{.relation = &relation, .scope = &scope};
  const Scalar value = bind(*op.value, rows);
  if (value.is_error() || relation.is_error) return void(relation.is_error = true);
  const std::string pair = given.contains("pair_delimiter") ? given["pair_delimiter"] : " ";
  const std::string equals = given.contains("kv_delimiter") ? given["kv_delimiter"] : "=";
  const bool has_regex = given.contains("regex");
  const std::string quote = given["quote"], escape = given["escape"];
  std::string regex = given["regex"];
  if (has_regex) {
    const RegexShape shape = read_regex(regex);
    if (!shape.is_valid || shape.groups < 2) {
      fault(span, "The regular expression of 'parse-kv' needs two groups: key and value.");
      return void(relation.is_error = true);
    }
  } else {
    if (equals.empty()) fault(span, "'parse-kv' needs a 'kv_delimiter'.");
    const std::string end = pair.empty() ? "$" : "(?:" + regex_quote(pair) + "|$)";
    std::string quoted;
    if (!quote.empty()) {
      const std::string open = regex_quote(quote.substr(0, 1));
      const std::string close = regex_quote(quote.substr(quote.size() > 1 ? 1 : 0, 1));
      quoted = escape.empty() ? open + "[^" + close + "]*" + close + "|"
                              : open + "(?:" + regex_quote(escape) + ".|[^" + close +
                                    regex_quote(escape) + "])*" + close + "|";
    }
    const std::string key = quoted + not_of(equals, pair) + "+?";
    regex = "(?s)\\s*(" + key + ")\\s*" + regex_quote(equals) + "\\s*(" + quoted + ".*?)\\s*" + end;
  }
  const int pairs = new_id();
  add_stage(relation,
            {{pairs, "extractAllGroupsVertical(" + to_text(value).sql + ", " +
                         quote_string("(?-s)" + regex) + ")"}},
            false);
  std::vector<Output> outputs;
  for (const ColumnDeclaration& column : op.columns) {
    std::string found;
    if (is_greedy) {
      // A value goes on to the next key. There is no looking ahead, so each key is looked for by
      // itself.
      const std::string next =
          "(?:" + regex_quote(pair) + not_of(equals, pair) + "+" + regex_quote(equals) + "|$)";
      const std::string one = "(?s)(?:^|" + regex_quote(pair) + ")\\s*" + regex_quote(column.name) +
                              "\\s*" + regex_quote(equals) + "\\s*(.*?)\\s*" + next;
      found = "regexpExtract(" + to_text(value).sql + ", " + quote_string(one) + ", 1)";
    } else {
      const std::string as_quoted = quote.empty() ? column.name
                                                  : quote.substr(0, 1) + column.name +
                                                        quote.substr(quote.size() > 1 ? 1 : 0, 1);
      found = apply("arrayFirst(m_ -> m_[1] IN ($2, $3), $1)[2]",
                    std::vector<std::string>{sql_column(pairs), quote_string(column.name),
                                             quote_string(as_quoted)});
    }
    if (!quote.empty() && !has_regex) {
      const std::string open = quote_string(quote.substr(0, 1));
      const std::string close = quote_string(quote.substr(quote.size() > 1 ? 1 : 0, 1));
      std::string inner = "substring($1, 2, length($1) - 2)";
      if (!escape.empty()) {
        inner = "replaceRegexpAll(" + inner + ", " + quote_string(regex_quote(escape) + "(.)") +
                ", '\\\\1')";
      }
      found = apply("if(length($1) > 1 AND startsWith($1, " + open + ") AND endsWith($1, " + close +
                        "), " + inner + ", $1)",
                    std::vector<std::string>{found});
    }
    Output output;
    output.value = convert(make_scalar(Type::String, found, false), column.type);
    output.name = column.name;
    output.is_named = true;
    outputs.push_back(std::move(output));
  }
  set_columns(relation, std::move(outputs), true);
}

}  // namespace lw::kql
