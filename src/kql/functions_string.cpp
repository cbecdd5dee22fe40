// SPDX-License-Identifier: Apache-2.0
// Text. Strings are UTF-8, counted in characters.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

std::string texts_of(const std::vector<Scalar>& values, std::size_t first) {
  std::string sql;
  for (std::size_t i = first; i < values.size(); ++i) {
    sql += (sql.empty() ? "" : ", ") + to_text(values[i]).sql;
  }
  return sql;
}

/// strcat(…): every argument as tostring() has it.
Scalar call_strcat(Call& call) {
  std::string known;
  bool all_known = true;
  for (const Scalar& arg : call.args) {
    const auto* text = arg.constant ? arg.constant->text() : nullptr;
    all_known = all_known && text != nullptr && arg.type == Type::String;
    if (all_known) known += *text;
  }
  if (all_known) return scalar_of({Type::String, known});
  if (call.args.size() == 1) return to_text(call.args[0]);
  return make_scalar(Type::String, "concat(" + texts_of(call.args, 0) + ")", false);
}

/// The engine joins lists by constants only; so the delimiter goes before each part, and the first
/// one is cut off.
Scalar strcat_delim(Call& call) {
  const std::string delimiter = to_text(call.args[0]).sql;
  std::string parts;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    parts += (i == 1 ? "" : ", " + delimiter + ", ") + to_text(call.args[i]).sql;
  }
  return make_scalar(Type::String, "concat(" + parts + ", '')", false);
}

Scalar strrep(Call& call) {
  const std::string text = to_text(call.args[0]).sql;
  const std::string between = call.args.size() > 2 ? to_text(call.args[2]).sql : "''";
  const std::vector<std::string> arguments = {text, call.args[1].sql, between};
  return make_scalar(
      Type::String,
      call.binder.apply("substring(repeat(concat($3, $1), toInt64(least(1024, greatest(0, "
                        "ifNull($2, 0))))), length($3) + 1)",
                        arguments),
      false);
}

Scalar substring(Call& call) {
  const std::string length =
      call.args.size() > 2 ? call.args[2].sql : "toInt64(9223372036854775807)";
  std::string sql =
      "kql_substr(" + call.args[0].sql + ", " + call.args[1].sql + ", " + length + ")";
  const bool is_nullable =
      call.args[1].is_nullable || (call.args.size() > 2 && call.args[2].is_nullable);
  if (is_nullable) sql = "ifNull(" + sql + ", '')";
  return make_scalar(Type::String, std::move(sql), false);
}

/// split(s, d[, i]): a list; with an index a list of that one part.
Scalar split(Call& call) {
  // The engine splits by constants only; a computed delimiter is first made one that no text has.
  const bool is_known = call.args[1].constant.has_value();
  const std::string parts = call.binder.apply(
      is_known
          ? "if($2 = '', [$1], splitByString($2, $1))"
          : "if($2 = '', [$1], splitByString('\\0\\x01\\0', replaceAll($1, $2, '\\0\\x01\\0')))",
      std::vector{call.args[0], call.args[1]});
  if (call.args.size() < 3) {
    return make_scalar(Type::Dynamic, "kql_mkarr(arrayMap(e_ -> kql_json_str(e_), " + parts + "))",
                       false);
  }
  const std::vector<std::string> arguments = {parts, call.args[2].sql};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply("if($2 >= 0 AND $2 < length($1), kql_mkarr([kql_json_str(arrayElement($1, "
                        "toInt64(ifNull($2, 0)) + 1))]), NULL)",
                        arguments),
      true);
}

/// indexof(s, x[, start[, length[, occurrence]]])
Scalar indexof(Call& call) {
  const std::vector<Scalar>& args = call.args;
  const std::string text = to_text(args[0]).sql, part = to_text(args[1]).sql;
  if (args.size() == 2) {
    return make_scalar(Type::Long, "(toInt64(positionUTF8(" + text + ", " + part + ")) - 1)",
                       false);
  }
  const auto number = [&](std::size_t i, const std::string& otherwise) {
    return i < args.size() ? "ifNull(" + args[i].sql + ", " + otherwise + ")"
                           : "toInt64(" + otherwise + ")";
  };
  const std::string start = number(2, "0"), length = number(3, "-1"), nth = number(4, "1");
  const std::vector<std::string> arguments = {text, part, start, length, nth};
  return make_scalar(
      Type::Long,
      call.binder.apply(
          "toInt64(if($5 < 1 OR $4 < -1, NULL, ifNull(nullIf(arrayElement(arrayFilter((p_) -> "
          "substringUTF8($1, p_, lengthUTF8($2)) = $2 AND ($4 = -1 OR p_ - 1 + lengthUTF8($2) <= "
          "if($3 < 0, greatest(lengthUTF8($1) + $3, 0), $3) + $4), range(toInt64(if($3 < 0, "
          "greatest(lengthUTF8($1) + $3, 0), $3)) + 1, toInt64(lengthUTF8($1)) + 2)), $5), 0), 0) "
          "- 1))",
          arguments),
      true);
}

/// countof(s, x[, "regex"]): plain matches may overlap.
Scalar countof(Call& call) {
  bool is_regex = false;
  if (call.args.size() > 2) {
    const auto kind = call.binder.text_of(call.args[2], call.span_of(2), "The kind of search");
    if (!kind) return {};
    is_regex = *kind == "regex";
  }
  const std::vector<Scalar> two = {call.args[0], call.args[1]};
  if (is_regex && !call.args[1].constant) {
    return call.binder.unsupported(call.span_of(1), "'countof' with a computed pattern");
  }
  if (is_regex) {
    return make_scalar(Type::Long,
                       call.binder.apply("toInt64(countMatches($1, concat('(?-s)', $2)))", two),
                       false);
  }
  return make_scalar(Type::Long,
                     call.binder.apply("toInt64(if($2 = '', 0, arrayCount(i_ -> substring($1, i_, "
                                       "length($2)) = $2, range(1, length($1) + 1))))",
                                       two),
                     false);
}

/// replace_strings(s, list, list): one after the other.
Scalar replace_strings(Call& call) {
  return make_scalar(
      Type::String,
      call.binder.apply(
          "arrayFold((acc_, p_) -> if(p_.1 = '', acc_, replaceAll(acc_, p_.1, p_.2)), "
          "arrayMap((a_, b_) -> (kql_dyn_str(a_), b_), kql_arr($2), arrayResize("
          "if(startsWith(ifNull($3, ''), '['), arrayMap(e_ -> kql_dyn_str(e_), "
          "kql_arr($3)), arrayMap(e_ -> kql_dyn_str($3), kql_arr($2))), "
          "length(kql_arr($2)), '')), $1)",
          call.args),
      false);
}

Scalar call_translate(Call& call) {
  return make_scalar(
      Type::String,
      call.binder.apply("arrayStringConcat(arrayMap(c_ -> if(position($1, c_) = 0 OR c_ = '', c_, "
                        "substringUTF8($2, least(toInt64(positionUTF8($1, c_)), "
                        "toInt64(lengthUTF8($2))), 1)), extractAll($3, '(?s)(.)')))",
                        call.args),
      false);
}

/// unicode_codepoints_to_string, make_string: numbers and lists of numbers.
Scalar of_codepoints(Call& call) {
  std::string sql;
  for (const Scalar& arg : call.args) {
    std::string list;
    if (arg.type == Type::Dynamic) {
      list = "kql_nums(" + arg.sql + ")";
    } else if (is_integer(arg.type)) {
      list = "[toFloat64OrNull(toString(" + arg.sql + "))]";
    } else {
      return call.binder.fault(call.expr.span, "'" + call.expr.text + "' takes whole numbers.");
    }
    sql += (sql.empty() ? "" : ", ") + list;
  }
  return make_scalar(
      Type::String,
      "arrayStringConcat(arrayMap(e_ -> ifNull(JSONExtractString(concat('\"', "
      "if(e_ < 65536, concat('\\\\u', leftPad(lower(hex(toUInt16(ifNull(e_, 0)))), 4, '0')), "
      "concat('\\\\u', lower(hex(toUInt16(55296 + intDiv(toInt64(ifNull(e_, 0)) - 65536, 1024)))), "
      "'\\\\u', lower(hex(toUInt16(56320 + (toInt64(ifNull(e_, 0)) - 65536) % 1024))))), '\"')), "
      "''), "
      "arrayConcat(" +
          sql + ")))",
      false);
}

/// The digest of a value's text, in hex.
Scalar hashed(Call& call, const std::string& function) {
  return make_scalar(Type::String,
                     "lower(hex(" + function + "(" + to_text(call.args[0]).sql + ")))", false);
}

/// hash(x[, modulus]): xxHash64 of the text, or of the eight bytes of a long or a time, low byte
/// first.
Scalar call_hash(Call& call) {
  const Scalar& x = call.args[0];
  const bool is_number =
      x.type == Type::Long || x.type == Type::DateTime || x.type == Type::TimeSpan;
  if (!is_number && x.type != Type::String) {
    return call.binder.unsupported(call.span_of(0), "'hash' of a " + std::string(name_of(x.type)));
  }
  const std::string bytes =
      is_number ? "reverse(unhex(leftPad(hex(reinterpretAsUInt64(" + x.sql + ")), 16, '0')))"
                : x.sql;
  const std::string sql = "reinterpretAsInt64(xxHash64(" + bytes + "))";
  if (call.args.size() == 1) return make_scalar(Type::Long, sql, x.is_nullable);
  return make_scalar(Type::Long, "kql_mod(" + sql + ", " + call.args[1].sql + ")", true);
}

constexpr std::array kStringFunctions = {
    FunctionRow{"strcat", "aa*", "s", "", "", call_strcat},
    FunctionRow{"strcat_delim", "saa*", "s", "", "", strcat_delim},
    FunctionRow{"strrep", "ala?", "s", "", "", strrep},
    FunctionRow{"substring", "sll?", "s", "", "", substring},
    FunctionRow{"split", "ssl?", "y", "1", "", split},
    FunctionRow{"indexof", "aal?l?l?", "l", "indexof_", "", indexof},
    FunctionRow{"countof", "sss?", "l", "", "", countof},
    FunctionRow{"replace_strings", "syy", "s", "", "", replace_strings},
    FunctionRow{"replace_string", "sss", "s", "", "if($2 = '', $1, replaceAll($1, $2, $3))"},
    FunctionRow{"translate", "sss", "s", "", "", call_translate},
    FunctionRow{"unicode_codepoints_to_string|make_string", "aa*", "s", "", "", of_codepoints},
    FunctionRow{
        "unicode_codepoints_from_string|to_utf8", "s", "y", "",
        "kql_mkarr(arrayMap(c_ -> toString(arraySum(i_ -> toInt64(bitAnd(reinterpretAsUInt8("
        "substring(c_, i_, 1)), if(i_ = 1, multiIf(length(c_) = 1, 127, length(c_) = 2, 31, "
        "length(c_) = 3, 15, 7), 63))) * toInt64(exp2(6 * (length(c_) - i_))), range(1, "
        "length(c_) + 1))), extractAll($1, '(?s)(.)')))"},
    FunctionRow{"strlen", "s", "l", "strlen_", "toInt64(lengthUTF8($1))"},
    FunctionRow{"string_size", "s", "l", "string_size_", "toInt64(length($1))"},
    FunctionRow{"toupper", "s", "s", "", "kql_upper($1)"},
    FunctionRow{"tolower", "s", "s", "", "lowerUTF8($1)"},
    FunctionRow{"reverse", "s", "s", "", "reverseUTF8($1)"},
    FunctionRow{"strcmp", "ss", "l", "", "toInt64(multiIf($1 < $2, -1, $1 > $2, 1, 0))"},
    FunctionRow{"isempty", "a", "b", "", "",
                [](Call& call) {
                  const Scalar& x = call.args[0];
                  if (x.type == Type::String)
                    return make_scalar(Type::Bool, "(" + x.sql + " = '')", false);
                  if (x.type == Type::Dynamic) {
                    return make_scalar(Type::Bool, "(kql_dyn_str(" + x.sql + ") = '')", false);
                  }
                  return make_scalar(Type::Bool, "isNull(" + x.sql + ")", false);
                }},
    FunctionRow{"isnotempty|notempty", "a", "b", "", "",
                [](Call& call) {
                  const Scalar& x = call.args[0];
                  if (x.type == Type::String)
                    return make_scalar(Type::Bool, "(" + x.sql + " != '')", false);
                  if (x.type == Type::Dynamic) {
                    return make_scalar(Type::Bool, "(kql_dyn_str(" + x.sql + ") != '')", false);
                  }
                  return make_scalar(Type::Bool, "isNotNull(" + x.sql + ")", false);
                }},
    FunctionRow{"isascii", "s", "b", "", "match($1, '^[\\\\x00-\\\\x7F]*$')"},
    FunctionRow{"isutf8", "s", "b", "", "isValidUTF8($1)"},
    FunctionRow{"base64_encode_tostring|base64_encodestring", "s", "s", "", "base64Encode($1)"},
    FunctionRow{"base64_decode_tostring|base64_decodestring", "s", "s", "",
                "if(isValidUTF8(tryBase64Decode($1)), tryBase64Decode($1), '')"},
    FunctionRow{"base64_decode_toarray", "s", "y?", "",
                "if($1 != '' AND tryBase64Decode($1) = '', NULL, kql_mkarr(arrayMap(i_ -> "
                "toString(reinterpretAsUInt8(substring(tryBase64Decode($1), i_, 1))), range(1, "
                "length(tryBase64Decode($1)) + 1))))"},
    FunctionRow{
        "base64_encode_fromarray", "y", "s", "",
        "base64Encode(arrayStringConcat(arrayMap(e_ -> char(ifNull(e_, 0)), kql_nums($1))))"},
    FunctionRow{"url_encode|url_encode_component", "s", "s", "", "encodeURLComponent($1)"},
    FunctionRow{"url_decode", "s", "s", "", "decodeURLComponent($1)"},
    FunctionRow{"hash_md5", "a", "s", "", "", [](Call& c) { return hashed(c, "MD5"); }},
    FunctionRow{"hash_sha1", "a", "s", "", "", [](Call& c) { return hashed(c, "SHA1"); }},
    FunctionRow{"hash_sha256", "a", "s", "", "", [](Call& c) { return hashed(c, "SHA256"); }},
    FunctionRow{"hash|hash_xxhash64", "al?", "l", "", "", call_hash},
    FunctionRow{
        "tohex", "al?", "s", "1", "",
        [](Call& call) {
          const Scalar& x = call.args[0];
          if (!is_integer(x.type)) {
            return call.binder.fault(call.span_of(0), "'tohex' expects a whole number.");
          }
          const std::string hex = "lower(hex(" + x.sql + "))";
          std::string sql = "replaceRegexpOne(" + hex + ", '^0+(.)', '\\\\1')";
          if (call.args.size() > 1) {
            sql = call.binder.apply(
                "if(length($1) >= $2, $1, leftPad($1, toUInt32(least(16, greatest($2, 0))), '0'))",
                std::vector<std::string>{sql, call.args[1].sql});
          }
          return make_scalar(Type::String, "ifNull(" + sql + ", '')", false);
        }},
    FunctionRow{"new_guid", "", "g", "", "toString(generateUUIDv4())"},
};

}  // namespace

std::span<const FunctionRow> string_functions() { return kStringFunctions; }

}  // namespace lw::kql
