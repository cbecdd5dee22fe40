// SPDX-License-Identifier: Apache-2.0
#include "kql/sql_library.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "kql/sql_text.h"

namespace lw::kql {
namespace {

struct Primitive {
  std::string_view name;
  std::string_view body;
};

constexpr std::array
    kPrimitives =
        {
            // Time: ticks of 100 ns since 0001-01-01 as DateTime64(7), and back.
            Primitive{"kql_dt", R"(reinterpret($1 - 621355968000000000, 'DateTime64(7,\'UTC\')'))"},
            Primitive{"kql_ticks", R"((reinterpretAsInt64($1) + 621355968000000000))"},
            Primitive{"kql_dt_ok", R"(if($1 >= 0 AND $1 <= 3155378975999999999, $1, NULL))"},
            Primitive{"kql_day", R"(($1 - positiveModulo($1, 864000000000)))"},
            Primitive{"kql_week", R"(($1 - positiveModulo($1 + 864000000000, 6048000000000)))"},
            Primitive{"kql_month",
                      R"((kql_day($1) - 864000000000 * (toDayOfMonth(kql_dt($1)) - 1)))"},
            Primitive{"kql_year",
                      R"((kql_day($1) - 864000000000 * (toDayOfYear(kql_dt($1)) - 1)))"},
            Primitive{
                "kql_add_months",
                R"(kql_dt_ok(if(toYear(kql_dt($1)) * 12 + toMonth(kql_dt($1)) + $2 BETWEEN 13 AND 119999 + 1, kql_ticks(addMonths(kql_dt($1), $2)), NULL)))"},
            Primitive{
                "kql_end_month",
                R"((kql_month($1) + 864000000000 * toInt64(multiIf(toMonth(kql_dt($1)) IN (4, 6, 9, 11), 30, toMonth(kql_dt($1)) != 2, 31, toYear(kql_dt($1)) % 4 = 0 AND (toYear(kql_dt($1)) % 100 != 0 OR toYear(kql_dt($1)) % 400 = 0), 29, 28)) - 1))"},
            Primitive{
                "kql_end_year",
                R"((kql_year($1) + 864000000000 * toInt64(if(toYear(kql_dt($1)) % 4 = 0 AND (toYear(kql_dt($1)) % 100 != 0 OR toYear(kql_dt($1)) % 400 = 0), 366, 365)) - 1))"},
            // Text of values, as tostring() has it.
            Primitive{"kql_dt_str",
                      R"(ifNull(concat(replaceOne(toString(kql_dt($1)), ' ', 'T'), 'Z'), ''))"},
            Primitive{
                "kql_ts_str",
                R"(ifNull(concat(if($1 < 0, '-', ''), if(abs($1) >= 864000000000, concat(toString(intDiv(abs($1), 864000000000)), '.'), ''), leftPad(toString(intDiv(abs($1), 36000000000) % 24), 2, '0'), ':', leftPad(toString(intDiv(abs($1), 600000000) % 60), 2, '0'), ':', leftPad(toString(intDiv(abs($1), 10000000) % 60), 2, '0'), if(abs($1) % 10000000 = 0, '', concat('.', leftPad(toString(abs($1) % 10000000), 7, '0')))), ''))"},
            Primitive{
                "kql_real_str",
                R"(ifNull(multiIf(isNaN($1), 'NaN', $1 = inf, 'inf', $1 = -inf, '-inf', match(toString($1), '[.e]'), toString($1), concat(toString($1), '.0')), ''))"},
            Primitive{"kql_bool_str", R"(multiIf($1 IS NULL, '', $1, 'True', 'False'))"},
            Primitive{
                "kql_dyn_str",
                R"(ifNull(multiIf($1 IS NULL OR $1 = 'null', '', startsWith($1, '"'), JSONExtractString($1), $1), ''))"},
            // Dynamic values: JSON text, where SQL NULL is the dynamic null.
            Primitive{"kql_dyn", R"(nullIf(nullIf($1, ''), 'null'))"},
            Primitive{"kql_json_str", R"(replaceAll(toJSONString($1), '\\/', '/'))"},
            Primitive{
                "kql_parse_json",
                R"(multiIf($1 = '', NULL, isValidJSON($1), kql_dyn(JSONExtractRaw($1)), kql_json_str($1)))"},
            Primitive{
                "kql_raw",
                R"(if(match($1, '^-?[0-9]+$') AND match($2, '^-?[0-9]+[.eE]'), concat($1, '.0'), $1))"},
            Primitive{
                "kql_get",
                R"(if(startsWith($1, '{') AND JSONHas(ifNull($1, ''), $2), kql_dyn(if(JSONType(ifNull($1, ''), $2) = 'Double', kql_real_str(JSONExtractFloat(ifNull($1, ''), $2)), JSONExtractRaw(ifNull($1, ''), $2))), NULL))"},
            Primitive{"kql_index", R"(toInt64(ifNull(if($1 >= 0, $1 + 1, $1), 999999999)))"},
            Primitive{
                "kql_at",
                R"(if(startsWith($1, '['), kql_dyn(if(JSONType(ifNull($1, ''), kql_index($2)) = 'Double', kql_real_str(JSONExtractFloat(ifNull($1, ''), kql_index($2))), JSONExtractRaw(ifNull($1, ''), kql_index($2)))), NULL))"},
            Primitive{
                "kql_dyn_long",
                R"(multiIf($1 = 'true', toInt64(1), $1 = 'false', toInt64(0), startsWith(ifNull($1, ''), '"'), kql_str_long(JSONExtractString(ifNull($1, ''))), match(ifNull($1, ''), '^-?[0-9]+$'), toInt64OrNull(ifNull($1, '')), kql_real_long(toFloat64OrNull(ifNull($1, '')))))"},
            Primitive{
                "kql_dyn_int",
                R"(multiIf($1 = 'true', toInt32(1), $1 = 'false', toInt32(0), startsWith(ifNull($1, ''), '"'), kql_int32(kql_str_long(JSONExtractString(ifNull($1, '')))), match(ifNull($1, ''), '^-?[0-9]+$'), toInt32(toInt64OrNull(ifNull($1, ''))), kql_real_int(toFloat64OrNull(ifNull($1, '')))))"},
            Primitive{
                "kql_dyn_real", R"(multiIf($1 = 'true', 1., $1 = 'false', 0., startsWith(ifNull($1, ''), '"'), kql_str_real(JSONExtractString(ifNull($1, ''))), toFloat64OrNull(ifNull($1, ''))))"},
            Primitive{
                "kql_dyn_bool",
                R"(multiIf($1 = 'true', 1, $1 = 'false', 0, startsWith(ifNull($1, ''), '"'), kql_str_bool(JSONExtractString(ifNull($1, ''))), toFloat64OrNull(ifNull($1, '')) != 0))"},
            Primitive{
                "kql_arr",
                R"(if(startsWith(ifNull($1, ''), '['), JSONExtractArrayRaw(ifNull($1, '')), CAST([] AS Array(String))))"},
            Primitive{
                "kql_keys",
                R"(if(startsWith(ifNull($1, ''), '{'), JSONExtractKeysAndValuesRaw(ifNull($1, '')), CAST([] AS Array(Tuple(String, String)))))"},
            Primitive{"kql_mkarr", R"(concat('[', arrayStringConcat($1, ','), ']'))"},
            Primitive{
                "kql_mkbag",
                R"(concat('{', arrayStringConcat(arrayMap(p_ -> concat(kql_json_str(p_.1), ':', p_.2), $1), ','), '}'))"},
            Primitive{"kql_nums", R"(arrayMap(e_ -> toFloat64OrNull(e_), kql_arr($1)))"},
            Primitive{
                "kql_j_real",
                R"(multiIf($1 IS NULL, 'null', isNaN(assumeNotNull($1)), '"NaN"', $1 = inf, '"Infinity"', $1 = -inf, '"-Infinity"', kql_real_str($1)))"},
            Primitive{"kql_j_decimal",
                      R"(if($1 IS NULL, 'null', concat('"', ifNull(toString($1), ''), '"')))"},
            Primitive{"kql_j_any", R"(ifNull(toString($1), 'null'))"},
            Primitive{"kql_j_dt", R"(if($1 IS NULL, 'null', concat('"', kql_dt_str($1), '"')))"},
            Primitive{"kql_j_ts", R"(if($1 IS NULL, 'null', concat('"', kql_ts_str($1), '"')))"},
            Primitive{"kql_j_bool", R"(multiIf($1 IS NULL, 'null', $1, 'true', 'false'))"},
            Primitive{"kql_j_guid", R"(if($1 IS NULL, 'null', concat('"', ifNull($1, ''), '"')))"},
            // Values from text; nothing readable is null.
            Primitive{
                "kql_str_long",
                R"(multiIf(match($1, '^\\s*[-+]?[0-9]+\\s*$'), toInt64OrNull(trimBoth($1, ' \t\r\n')), match($1, '^\\s*0[xX][0-9a-fA-F]{1,16}\\s*$'), reinterpretAsInt64(reverse(unhex(leftPad(substring(trimBoth($1, ' \t\r\n'), 3), 16, '0')))), NULL))"},
            Primitive{
                "kql_str_real",
                R"(if(match($1, '^\\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?\\s*$') OR match($1, '^\\s*([nN]a[nN]|[-+]?([iI]nf|Infinity))\\s*$'), toFloat64OrNull(trimBoth($1, ' \t\r\n')), NULL))"},
            Primitive{
                "kql_str_bool",
                R"(multiIf(lower($1) = 'true', 1, lower($1) = 'false', 0, kql_str_long($1) IS NOT NULL, kql_str_long($1) != 0, NULL))"},
            Primitive{
                "kql_str_dt",
                R"(if(match($1, '^\\s*[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}'), kql_ticks(parseDateTime64BestEffortUSOrNull($1, 7, 'UTC')), if(match($1, '^\\s*[0-9]{4}-[0-9]{1,2}(-[0-9]{1,2})?([T ]|\\s*$)|^[0-9]{8}|^[A-Za-z]{3}'), kql_ticks(parseDateTime64BestEffortOrNull($1, 7, 'UTC')), NULL)))"},
            Primitive{
                "kql_str_ts",
                R"(if(match($1, '^\\s*-?([0-9]+[.])?[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,7})?)?\\s*$'), if(startsWith(trimBoth($1, ' \t\r\n'), '-'), -1, 1) * (864000000000 * ifNull(toInt64OrNull(regexpExtract($1, '^\\s*-?([0-9]+)[.][0-9]+:', 1)), 0) + 36000000000 * ifNull(toInt64OrNull(regexpExtract($1, '([0-9]{1,2}):[0-9]', 1)), 0) + 600000000 * ifNull(toInt64OrNull(regexpExtract($1, ':([0-9]{1,2})', 1)), 0) + 10000000 * ifNull(toInt64OrNull(regexpExtract($1, ':[0-9]{1,2}:([0-9]{1,2})', 1)), 0) + ifNull(toInt64OrNull(rightPad(regexpExtract($1, ':[0-9]{1,2}[.]([0-9]{1,7})', 1), 7, '0')), 0)), if(match($1, '^\\s*-?[0-9]+\\s*$'), toInt64OrNull(trimBoth($1, ' \t\r\n')) * 864000000000, NULL)))"},
            Primitive{
                "kql_str_guid",
                R"(if(match($1, '^\\s*[{(]?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}[)}]?\\s*$'), replaceRegexpOne(lower(replaceRegexpAll($1, '[^0-9a-fA-F]', '')), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5'), NULL))"},
            // Numbers.
            Primitive{
                "kql_real_long",
                R"(multiIf(isNaN($1) OR isInfinite($1), NULL, $1 >= 9.2233720368547758e18, toInt64(9223372036854775807), $1 < -9.2233720368547758e18, toInt64('-9223372036854775808'), $1 >= -9.2233720368547758e18 AND $1 < 9.2233720368547758e18, toInt64(if($1 >= -9.2233720368547758e18 AND $1 < 9.2233720368547758e18, $1, 0)), NULL))"},
            Primitive{
                "kql_real_int",
                R"(multiIf(isNaN($1) OR isInfinite($1), NULL, $1 >= 2147483647, toInt32(2147483647), $1 <= -2147483648, toInt32(-2147483648), $1 IS NULL, NULL, toInt32(if($1 > -2147483648 AND $1 < 2147483647, assumeNotNull($1), 0))))"},
            Primitive{"kql_int32",
                      R"(if($1 >= -2147483648 AND $1 <= 2147483647, toInt32($1), NULL))"},
            Primitive{"kql_bin", R"(if($2 > 0, toInt64($1 - positiveModuloOrNull($1, $2)), NULL))"},
            Primitive{"kql_binf", R"(if($2 > 0, floor($1 / $2) * $2, NULL))"},
            Primitive{"kql_mod", R"(toInt64(positiveModuloOrNull($1, $2)))"},
            Primitive{
                "kql_round",
                R"(if(abs($1) < 1e15, sign($1) * floor(abs($1) * exp10($2) + 0.5) / exp10($2), $1))"},
            Primitive{"kql_eq", R"(if($1 IS NULL AND $2 IS NULL, NULL, ifNull($1 = $2, 0)))"},
            Primitive{"kql_ne", R"(if($1 IS NULL AND $2 IS NULL, NULL, ifNull($1 != $2, 1)))"},
            // Text. A term is a run of letters and digits of any script.
            Primitive{
                "kql_has",
                R"(match($1, concat('(?i)', if(match($2, '^[\\pL\\pN]'), '(^|[^\\pL\\pN])', ''), regexpQuoteMeta($2), if(match($2, '[\\pL\\pN]$'), '($|[^\\pL\\pN])', ''))))"},
            Primitive{
                "kql_has_cs",
                R"(match($1, concat(if(match($2, '^[\\pL\\pN]'), '(^|[^\\pL\\pN])', ''), regexpQuoteMeta($2), if(match($2, '[\\pL\\pN]$'), '($|[^\\pL\\pN])', ''))))"},
            Primitive{
                "kql_hasprefix",
                R"(match($1, concat('(?i)', if(match($2, '^[\\pL\\pN]'), '(^|[^\\pL\\pN])', ''), regexpQuoteMeta($2))))"},
            Primitive{
                "kql_hasprefix_cs",
                R"(match($1, concat(if(match($2, '^[\\pL\\pN]'), '(^|[^\\pL\\pN])', ''), regexpQuoteMeta($2))))"},
            Primitive{
                "kql_hassuffix",
                R"(match($1, concat('(?i)', regexpQuoteMeta($2), if(match($2, '[\\pL\\pN]$'), '($|[^\\pL\\pN])', ''))))"},
            Primitive{
                "kql_hassuffix_cs",
                R"(match($1, concat(regexpQuoteMeta($2), if(match($2, '[\\pL\\pN]$'), '($|[^\\pL\\pN])', ''))))"},
            Primitive{"kql_contains", R"((position(lowerUTF8($1), lowerUTF8($2)) > 0))"},
            // The engine makes SS of ß; Kusto maps one character to one.
            Primitive{
                "kql_upper",
                R"(if(position($1, 'ß') = 0, upperUTF8($1), arrayStringConcat(arrayMap(p_ -> upperUTF8(p_), splitByString('ß', $1)), 'ß')))"},
            Primitive{
                "kql_substr",
                R"(substringUTF8($1, toInt64(if($2 < 0, greatest(toInt64(lengthUTF8($1)) + $2, 0), $2)) + 1, toInt64(greatest($3, 0))))"},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kPrimitives.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kPrimitives[i].name;
  return names;
}();

std::size_t end_of_word(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

/// A name, a number, a quoted text, or a literal in a cast: as cheap twice as once.
bool is_simple(std::string_view argument) {
  for (const std::string_view cast : {"toInt64(", "toInt32(", "toFloat64("}) {
    if (argument.starts_with(cast) && argument.ends_with(")")) {
      argument = argument.substr(cast.size(), argument.size() - cast.size() - 1);
      break;
    }
  }
  if (argument.size() > 1 && argument.front() == '\'' && argument.size() < 200) {
    return end_of_quotes(argument, 0) == argument.size();
  }
  return argument.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
         std::string_view::npos;
}

/// Which argument "$n" at `at` means; 0 for "$*"; `at` goes behind it.
std::size_t take_reference(std::string_view body, std::size_t& at) {
  ++at;
  if (body[at] == '*') {
    ++at;
    return 0;
  }
  std::size_t number = 0;
  while (at < body.size() && body[at] >= '0' && body[at] <= '9') {
    number = number * 10 + static_cast<std::size_t>(body[at++] - '0');
  }
  return number;
}

std::vector<int> count_uses(std::string_view body, std::size_t arguments) {
  std::vector<int> uses(arguments + 1);
  for (std::size_t at = 0; at < body.size();) {
    if (body[at] != '$' || at + 1 >= body.size() ||
        !(body[at + 1] == '*' || is_word(body[at + 1]))) {
      ++at;
      continue;
    }
    const std::size_t number = take_reference(body, at);
    if (number < uses.size()) ++uses[number];
  }
  return uses;
}

class Substitution {
 public:
  Substitution(std::string_view body, std::span<const std::string> arguments, int& counter)
      : body_(body), arguments_(arguments.begin(), arguments.end()), counter_(++counter) {
    const auto uses = count_uses(body, arguments.size());
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      if (uses[i + 1] < 2 || is_simple(arguments_[i])) continue;
      const std::string name = "v" + std::to_string(i + 1) + "_" + std::to_string(counter_);
      names_ += (names_.empty() ? "" : ", ") + name;
      values_ += (values_.empty() ? "[" : ", [") + arguments_[i] + "]";
      arguments_[i] = name;
    }
  }

  std::string run() {
    std::string text = substituted();
    if (names_.empty()) return text;
    return "arrayMap((" + names_ + ") -> " + text + ", " + values_ + ")[1]";
  }

 private:
  std::string substituted() {
    std::string text;
    for (std::size_t at = 0; at < body_.size();) {
      const char c = body_[at];
      if (c == '\'') {
        const std::size_t end = end_of_quotes(body_, at);
        text += body_.substr(at, end - at);
        at = end;
      } else if (c == '$' && at + 1 < body_.size()) {
        const std::size_t number = take_reference(body_, at);
        text += number == 0 ? all() : number <= arguments_.size() ? arguments_[number - 1] : "";
      } else if (is_word(c)) {
        const std::size_t end = end_of_word(body_, at);
        text += body_.substr(at, end - at);
        if (body_[end - 1] == '_') text += std::to_string(counter_);
        at = end;
      } else {
        text += c;
        ++at;
      }
    }
    return text;
  }

  [[nodiscard]] std::string all() const {
    std::string text;
    for (const std::string& argument : arguments_) text += (text.empty() ? "" : ", ") + argument;
    return text;
  }

  std::string_view body_;
  std::vector<std::string> arguments_;
  int counter_;
  std::string names_;
  std::string values_;
};

using Bodies = std::map<std::string_view, std::string_view>;

const Bodies& bodies() {
  static const Bodies kBodies = [] {
    Bodies made;
    for (const Primitive& primitive : kPrimitives) made.emplace(primitive.name, primitive.body);
    return made;
  }();
  return kBodies;
}

class Expansion {
 public:
  explicit Expansion(std::size_t bytes_max) : bytes_max_(bytes_max), bodies_(bodies()) {}

  std::string run(std::string_view sql) {
    std::string text;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < sql.size();) {
      const char c = sql[at];
      if (c == '\'' || c == '`') {
        at = end_of_quotes(sql, at);
      } else if (is_word(c)) {
        const std::size_t end = end_of_word(sql, at);
        const auto body = sql[at] == 'k' ? bodies_.find(sql.substr(at, end - at)) : bodies_.end();
        if (body != bodies_.end() && end < sql.size() && sql[end] == '(') {
          text += sql.substr(begin, at - begin);
          at = end;
          text += call(body->second, arguments(sql, at));
          begin = at;
        } else {
          at = end;
        }
      } else {
        ++at;
      }
      if (text.size() > bytes_max_) failed_ = true;
      if (failed_) return {};
    }
    return text += sql.substr(begin);
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string call(std::string_view body, const std::vector<std::string>& arguments) {
    return run(apply_template(body, arguments, counter_));
  }

  /// The arguments of a call whose parenthesis opens at `at`, expanded; `at` goes behind it.
  std::vector<std::string> arguments(std::string_view sql, std::size_t& at) {
    std::vector<std::string> found;
    std::size_t begin = ++at;
    int nesting = 0;
    const auto take = [&] { found.push_back(run(sql.substr(begin, at - begin))); };
    while (at < sql.size()) {
      const char c = sql[at];
      if (c == '\'' || c == '`') {
        at = end_of_quotes(sql, at);
        continue;
      }
      if (nesting == 0 && (c == ',' || c == ')')) {
        take();
        begin = at + 1;
        if (begin < sql.size() && sql[begin] == ' ') ++begin;
      }
      if (c == '(' || c == '[') ++nesting;
      if (c == ')' || c == ']') --nesting;
      ++at;
      if (nesting < 0) break;
    }
    return found;
  }

  std::size_t bytes_max_;
  const Bodies& bodies_;
  int counter_ = 100000;
  bool failed_ = false;
};

}  // namespace

std::string apply_template(std::string_view body, std::span<const std::string> arguments,
                           int& counter) {
  return Substitution(body, arguments, counter).run();
}

std::optional<std::string> expand_library(std::string_view sql, std::size_t bytes_max) {
  Expansion expansion(bytes_max);
  std::string text = expansion.run(sql);
  if (expansion.failed() || text.size() > bytes_max) return std::nullopt;
  return text;
}

std::span<const std::string_view> library_names() { return kNames; }

}  // namespace lw::kql
