// SPDX-License-Identifier: Apache-2.0
// Functions that take regular expressions.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/regex.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The type that `typeof(T)` as a last argument asks for.
std::optional<Type> wanted_type(Call& call, std::size_t index) {
  if (call.args.size() <= index) return Type::String;
  const auto name = call.binder.text_of(call.args[index], call.span_of(index), "The type");
  return name ? type_named(*name) : std::nullopt;
}

/// extract(regex, group, text[, typeof(T)])
Scalar extract(Call& call) {
  const std::string regex = sql_regex(call.binder, call.args[0], call.span_of(0));
  const auto group = call.binder.number_of(call.args[1], call.span_of(1), "The group");
  const auto type = wanted_type(call, 3);
  if (!group || !type) return {};
  const std::string* pattern = call.args[0].constant ? call.args[0].constant->text() : nullptr;
  Scalar text = make_scalar(Type::String, "''", false);
  if (pattern == nullptr && *group > 0) {
    return call.binder.unsupported(call.span_of(0), "'extract' of a group with a computed pattern");
  }
  const int groups = pattern == nullptr ? 0 : read_regex(*pattern).groups;
  if (*group >= 0 && *group <= groups) {
    // Group 0 is the whole match, which the engine gives only where there are no other groups.
    const std::string whole =
        "regexpExtract(" + call.args[2].sql + ", " + regex + ", " + std::to_string(*group) + ")";
    text.sql = whole;
  }
  return convert(text, *type);
}

/// extract_all(regex, [groups,] text): lists of groups; one group is not wrapped.
Scalar extract_all(Call& call) {
  const std::size_t last = call.args.size() - 1;
  if (call.args[last].type != Type::String) {
    return call.binder.fault(call.span_of(last), "'extract_all' looks in a string.");
  }
  const std::string regex = sql_regex(call.binder, call.args[0], call.span_of(0));
  const std::string* pattern = call.args[0].constant ? call.args[0].constant->text() : nullptr;
  if (pattern == nullptr) {
    return call.binder.unsupported(call.span_of(0), "'extract_all' with a computed pattern");
  }
  const int groups = read_regex(*pattern).groups;
  if (groups == 0) {
    return call.binder.fault(call.span_of(0),
                             "The regular expression needs a group in parentheses.");
  }
  std::vector<std::string> wanted;
  for (int i = 1; i <= groups; ++i) wanted.push_back(std::to_string(i));
  if (last == 2) {
    const std::string* list = call.args[1].constant ? call.args[1].constant->text() : nullptr;
    if (list == nullptr) {
      return call.binder.unsupported(call.span_of(1), "'extract_all' with computed groups");
    }
    wanted.clear();
    std::string number;
    for (const char c : *list + ",") {
      if (c >= '0' && c <= '9') {
        number += c;
      } else if (!number.empty()) {
        if (number.size() > 4 || std::stoi(number) < 1 || std::stoi(number) > groups) {
          return call.binder.unsupported(call.span_of(1), "A group that does not exist");
        }
        wanted.push_back(std::exchange(number, ""));
      }
    }
    if (wanted.empty())
      return call.binder.unsupported(call.span_of(1), "'extract_all' with named groups");
  }
  std::string one;
  for (const std::string& group : wanted) {
    one += (one.empty() ? "" : ", ") + ("kql_json_str(m_[" + group + "])");
  }
  if (wanted.size() > 1) one = "kql_mkarr([" + one + "])";
  const std::vector<std::string> arguments = {call.args[last].sql};
  return make_scalar(Type::Dynamic,
                     call.binder.apply("nullIf(kql_mkarr(arrayMap(m_ -> " + one +
                                           ", extractAllGroupsVertical($1, " + regex + "))), '[]')",
                                       arguments),
                     true);
}

/// replace_regex(text, regex, replacement)
Scalar replace_regex(Call& call) {
  const std::string regex = sql_regex(call.binder, call.args[1], call.span_of(1));
  const std::string* pattern = call.args[1].constant ? call.args[1].constant->text() : nullptr;
  const std::string* replacement = call.args[2].constant ? call.args[2].constant->text() : nullptr;
  if (pattern != nullptr && replacement != nullptr) {
    const int groups = read_regex(*pattern).groups;
    for (std::size_t i = 0; i + 1 < replacement->size(); ++i) {
      if ((*replacement)[i] != '\\') continue;
      const char c = (*replacement)[++i];
      if (c >= '1' && c <= '9' && c - '0' > groups) {
        return call.binder.fault(call.span_of(2),
                                 "The regular expression has no group " + std::string(1, c) + ".");
      }
    }
  }
  return make_scalar(
      Type::String,
      "replaceRegexpAll(" + call.args[0].sql + ", " + regex + ", " + call.args[2].sql + ")", false);
}

/// trim(regex, text): one match at each end.
std::string trimmed(Call& call, const std::string& text, bool at_start) {
  const std::string* pattern = call.args[0].constant ? call.args[0].constant->text() : nullptr;
  std::string regex;
  if (pattern != nullptr) {
    sql_regex(call.binder, call.args[0], call.span_of(0));
    regex = quote_string(at_start ? "^(?:" + *pattern + ")" : "(?:" + *pattern + ")$");
  } else {
    regex = at_start ? "concat('^(?:', " + call.args[0].sql + ", ')')"
                     : "concat('(?:', " + call.args[0].sql + ", ')$')";
  }
  return "replaceRegexpOne(" + text + ", " + regex + ", '')";
}
Scalar trim(Call& call) {
  return make_scalar(Type::String, trimmed(call, trimmed(call, call.args[1].sql, true), false),
                     false);
}
Scalar trim_start(Call& call) {
  return make_scalar(Type::String, trimmed(call, call.args[1].sql, true), false);
}
Scalar trim_end(Call& call) {
  return make_scalar(Type::String, trimmed(call, call.args[1].sql, false), false);
}

constexpr std::array kRegexFunctions = {
    FunctionRow{"extract", "slss?", "s", "", "", extract},
    FunctionRow{"extract_all|extractall", "saa?", "y", "", "", extract_all},
    FunctionRow{"replace_regex|replace", "sss", "s", "", "", replace_regex},
    FunctionRow{"trim", "ss", "s", "", "", trim},
    FunctionRow{"trim_start", "ss", "s", "", "", trim_start},
    FunctionRow{"trim_end", "ss", "s", "", "", trim_end},
    FunctionRow{"regex_quote", "s", "s", "", "regexpQuoteMeta($1)"},
};

}  // namespace

std::span<const FunctionRow> regex_functions() { return kRegexFunctions; }

}  // namespace lw::kql
