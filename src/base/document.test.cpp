// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/text.h"

namespace lw {
namespace {

std::string json_error(std::string_view text) {
  const auto value = parse_json(text);
  return value ? "no error" : value.error().message;
}

std::string yaml_error(std::string_view text) {
  const auto value = parse_yaml(text);
  return value ? "no error" : value.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string nested(int levels) {
  const auto count = static_cast<std::size_t>(levels);
  return std::string(count, '[') + std::string(count, ']');
}

// Values

TEST(Value, KeepsTheOrderOfMembersAndReplacesInPlace) {
  Value value;
  value.set("b", 1);
  value.set("a", 2);
  value.set("b", "x");
  EXPECT_EQ(to_json(value), R"({"b":"x","a":2})");
  value.erase("b");
  value.erase("missing");
  EXPECT_EQ(to_json(value), R"({"a":2})");
}

TEST(Value, AnswersQuestionsAboutMissingAndOtherKinds) {
  const Value value = parse_json(R"({"n":1,"d":1.5,"t":"x","f":true,"z":null,"l":[1,2]})").value();
  EXPECT_EQ(value.number("n"), 1);
  EXPECT_EQ(value.number("d"), 1.5);
  EXPECT_EQ(value.number("t", 7), 7);
  EXPECT_EQ(value.text("t"), "x");
  EXPECT_EQ(value.text("n", "other"), "other");
  EXPECT_TRUE(value.flag("f"));
  EXPECT_EQ(value.list("l").size(), 2U);
  EXPECT_TRUE(value.list("t").empty());
  EXPECT_TRUE(value.list("missing").empty());
  EXPECT_TRUE(value.find("z")->is_null());
  EXPECT_EQ(value.find("missing"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
}

TEST(Value, ComparesContentAndNotPlaces) {
  EXPECT_EQ(parse_yaml("a: 1\nb: [x]").value(), parse_json(R"({"a":1,"b":["x"]})").value());
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_FALSE(Value(1) == Value("1"));
  EXPECT_FALSE(Value() == Value(false));
}

TEST(Value, NamesItsKindForMessages) {
  EXPECT_EQ(Value().kind(), "null");
  EXPECT_EQ(Value(true).kind(), "boolean");
  EXPECT_EQ(Value(1).kind(), "number");
  EXPECT_EQ(Value(0.5).kind(), "number");
  EXPECT_EQ(Value("").kind(), "text");
  EXPECT_EQ(Value::array().kind(), "list");
  EXPECT_EQ(Value::object().kind(), "object");
}

TEST(Value, TurnsAnUnsignedNumberAboveTheSignedRangeIntoAFloatingOne) {
  EXPECT_EQ(Value(std::numeric_limits<std::uint64_t>::max()).as_number(), 18446744073709551615.0);
}

// JSON

TEST(Json, IsReadBackAsWritten) {
  const std::string text =
      R"({"a":[1,-2,0.5,1e+300,true,false,null,"x\n\"é"],"b":{},"c":[],"d":{"e":{"f":[]}}})";
  const Value value = parse_json(text).value();
  EXPECT_EQ(to_json(value), text);
  EXPECT_EQ(parse_json(to_json(value, 2)).value(), value);
}

TEST(Json, ErrorsNameLineAndColumn) {
  EXPECT_TRUE(has(json_error("{\"a\": 1,\n \"b\": x}"), "line 2, column 7"))
      << json_error("{\"a\": 1,\n \"b\": x}");
  EXPECT_TRUE(has(json_error("{"), "line 1, column 2")) << json_error("{");
  EXPECT_TRUE(has(json_error(""), "line 1, column 1")) << json_error("");
}

TEST(Json, IsStrict) {
  for (const char* text :
       {"{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "[1] x", "01", "+1", ".5", "1.", "NaN",
        "Infinity", "// c\n1", "\"a\nb\"", "\"\\x\"", "nul", "[1 2]"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(Json, RefusesTextThatIsNoUtf8) { EXPECT_FALSE(parse_json("\"\xff\"")); }

TEST(Json, RefusesDuplicateMembers) {
  EXPECT_TRUE(has(json_error(R"({"a":1,"b":{"a":1},"a":2})"), "\"a\" is there twice"));
  EXPECT_TRUE(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"));
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_TRUE(parse_json(nested(kDocumentDepthMax)));
  EXPECT_TRUE(has(json_error(nested(kDocumentDepthMax + 1)), "levels deep"));
  EXPECT_TRUE(has(json_error(std::string(1'000'000, '[')), "levels deep"));
}

TEST(Json, RefusesNineMegabytes) {
  const auto value = parse_json("\"" + std::string(std::size_t{9} << 20, 'x') + "\"");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::LimitExceeded);
}

TEST(Json, ReadsManyMembersInReasonableTime) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
  const auto value = parse_json(text + "}");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->as_object().size(), 100'000U);
}

TEST(Json, KeepsWholeNumbersWhole) {
  EXPECT_EQ(parse_json("9223372036854775807")->as_int(), INT64_MAX);
  EXPECT_EQ(parse_json("-9223372036854775808")->as_int(), INT64_MIN);
  EXPECT_FALSE(parse_json("9223372036854775808")->is_int());
  EXPECT_EQ(parse_json("9223372036854775808")->as_number(), 9223372036854775808.0);
  EXPECT_FALSE(parse_json("1e400")) << "does not fit a number";
}

TEST(Json, WritesSomethingValidForAnything) {
  EXPECT_EQ(to_json(Value(std::string("a\xff\xc3z"))), "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
  EXPECT_EQ(to_json(Value(std::string("\x01\0", 2))), "\"\\u0001\\u0000\"");
  EXPECT_EQ(to_json(Value(std::nan(""))), "null");
  EXPECT_EQ(to_json(Value(HUGE_VAL)), "null");
  Value object;
  object.set("\xff", 1);
  EXPECT_TRUE(parse_json(to_json(object)));
}

// YAML

TEST(Yaml, KnowsWhereThingsStand) {
  const Value value = parse_yaml("# comment\na: 1\nb:\n  - x\n  - key: y\n").value();
  EXPECT_EQ(value.find("a")->location(), (Location{2, 4}));
  EXPECT_EQ(value.as_object()[1].key_location, (Location{3, 1}));
  const Value& second = value.find("b")->as_array()[1];
  EXPECT_EQ(second.location().line, 5);
  EXPECT_EQ(second.find("key")->location(), (Location{5, 10}));
}

TEST(Yaml, FollowsTheCoreSchema) {
  const auto scalar = [](std::string_view text) { return parse_yaml(text).value(); };
  for (const char* null : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(scalar(null).is_null());
  EXPECT_EQ(scalar("true"), Value(true));
  EXPECT_EQ(scalar("FALSE"), Value(false));
  EXPECT_EQ(scalar("12"), Value(12));
  EXPECT_EQ(scalar("-12"), Value(-12));
  EXPECT_EQ(scalar("+12"), Value(12));
  EXPECT_EQ(scalar("1e3"), Value(1000.0));
  EXPECT_EQ(scalar(".5"), Value(0.5));
  EXPECT_EQ(scalar("0o17"), Value(15));
  EXPECT_EQ(scalar("0xFf"), Value(255));
  for (const char* text : {"yes", "no", "on", "off", "12a", "1.2.3.4", "1e", "1-2", "e3", "+-1",
                           "0x", "2026-01-01", "12:30:45", "tRue"}) {
    EXPECT_EQ(scalar(text), Value(text)) << text;
  }
  for (const char* quoted : {"'12'", "\"12\"", "!!str 12"})
    EXPECT_EQ(scalar(quoted), Value("12")) << quoted;
  EXPECT_TRUE(std::isinf(scalar(".inf").as_number()));
  EXPECT_TRUE(std::isinf(scalar("-.Inf").as_number()));
  EXPECT_TRUE(std::isnan(scalar(".NaN").as_number()));
}

TEST(Yaml, ReadsJson) {
  EXPECT_EQ(parse_yaml(R"({"a": [1, "b", null, true, 2.5]})").value(),
            parse_json(R"({"a":[1,"b",null,true,2.5]})").value());
}

TEST(Yaml, ErrorsNameLineAndColumn) {
  EXPECT_TRUE(has(yaml_error("a: 1\nb: [1, 2\n"), "line 3")) << yaml_error("a: 1\nb: [1, 2\n");
  EXPECT_TRUE(has(yaml_error("a: 1\n\tb: 2\n"), "line 2")) << yaml_error("a: 1\n\tb: 2\n");
  EXPECT_TRUE(has(yaml_error("a: *nothing"), "line 1")) << yaml_error("a: *nothing");
}

TEST(Yaml, RefusesDuplicateKeysAndNamesBothLines) {
  const std::string error = yaml_error("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n");
  EXPECT_TRUE(has(error, "line 5, column 3")) << error;
  EXPECT_TRUE(has(error, "`c`")) << error;
  EXPECT_TRUE(has(error, "line 3")) << error;
}

TEST(Yaml, RefusesKeysThatAreNoText) {
  EXPECT_TRUE(has(yaml_error("? [a, b]\n: 1\n"), "a key must be text"));
  EXPECT_TRUE(has(yaml_error("? {a: b}\n: 1\n"), "a key must be text"));
}

TEST(Yaml, RefusesASecondDocument) {
  EXPECT_TRUE(has(yaml_error("a: 1\n---\nb: 2\n"), "second document"));
  EXPECT_TRUE(parse_yaml("---\na: 1\n"));
}

TEST(Yaml, ReadsAliases) {
  const Value value = parse_yaml("a: &x {p: 1}\nb: *x\n").value();
  EXPECT_EQ(*value.find("b"), *value.find("a"));
}

TEST(Yaml, RefusesAnAliasBomb) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string self = "a" + std::to_string(i);
    const std::string below = "*a" + std::to_string(i - 1);
    text += self + ": &" + self + " [" + join(std::vector<std::string>(10, below), ", ") + "]\n";
  }
  EXPECT_TRUE(has(yaml_error(text), "aliases")) << yaml_error(text);
}

TEST(Yaml, RefusesAnAliasBombOfLongTexts) {
  // Few nodes, but each copy carries a megabyte.
  std::string text = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  for (int i = 0; i < 10'000; ++i) text += "*a, ";
  EXPECT_TRUE(has(yaml_error(text + "*a]\n"), "aliases"));
}

TEST(Yaml, RefusesAnAliasInsideItsOwnAnchor) { EXPECT_FALSE(parse_yaml("a: &a [*a]")); }

TEST(Yaml, RefusesDeepNesting) {
  EXPECT_TRUE(parse_yaml(nested(kDocumentDepthMax)));
  EXPECT_TRUE(has(yaml_error(nested(kDocumentDepthMax + 1)), "levels deep"));
  EXPECT_FALSE(parse_yaml(nested(100'000)));
  EXPECT_FALSE(parse_yaml(std::string(1'000'000, '[')));
  std::string blocks;
  for (int i = 0; i < 20'000; ++i) blocks += "- ";
  EXPECT_FALSE(parse_yaml(blocks + "x"));
}

TEST(Yaml, RefusesNineMegabytes) {
  const auto value = parse_yaml(std::string(std::size_t{9} << 20, 'x'));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::LimitExceeded);
}

TEST(Yaml, ReadsManyKeysInReasonableTime) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "key" + std::to_string(i) + ": 0\n";
  EXPECT_TRUE(parse_yaml(text));
}

TEST(Yaml, TextIsReadBackAsWritten) {
  const std::vector<std::string> texts{"",
                                       "yes",
                                       "true",
                                       "1e3",
                                       "~",
                                       "null",
                                       "12",
                                       "0x10",
                                       "0o7",
                                       ".inf",
                                       "+1",
                                       " lead",
                                       "trail ",
                                       "a: b",
                                       "# no",
                                       "a #b",
                                       "- x",
                                       "two\nlines",
                                       "end\n",
                                       "\n",
                                       "\n\nx\n\n",
                                       "tab\t",
                                       "\"q\"",
                                       "'q'",
                                       "*a",
                                       "&a",
                                       "!t",
                                       "%x",
                                       "@x",
                                       "`x",
                                       "{a}",
                                       "[a]",
                                       "|",
                                       ">",
                                       "?",
                                       "-",
                                       "---",
                                       "...",
                                       "a\\b",
                                       "é☃😀",
                                       "\r\n",
                                       "a\rb",
                                       "a, b",
                                       "<<",
                                       "=",
                                       "2026-01-01",
                                       "\x01\x7f",
                                       ": ",
                                       "x:",
                                       "\xC2\x85",
                                       "\xE2\x80\xA8",
                                       ("\xEF\xBB\xBF"
                                        "bom")};
  for (const std::string& text : texts) {
    Value value;
    value.set("key", text);
    Value list = Value::array();
    list.push(text);
    list.push(Value::object({{"in", text}, {"list", Value(Value::Array{text, 1})}}));
    value.set("list", list);
    const auto back = parse_yaml(to_yaml(value));
    ASSERT_TRUE(back) << text << "\n" << to_yaml(value) << back.error().message;
    EXPECT_EQ(*back, value) << hex_of(text) << "\n" << to_yaml(value);
    EXPECT_EQ(parse_yaml(to_yaml(Value(text))).value(), Value(text)) << hex_of(text);
  }
}

TEST(Yaml, KeysAreReadBackAsWritten) {
  Value value;
  for (const char* key :
       {"plain", "", "true", "12", "a b", "a: b", "#", "- x", "multi\nline", "é", "~", "?"}) {
    value.set(key, 1);
  }
  const auto back = parse_yaml(to_yaml(value));
  ASSERT_TRUE(back) << to_yaml(value) << back.error().message;
  EXPECT_EQ(*back, value) << to_yaml(value);
}

TEST(Yaml, OtherValuesAreReadBackAsWritten) {
  const Value value =
      parse_json(
          R"({"a":[],"b":{},"c":[[],{}],"d":null,"e":[null,true,-1,0.1,1e300,3.0],"f":{"g":{"h":1}}})")
          .value();
  const auto back = parse_yaml(to_yaml(value));
  ASSERT_TRUE(back) << to_yaml(value) << back.error().message;
  EXPECT_EQ(*back, value) << to_yaml(value);
  for (const Value& root :
       {Value(), Value(true), Value(-7), Value(0.25), Value::array(), Value::object()}) {
    EXPECT_EQ(parse_yaml(to_yaml(root)).value(), root) << to_yaml(root);
  }
  EXPECT_TRUE(std::isnan(parse_yaml(to_yaml(Value(std::nan(""))))->as_number()));
}

TEST(Yaml, EndsOnBracketsAfterWhichYamlCppFindsDocumentsForEver) {
  const auto refused = parse_yaml(R"({"":[{""},{{""}}],"":[{"":{d}}],""}{"n"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace lw
