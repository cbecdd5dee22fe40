// SPDX-License-Identifier: Apache-2.0
#include "kql/sql_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kql/literal.h"

namespace lw::kql {
namespace {

/// ClickHouse's escapes, the same in both kinds of quotes. Control characters are written as
/// \xHH, so that no tool on the way can take them for something else.
std::string quoted(std::string_view text, char quote) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string sql(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      sql += '\\';
      sql += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      sql += "\\x";
      sql += kHex[byte >> 4];
      sql += kHex[byte & 15];
    } else {
      sql += c;
    }
  }
  return sql += quote;
}

}  // namespace

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t end_of_quotes(std::string_view sql, std::size_t at) {
  const char quote = sql[at++];
  while (at < sql.size() && sql[at] != quote) at += sql[at] == '\\' ? 2U : 1U;
  return std::min(at + 1, sql.size());
}

std::size_t end_of_parenthesis(std::string_view sql, std::size_t at) {
  int nesting = 0;
  while (at < sql.size()) {
    if (sql[at] == '\'' || sql[at] == '`') {
      at = end_of_quotes(sql, at);
      continue;
    }
    if (sql[at] == '(') ++nesting;
    if (sql[at] == ')' && --nesting == 0) return at + 1;
    ++at;
  }
  return at;
}

std::size_t end_of_part(std::string_view sql, std::size_t at) {
  if (sql[at] == '\'' || sql[at] == '`') return end_of_quotes(sql, at);
  // Columns of a subquery are its own: subqueries are never correlated.
  if (sql.substr(at).starts_with("(SELECT ")) return end_of_parenthesis(sql, at);
  return at;
}

std::string quote_string(std::string_view text) { return quoted(text, '\''); }
std::string quote_identifier(std::string_view name) { return quoted(name, '`'); }

std::string sql_long(std::int64_t value) {
  // The parser reads a minus and the number apart, and 2^63 is no Int64.
  if (value == std::numeric_limits<std::int64_t>::min()) return "toInt64('-9223372036854775808')";
  return "toInt64(" + std::to_string(value) + ")";
}

std::string sql_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "(-inf)";
  return "toFloat64(" + real_text(value) + ")";
}

std::string sql_null(Type type) {
  if (type == Type::String) return "''";
  const std::string_view name = type == Type::Error ? "UInt8" : sql_type_of(type);
  return "CAST(NULL AS Nullable(" + std::string(name) + "))";
}

std::string sql_of(const Constant& constant) {
  if (constant.is_null()) return sql_null(constant.type);
  if (const auto* text = constant.text()) return quote_string(*text);
  if (const auto* flag = std::get_if<bool>(&constant.value)) return *flag ? "1" : "0";
  if (const auto* real = std::get_if<double>(&constant.value)) return sql_real(*real);
  const std::int64_t number = *constant.integer();
  if (constant.type == Type::Int) {
    return "toInt32(" + std::to_string(static_cast<std::int32_t>(number)) + ")";
  }
  if (constant.type == Type::Real || constant.type == Type::Decimal) {
    return sql_real(static_cast<double>(number));
  }
  return sql_long(number);
}

std::string sql_column(int id) { return "c" + std::to_string(id); }

namespace {

/// Calls `use(begin, end, id)` for each column named outside of literals and subqueries.
template <class Use>
void each_column(std::string_view sql, Use use) {
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t behind = end_of_part(sql, at); behind > at) {
      at = behind;
    } else if (!is_word(sql[at])) {
      ++at;
    } else {
      const std::size_t begin = at;
      while (at < sql.size() && is_word(sql[at])) ++at;
      const std::string_view word = sql.substr(begin, at - begin);
      const bool is_column = word.size() > 1 && word.size() < 10 && word[0] == 'c' &&
                             word.find_first_not_of("0123456789", 1) == std::string_view::npos;
      if (is_column) use(begin, at, std::stoi(std::string(word.substr(1))));
    }
  }
}

}  // namespace

std::vector<int> columns_in(std::string_view sql) {
  std::vector<int> ids;
  each_column(sql, [&](std::size_t, std::size_t, int id) { ids.push_back(id); });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<std::pair<int, int>> members_in(std::string_view sql) {
  std::vector<std::pair<int, int>> found;
  each_column(sql, [&](std::size_t, std::size_t end, int id) {
    int member = 0;
    if (end < sql.size() && sql[end] == '.') {
      for (++end; end < sql.size() && sql[end] >= '0' && sql[end] <= '9' && member < 100'000;
           ++end) {
        member = member * 10 + (sql[end] - '0');
      }
    }
    found.emplace_back(id, member);
  });
  return found;
}

std::string replace_columns(std::string_view sql, const std::map<int, std::string>& texts) {
  std::string text;
  std::size_t done = 0;
  each_column(sql, [&](std::size_t begin, std::size_t end, int id) {
    const auto found = texts.find(id);
    if (found == texts.end()) return;
    text += sql.substr(done, begin - done);
    text += found->second;
    done = end;
  });
  return text += sql.substr(done);
}

std::string sql_list(std::span<const std::string> parts, std::string_view separator) {
  std::string sql;
  for (const std::string& part : parts) {
    if (!sql.empty()) sql += separator;
    sql += part;
  }
  return sql;
}

std::string regex_quote(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) {
      pattern += "\\x00";
      continue;
    }
    if (byte < 0x80 && !is_word(c)) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace lw::kql
