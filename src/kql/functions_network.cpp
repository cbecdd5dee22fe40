// SPDX-License-Identifier: Apache-2.0
// Addresses.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

std::string address4(int argument) {
  return "toUInt32(toIPv4OrNull(splitByChar('/', $" + std::to_string(argument) + ")[1]))";
}
std::string prefix4(int argument) {
  const std::string a = "$" + std::to_string(argument);
  return "if(position(" + a + ", '/') = 0, 32, toInt64OrNull(splitByChar('/', " + a + ")[2]))";
}

/// Two addresses cut to the shortest of the prefixes, and of one given.
Scalar compare4(Call& call, const std::string& body, Type type) {
  const std::string given = call.args.size() > 2 ? call.args[2].sql : "32";
  const std::vector<std::string> arguments = {call.args[0].sql, call.args[1].sql, given};
  const std::string shortest = "least(" + prefix4(1) + ", " + prefix4(2) + ", $3)";
  return make_scalar(
      type,
      call.binder.apply("arrayMap((a_, b_, p_) -> if(p_ BETWEEN 0 AND 32, " + body +
                            ", NULL), "
                            "[" +
                            address4(1) + "], [" + address4(2) + "], [" + shortest + "])[1]",
                        arguments),
      true);
}
const std::string kCutA = "intDiv(toInt64(a_), toInt64(exp2(32 - p_)))";
const std::string kCutB = "intDiv(toInt64(b_), toInt64(exp2(32 - p_)))";

Scalar is_match4(Call& call) {
  return compare4(call, "(" + kCutA + " = " + kCutB + ")", Type::Bool);
}
Scalar compare_v4(Call& call) {
  return compare4(
      call,
      "toInt64(multiIf(" + kCutA + " < " + kCutB + ", -1, " + kCutA + " > " + kCutB + ", 1, 0))",
      Type::Long);
}

/// An IPv6 or IPv4 address (as ::ffff:a.b.c.d) as 16 bytes in hex, and its prefix length.
std::string address6(int argument) {
  return "hex(IPv6StringToNumOrNull(splitByChar('/', $" + std::to_string(argument) + ")[1]))";
}
std::string prefix6(int argument) {
  const std::string a = "$" + std::to_string(argument);
  return "if(position(" + a + ", '/') = 0, 128, toInt64OrNull(splitByChar('/', " + a +
         ")[2]) + if(position(" + a + ", ':') = 0, 96, 0))";
}
Scalar compare6(Call& call, bool is_match) {
  const std::string given = call.args.size() > 2 ? call.args[2].sql : "128";
  const std::vector<std::string> arguments = {call.args[0].sql, call.args[1].sql, given};
  const std::string shortest = "least(" + prefix6(1) + ", " + prefix6(2) + ", $3)";
  const std::string cut_a = "substring(bin(unhex(a_)), 1, toInt64(p_))";
  const std::string cut_b = "substring(bin(unhex(b_)), 1, toInt64(p_))";
  const std::string body = is_match ? "(" + cut_a + " = " + cut_b + ")"
                                    : "toInt64(multiIf(" + cut_a + " < " + cut_b + ", -1, " +
                                          cut_a + " > " + cut_b + ", 1, 0))";
  return make_scalar(
      is_match ? Type::Bool : Type::Long,
      call.binder.apply("arrayMap((a_, b_, p_) -> if(a_ IS NOT NULL AND b_ IS NOT NULL AND "
                        "p_ BETWEEN 0 AND 128, " +
                            body + ", NULL), [" + address6(1) + "], [" + address6(2) + "], [" +
                            shortest + "])[1]",
                        arguments),
      true);
}

Scalar in_range4(Call& call) {
  return make_scalar(
      Type::Bool,
      call.binder.apply("if(isIPv4String(splitByChar('/', $1)[1]) AND match($2, "
                        "'^[0-9.]+/[0-9]+$') AND isIPv4String(splitByChar('/', $2)[1]) AND "
                        "toInt64OrZero(splitByChar('/', $2)[2]) <= 32, isIPAddressInRange("
                        "splitByChar('/', $1)[1], $2), if(isIPv4String(splitByChar('/', "
                        "$1)[1]) AND isIPv4String($2), splitByChar('/', $1)[1] = $2, NULL))",
                        call.args),
      true);
}

Scalar in_any_range4(Call& call) {
  std::string ranges;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    const Scalar& arg = call.args[i];
    ranges +=
        (ranges.empty() ? "" : ", ") +
        (arg.type == Type::Dynamic ? "arrayMap(w_ -> kql_dyn_str(w_), kql_arr(" + arg.sql + "))"
                                   : "[" + to_text(arg).sql + "]");
  }
  const std::vector<std::string> arguments = {call.args[0].sql, "arrayConcat(" + ranges + ")"};
  return make_scalar(
      Type::Bool,
      call.binder.apply(
          "if(isIPv4String(splitByChar('/', $1)[1]), arrayExists(r_ -> if(match(r_, "
          "'^[0-9.]+/[0-9]+$') AND isIPv4String(splitByChar('/', r_)[1]) AND "
          "toInt64OrZero(splitByChar('/', r_)[2]) <= 32, "
          "isIPAddressInRange(splitByChar('/', $1)[1], r_), splitByChar('/', $1)[1] = r_), "
          "$2), NULL)",
          arguments),
      true);
}

/// format_ipv4(address[, prefix]): the network's address; with `is_mask` as "a/p".
Scalar format4(Call& call, bool is_mask) {
  const Scalar& x = call.args[0];
  const bool is_number = is_integer(x.type);
  std::string prefix = is_number ? "32" : prefix4(1);
  if (call.args.size() > 1) {
    const std::string given = call.args[1].sql;
    // A prefix out of range is none at all, which makes the result empty.
    prefix = "if(" + given + " BETWEEN 0 AND 32, least(" + given + ", " + prefix + "), NULL)";
  }
  const std::string address =
      is_number ? "toUInt32(if($1 BETWEEN 0 AND 4294967295, $1, NULL))" : address4(1);
  const std::string suffix = is_mask ? ", '/', toString(p_)" : ", ''";
  const std::vector<std::string> arguments = {is_number ? to_long(x).sql : to_text(x).sql};
  return make_scalar(
      Type::String,
      call.binder.apply(
          "ifNull(arrayMap((a_, p_) -> if(p_ BETWEEN 0 AND 32, concat(IPv4NumToString("
          "toUInt32(intDiv(toInt64(ifNull(a_, 0)), toInt64(exp2(32 - p_))) * "
          "toInt64(exp2(32 - p_))))" +
              suffix + ", if(a_ IS NULL, NULL, '')), NULL), [" + address + "], [" + prefix +
              "])[1], '')",
          arguments),
      false);
}

/// has_ipv4(text, address …), has_ipv4_prefix(text, "10.1." …): an address with boundaries.
Scalar has_address(Call& call, bool is_prefix) {
  std::string list;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    const Scalar& arg = call.args[i];
    list += (list.empty() ? "" : ", ") +
            (arg.type == Type::Dynamic ? "arrayMap(w_ -> kql_dyn_str(w_), kql_arr(" + arg.sql + "))"
                                       : "[" + to_text(arg).sql + "]");
  }
  const std::vector<std::string> arguments = {to_text(call.args[0]).sql,
                                              "arrayConcat(" + list + ")"};
  const std::string addresses =
      "arrayFilter(a_ -> isIPv4String(a_), extractAll(concat(' ', replaceRegexpAll($1, "
      "'([^0-9A-Za-z.])', '\\\\1\\\\1'), ' '), "
      "'(?:[^0-9A-Za-z.])([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)(?:[^0-9A-Za-z.])'))";
  const std::string test =
      is_prefix
          ? "(match(n_, '^([0-9]{1,3}[.]){1,3}$') OR isIPv4String(n_)) AND if(endsWith(n_, '.'), "
            "startsWith(a_, n_), a_ = n_)"
          : "isIPv4String(n_) AND a_ = n_";
  return make_scalar(
      Type::Bool,
      call.binder.apply("arrayExists(n_ -> arrayExists(a_ -> " + test + ", " + addresses + "), $2)",
                        arguments),
      false);
}

constexpr std::array kNetworkFunctions = {
    FunctionRow{"ipv4_is_match", "ssl?", "b", "", "", is_match4},
    FunctionRow{"ipv4_compare", "ssl?", "l", "", "", compare_v4},
    FunctionRow{"ipv6_is_match", "ssl?", "b", "", "", [](Call& c) { return compare6(c, true); }},
    FunctionRow{"ipv6_compare", "ssl?", "l", "", "", [](Call& c) { return compare6(c, false); }},
    FunctionRow{"ipv4_is_in_range", "ss", "b", "", "", in_range4},
    FunctionRow{"ipv4_is_in_any_range", "saa*", "b", "", "", in_any_range4},
    FunctionRow{
        "ipv4_is_private", "s", "b?", "",
        "if(isIPv4String(splitByChar('/', $1)[1]), isIPAddressInRange(splitByChar('/', $1)[1], "
        "'10.0.0.0/8') OR isIPAddressInRange(splitByChar('/', $1)[1], '172.16.0.0/12') OR "
        "isIPAddressInRange(splitByChar('/', $1)[1], '192.168.0.0/16'), NULL)"},
    FunctionRow{"ipv4_netmask_suffix", "s", "l?", "",
                "if(isIPv4String(splitByChar('/', $1)[1]), if(position($1, '/') = 0, 32, "
                "toInt64OrNull(splitByChar('/', $1)[2])), NULL)"},
    FunctionRow{
        "parse_ipv4", "s", "l", "", "",
        [](Call& call) {
          const std::string sql =
              "arrayMap((a_, p_) -> if(p_ BETWEEN 0 AND 32, intDiv(toInt64(a_), toInt64(exp2(32 "
              "- p_))) * toInt64(exp2(32 - p_)), NULL), [" +
              address4(1) + "], [" + prefix4(1) + "])[1]";
          return make_scalar(Type::Long, call.binder.apply(sql, call.args), true);
        }},
    FunctionRow{
        "parse_ipv4_mask", "sl", "l", "", "",
        [](Call& call) {
          const std::string sql =
              "arrayMap((a_, p_) -> if(p_ BETWEEN 0 AND 32, intDiv(toInt64(a_), toInt64(exp2(32 "
              "- p_))) * toInt64(exp2(32 - p_)), NULL), [" +
              address4(1) + "], [$2])[1]";
          return make_scalar(Type::Long, call.binder.apply(sql, call.args), true);
        }},
    FunctionRow{"parse_ipv6", "s", "s", "", "",
                [](Call& call) {
                  return make_scalar(
                      Type::String,
                      call.binder.apply(
                          "ifNull(replaceRegexpOne(lower(" + address6(1) +
                              "), '^(.{4})(.{4})(.{4})(.{4})(.{4})(.{4})(.{4})(.{4})$', "
                              "'\\\\1:\\\\2:\\\\3:\\\\4:\\\\5:\\\\6:\\\\7:\\\\8'), '')",
                          call.args),
                      false);
                }},
    FunctionRow{"format_ipv4", "al?", "s", "", "", [](Call& c) { return format4(c, false); }},
    FunctionRow{"format_ipv4_mask", "al?", "s", "", "", [](Call& c) { return format4(c, true); }},
    FunctionRow{"has_ipv4", "ss", "b", "", "", [](Call& c) { return has_address(c, false); }},
    FunctionRow{"has_any_ipv4", "saa*", "b", "", "", [](Call& c) { return has_address(c, false); }},
    FunctionRow{"has_ipv4_prefix", "ss", "b", "", "", [](Call& c) { return has_address(c, true); }},
    FunctionRow{"has_any_ipv4_prefix", "saa*", "b", "", "",
                [](Call& c) { return has_address(c, true); }},
};

}  // namespace

std::span<const FunctionRow> network_functions() { return kNetworkFunctions; }

}  // namespace lw::kql
