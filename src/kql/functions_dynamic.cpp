// SPDX-License-Identifier: Apache-2.0
// Dynamic values: bags, packing, JSON.
#include <array>

#include "base/text.h"
#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/literal.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// pack("a", x, "b", y …)
Scalar bag_pack(Call& call) {
  if (call.args.size() % 2 != 0) {
    return call.binder.fault(call.expr.span, "'bag_pack' takes pairs of key and value.");
  }
  std::string sql;
  for (std::size_t i = 0; i + 1 < call.args.size(); i += 2) {
    sql += (sql.empty() ? "'{', " : ", ',', ") +
           ("kql_json_str(" + to_text(call.args[i]).sql + ")") + ", ':', " +
           json_of(call.args[i + 1]);
  }
  if (sql.empty()) return scalar_of({Type::Dynamic, std::string("{}")});
  return make_scalar(Type::Dynamic, "concat(" + sql + ", '}')", false);
}

Scalar pack_array(Call& call) {
  std::string sql;
  for (const Scalar& arg : call.args) {
    if (arg.type == Type::Error) return {};
    sql += (sql.empty() ? "" : ", ") + json_of(arg);
  }
  if (sql.empty()) return scalar_of({Type::Dynamic, std::string("[]")});
  return make_scalar(Type::Dynamic, "kql_mkarr([" + sql + "])", false);
}

/// pack_all([ignore null and empty]): the row's columns as a bag.
Scalar pack_all(Call& call) {
  if (call.rows.relation == nullptr) {
    return call.binder.fault(call.expr.span, "'pack_all' needs a row.");
  }
  bool ignores_empty = false;
  if (!call.args.empty()) {
    const Constant* flag = call.binder.constant_of(call.args[0], call.span_of(0), "The argument");
    if (flag == nullptr) return {};
    const bool* value = std::get_if<bool>(&flag->value);
    ignores_empty = value != nullptr && *value;
  }
  std::string sql;
  for (const Column& column : call.rows.relation->columns) {
    const Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
    const std::string pair =
        "concat(kql_json_str(" + quote_string(column.name) + "), ':', " + json_of(value) + ")";
    const std::string empty =
        column.type == Type::String ? "(" + value.sql + " = '')" : "isNull(" + value.sql + ")";
    sql +=
        (sql.empty() ? "" : ", ") + (ignores_empty ? "if(" + empty + ", '', " + pair + ")" : pair);
  }
  return make_scalar(
      Type::Dynamic,
      "concat('{', arrayStringConcat(arrayFilter(p_ -> p_ != '', [" + sql + "]), ','), '}')",
      false);
}

/// bag_merge(a, b …): the first of equal keys wins.
Scalar bag_merge(Call& call) {
  std::string all;
  for (const Scalar& arg : call.args)
    all += (all.empty() ? "" : ", ") + ("kql_keys(" + arg.sql + ")");
  const std::vector<std::string> arguments = {"arrayConcat(" + all + ")"};
  return make_scalar(Type::Dynamic,
                     call.binder.apply("kql_mkbag(arrayFilter((p_, i_) -> "
                                       "indexOf(arrayMap(q_ -> q_.1, $1), p_.1) = i_, $1, "
                                       "arrayEnumerate($1)))",
                                       arguments),
                     true);
}

/// bag_has_key(bag, key): the key may be a path, "$.a.b".
Scalar bag_has_key(Call& call) {
  const std::string* key = call.args[1].constant ? call.args[1].constant->text() : nullptr;
  if (key != nullptr && key->starts_with("$.")) {
    std::string path;
    for (const std::string& part : lw::split(key->substr(2), '.'))
      path += ", " + quote_string(part);
    return make_scalar(Type::Bool, "JSONHas(ifNull(" + call.args[0].sql + ", '')" + path + ")",
                       true);
  }
  return make_scalar(
      Type::Bool,
      call.binder.apply("if(startsWith($1, '{'), JSONHas(ifNull($1, ''), $2), NULL)", call.args),
      true);
}

/// extract_json("$.a[0].b", text[, typeof(T)])
Scalar extract_json(Call& call) {
  const bool path_is_first = call.args[1].type != Type::String || !call.args[1].constant;
  const Scalar& path_arg = path_is_first ? call.args[0] : call.args[1];
  const Scalar& json = path_is_first ? call.args[1] : call.args[0];
  const auto path = call.binder.text_of(path_is_first ? call.args[0] : path_arg,
                                        call.span_of(path_is_first ? 0 : 1), "The path");
  if (!path) return {};
  if (json.type != Type::String && json.type != Type::Dynamic) {
    return call.binder.fault(call.expr.span, "'extract_json' looks in a string.");
  }
  Type type = Type::String;
  if (call.args.size() > 2) {
    const auto name = call.binder.text_of(call.args[2], call.span_of(2), "The type");
    if (!name) return {};
    type = type_named(*name).value_or(Type::String);
  }
  std::string value = json.type == Type::Dynamic ? json.sql : "kql_parse_json(" + json.sql + ")";
  std::size_t at = path->starts_with("$") ? 1 : 0;
  while (at < path->size()) {
    if ((*path)[at] == '.') {
      const std::size_t end = std::min(path->find_first_of(".[", at + 1), path->size());
      value = "kql_get(" + value + ", " + quote_string(path->substr(at + 1, end - at - 1)) + ")";
      at = end;
    } else if ((*path)[at] == '[') {
      const std::size_t end = path->find(']', at);
      if (end == std::string::npos) break;
      const std::string key = path->substr(at + 1, end - at - 1);
      const auto number = long_of(key);
      if (number) {
        value = "kql_at(" + value + ", " + sql_long(*number) + ")";
      } else if (key.size() > 2) {
        value = "kql_get(" + value + ", " + quote_string(key.substr(1, key.size() - 2)) + ")";
      }
      at = end + 1;
    } else {
      return call.binder.unsupported(call.span_of(path_is_first ? 0 : 1), "This path");
    }
  }
  return convert(make_scalar(Type::Dynamic, value, true), type);
}

constexpr std::array kDynamicFunctions = {
    FunctionRow{"bag_pack|pack", "a*", "y", "", "", bag_pack},
    FunctionRow{"pack_array", "a*", "y", "", "", pack_array},
    FunctionRow{"pack_all", "b?", "y", "", "", pack_all},
    FunctionRow{"bag_merge", "yy*", "y", "", "", bag_merge},
    FunctionRow{"bag_has_key", "ys", "b", "", "", bag_has_key},
    FunctionRow{"extract_json|extractjson", "aas?", "s", "", "", extract_json},
    FunctionRow{
        "bag_keys", "y", "y?", "",
        "if(startsWith($1, '{'), kql_mkarr(arrayMap(p_ -> kql_json_str(p_.1), kql_keys($1))), "
        "NULL)"},
    FunctionRow{"bag_remove_keys", "yy", "y?", "",
                "if(startsWith($1, '{'), kql_mkbag(arrayFilter(p_ -> NOT has(arrayMap(e_ -> "
                "kql_dyn_str(e_), kql_arr($2)), p_.1), kql_keys($1))), NULL)"},
    FunctionRow{"bag_set_key", "ysa", "y?", "", "",
                [](Call& call) {
                  const std::vector<std::string> arguments = {call.args[0].sql, call.args[1].sql,
                                                              json_of(call.args[2])};
                  return make_scalar(
                      Type::Dynamic,
                      call.binder.apply(
                          "if(startsWith($1, '{'), if(has(arrayMap(q_ -> q_.1, "
                          "kql_keys($1)), $2), kql_mkbag(arrayMap(p_ -> if(p_.1 = $2, "
                          "(p_.1, $3), p_), kql_keys($1))), kql_mkbag(arrayPushBack("
                          "kql_keys($1), ($2, $3)))), NULL)",
                          arguments),
                      true);
                }},
    FunctionRow{"bag_zip", "yy", "y?", "",
                "if(startsWith($1, '[') AND startsWith($2, '['), kql_mkbag(arrayMap((a_, b_) -> "
                "(kql_dyn_str(a_), b_), arrayFilter(w_ -> startsWith(w_, '\"'), kql_arr($1)), "
                "arrayResize(kql_arr($2), length(arrayFilter(w_ -> startsWith(w_, '\"'), "
                "kql_arr($1))), 'null'))), NULL)"},
    FunctionRow{"zip", "yyy*", "y?", "", "",
                [](Call& call) {
                  std::string lists, names, longest;
                  for (std::size_t i = 0; i < call.args.size(); ++i) {
                    const std::string list = "kql_arr(" + call.args[i].sql + ")";
                    longest += (i == 0 ? "length(" : ", length(") + list + ")";
                  }
                  for (std::size_t i = 0; i < call.args.size(); ++i) {
                    names += (i == 0 ? "z" : ", z") + std::to_string(i) + "_";
                    lists += ", arrayResize(kql_arr($" + std::to_string(i + 1) + "), arrayMax([" +
                             longest + "]), 'null')";
                  }
                  return make_scalar(
                      Type::Dynamic,
                      call.binder.apply("kql_mkarr(arrayMap((" + names + ") -> kql_mkarr([" +
                                            names + "])" + lists + "))",
                                        call.args),
                      true);
                }},
};

}  // namespace

std::span<const FunctionRow> dynamic_functions() { return kDynamicFunctions; }

}  // namespace lw::kql
