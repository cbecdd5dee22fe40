// SPDX-License-Identifier: Apache-2.0
#include "kql/saved.h"

#include <gtest/gtest.h>

#include "kql/translate.h"

namespace lw::kql {
namespace {

const std::vector<SavedFunction> kSaved = {
    {"failed", "(least: long = 2)", "numbers() | where n >= least // those"},
    {"numbers", "", "let most = 5; range n from 1 to most step 1"},
    {"wrong", "", "print nope"},
    {"itself", "", "itself | count"},
};

/// The SQL, or the faults as "line:column message".
std::string answer(const std::string& query) {
  Options options;
  options.functions = kSaved;
  const auto translation = translate(query, {}, options);
  if (translation) return translation->sql;
  std::string text;
  for (const Diagnostic& fault : translation.error()) {
    text += std::to_string(fault.line) + ":" + std::to_string(fault.column) + " " + fault.message +
            "\n";
  }
  return text;
}

TEST(KqlSaved, FunctionsComeWithThoseTheyUse) {
  EXPECT_EQ(lets_of("failed(3) | count", kSaved),
            "let numbers = () { let most = 5; range n from 1 to most step 1\n};\n"
            "let failed = (least: long = 2) { numbers() | where n >= least // those\n};\n");
  EXPECT_EQ(lets_of("print failedx = 1", kSaved), "");
}

TEST(KqlSaved, QueriesUseThemByName) {
  EXPECT_NE(answer("failed(3) | count").find("toInt64(3)"), std::string::npos);
  EXPECT_NE(answer("numbers | summarize max(n)").find("max("), std::string::npos);
  EXPECT_NE(answer("let numbers = 7; print numbers").find("toInt64(7)"), std::string::npos);
}

TEST(KqlSaved, FaultsHaveTheirPlaceInTheQuery) {
  EXPECT_TRUE(answer("numbers\n| where nix == 1").starts_with("2:9 "))
      << answer("numbers\n| where nix == 1");
  EXPECT_TRUE(answer("wrong").starts_with("0:0 In a saved query: ")) << answer("wrong");
  EXPECT_NE(answer("itself").find("In a saved query: "), std::string::npos) << answer("itself");
}

TEST(KqlSaved, TextThatIsNotOneQueryIsRefused) {
  for (const SavedFunction& function : kSaved) EXPECT_TRUE(faults_of(function).empty());
  EXPECT_FALSE(faults_of({"f", "", "print 1 }; let g = () { print 2"}).empty());
  EXPECT_FALSE(faults_of({"f", "", "print 1 } | take 5; print 2; let h = { print 3"}).empty());
  EXPECT_FALSE(faults_of({"f", ") { print 1 }; print (", "print 1"}).empty());
  EXPECT_FALSE(faults_of({"f", "(x: nonsense)", "print 1"}).empty());
  EXPECT_FALSE(faults_of({"f", "", ""}).empty());
  EXPECT_FALSE(faults_of({"f", "", "print 'open"}).empty());
}

TEST(KqlSaved, NamesAreNoWordsOfTheLanguage) {
  EXPECT_TRUE(is_function_name("slow_tests2"));
  for (const char* const name :
       {"", "2x", "a b", "strlen", "count", "where", "let", "arg_max", "a;"}) {
    EXPECT_FALSE(is_function_name(name)) << name;
  }
}

}  // namespace
}  // namespace lw::kql
