// SPDX-License-Identifier: Apache-2.0
// Text with a form of its own: URLs, CSV, sizes; and searches that give places.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/regex.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The part of a URL that the group of a pattern gives, as a JSON string.
std::string url_part(const std::string& pattern) {
  return "kql_json_str(regexpExtract($1, " + quote_string("^[a-zA-Z][a-zA-Z0-9+.-]*://" + pattern) +
         ", 1))";
}

/// "a=1&b=2" as a bag.
std::string query_bag(const std::string& text) {
  return "concat('{', arrayStringConcat(arrayMap(p_ -> concat(kql_json_str(regexpExtract(p_, "
         "'^([^=]*)', 1)), ':', kql_json_str(regexpExtract(p_, '=(.*)$', 1))), arrayFilter(w_ -> "
         "w_ "
         "!= '', splitByChar('&', " +
         text + "))), ','), '}')";
}

Scalar parse_url(Call& call) {
  const std::string user = "(?:[^@/?#]*@)?", host = "(?:[[][^]]*[]]|[^:/?#]*)";
  const std::string sql = "concat('{\"Scheme\":', kql_json_str(protocol($1)), ',\"Host\":', " +
                          url_part(user + "([[][^]]*[]]|[^:/?#]*)") + ", ',\"Port\":', " +
                          url_part(user + host + ":([0-9]+)") +
                          ", ',\"Path\":', kql_json_str(path($1)), ',\"Username\":', " +
                          url_part("([^:@/?#]*)[^@/?#]*@") + ", ',\"Password\":', " +
                          url_part("[^:@/?#]*:([^@/?#]*)@") + ", ',\"Query Parameters\":', " +
                          query_bag("queryString($1)") +
                          ", ',\"Fragment\":', kql_json_str(fragment($1)), '}')";
  return make_scalar(Type::Dynamic, call.binder.apply(sql, call.args), false);
}

Scalar parse_urlquery(Call& call) {
  const std::string sql = "concat('{\"Query Parameters\":', " +
                          query_bag("replaceRegexpOne($1, '^[?]', '')") + ", '}')";
  return make_scalar(Type::Dynamic, call.binder.apply(sql, call.args), false);
}

/// The fields of the first record.
constexpr std::string_view kCsv =
    "kql_mkarr(arrayMap(m_ -> kql_json_str(if(m_[1] != '', replaceAll(m_[1], '\"\"', '\"'), "
    "m_[2])), "
    "extractAllGroupsVertical(regexpExtract($1, '^((?:\"(?:[^\"]|\"\")*\"|[^\"\\\\r\\\\n])*)', 1), "
    "'(?:^|,)(?:\"((?:[^\"]|\"\")*)\"|([^,\"]*))')))";

/// format_bytes(n[, decimals[, unit]])
Scalar format_bytes(Call& call) {
  static constexpr std::array kUnits = {"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
  const std::string digits = call.args.size() > 1 ? call.args[1].sql : "0";
  std::string place = "toInt64(least(6, greatest(0, floor(log2(greatest(1., abs($1))) / 10))))";
  if (call.args.size() > 2) {
    const auto unit = call.binder.text_of(call.args[2], call.span_of(2), "The unit");
    if (!unit) return {};
    std::size_t index = 0;
    while (index < kUnits.size() && kUnits[index] != *unit) ++index;
    if (index == kUnits.size())
      return call.binder.fault(call.span_of(2), "There is no unit '" + *unit + "'.");
    place = "toInt64(" + std::to_string(index) + ")";
  }
  const std::vector<std::string> arguments = {to_real(call.args[0]).sql, digits};
  return make_scalar(
      Type::String,
      call.binder.apply(
          "ifNull(concat(replaceRegexpOne(toString(kql_round($1 / exp2(10 * " + place +
              "), $2)), '[.]0+$', ''), ' ', ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'][" +
              place + " + 1]), '')",
          arguments),
      false);
}

/// indexof_regex(text, pattern): where the first match begins, or -1.
Scalar indexof_regex(Call& call) {
  const std::string* pattern = call.args[1].constant ? call.args[1].constant->text() : nullptr;
  if (pattern == nullptr) {
    return call.binder.unsupported(call.span_of(1), "'indexof_regex' with a computed pattern");
  }
  sql_regex(call.binder, call.args[1], call.span_of(1));
  const std::vector<std::string> arguments = {call.args[0].sql,
                                              quote_string("(?s)^(.*?)(?-s:" + *pattern + ")"),
                                              quote_string("(?-s)" + *pattern)};
  return make_scalar(
      Type::Long,
      call.binder.apply(
          "if(match($1, $3), toInt64(lengthUTF8(regexpExtract($1, $2, 1))), toInt64(-1))",
          arguments),
      false);
}

/// around(value, center, delta)
Scalar around(Call& call) {
  const Scalar low = call.binder.arithmetic("-", call.args[1], call.args[2], call.expr.span);
  const Scalar high = call.binder.arithmetic("+", call.args[1], call.args[2], call.expr.span);
  if (low.is_error() || high.is_error()) return {};
  const Scalar from = call.binder.compare(">=", call.args[0], low, call.expr.span, true);
  const Scalar to = call.binder.compare("<=", call.args[0], high, call.expr.span, true);
  if (from.is_error() || to.is_error()) return {};
  return make_scalar(Type::Bool, "and(" + from.sql + ", " + to.sql + ")",
                     from.is_nullable || to.is_nullable);
}

constexpr std::array kParseFunctions = {
    FunctionRow{"parse_url", "s", "y", "", "", parse_url},
    FunctionRow{"parse_urlquery", "s", "y", "", "", parse_urlquery},
    FunctionRow{"parse_csv", "s", "y", "1", kCsv},
    FunctionRow{"format_bytes", "nl?s?", "s", "1", "", format_bytes},
    FunctionRow{"indexof_regex", "ss", "l", "", "", indexof_regex},
    FunctionRow{"has_any_index", "sy", "l", "",
                "(toInt64(arrayFirstIndex(e_ -> kql_has($1, kql_dyn_str(e_)), kql_arr($2))) - 1)"},
    FunctionRow{"around", "aaa", "b", "", "", around},
};

}  // namespace

std::span<const FunctionRow> parse_functions() { return kParseFunctions; }

}  // namespace lw::kql
