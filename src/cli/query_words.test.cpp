// SPDX-License-Identifier: Apache-2.0
#include "cli/query_words.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/progress.h"

namespace lw::cli {
namespace {

using Names = std::vector<std::string>;

QueryWords words() {
  const auto schema =
      parse_json(R"({"tables":[{"name":"Rounds","columns":[{"name":"RttMs"},{"name":"Source"}]},)"
                 R"({"name":"Tests","columns":[{"name":"Agent"}]}]})");
  const auto capabilities =
      parse_json(R"({"operators":["where","project","project-away"],"functions":[{"name":"ago"}],)"
                 R"("aggregates":[{"name":"avg"}]})");
  return query_words_of(*schema, *capabilities);
}

Names completed(std::string_view text) { return complete_query(words(), text).candidates; }

TEST(QueryWords, CompletesWhatFitsThePlace) {
  EXPECT_EQ(completed("ro"), Names{"Rounds"});
  EXPECT_EQ(completed("let x = 1; T"), Names{"Tests"});
  EXPECT_EQ(completed("Rounds | pr"), (Names{"project", "project-away"}));
  EXPECT_EQ(completed("Rounds | project-a"), Names{"project-away"});
  EXPECT_EQ(completed("Rounds | where rt"), Names{"RttMs"});
  EXPECT_EQ(completed("Rounds | where Ag"), Names{"ago"}) << "columns of named tables only";
  EXPECT_EQ(completed("Tests | where Ag"), (Names{"Agent", "ago"}));
  EXPECT_EQ(completed("Rounds | join (T"), Names{"Tests"});
  EXPECT_EQ(completed(".ta"), Names{".tables"});
  EXPECT_EQ(completed("Nope"), Names{});
  EXPECT_EQ(complete_query(words(), "Rounds | where rt").replaced, 2U);
  EXPECT_EQ(complete_query(words(), ".ta").replaced, 3U);
  EXPECT_GT(completed("Rounds | where ").size(), 5U);
}

TEST(QueryWords, KnowsWhenAQueryGoesOn) {
  for (const char* const text : {"T |", "T | where x in (", "T | where x ==", "let a = 1;", "f(a,",
                                 "T | // comment", "T | where a == '(' and ("}) {
    EXPECT_TRUE(is_unfinished(text)) << text;
  }
  for (const char* const text : {"T", "T | take 5", "T | where a == '(['", "T | distinct *", "",
                                 "T // (", "print \"a\\\"(\"", "T | where x)"}) {
    EXPECT_FALSE(is_unfinished(text)) << text;
  }
}

TEST(LineEditor, CandidatesHaveABeginningInCommon) {
  EXPECT_EQ(common_prefix({"project", "project-away"}), "project");
  EXPECT_EQ(common_prefix({"a", "b"}), "");
  EXPECT_EQ(common_prefix({"same"}), "same");
  EXPECT_EQ(common_prefix({}), "");
}

TEST(Progress, SaysHowLongAndHowMuch) {
  EXPECT_EQ(progress_text(Seconds(12), 0), "running for 12 s; Ctrl-C ends it");
  EXPECT_EQ(progress_text(Seconds(1), 34'560'000),
            "running for 1 s, 34.6 MB so far; Ctrl-C ends it");
}

TEST(Progress, ComesAfterASecondOnTerminalsOnly) {
  for (const bool is_terminal : {true, false}) {
    ManualClock clock;
    testing::internal::CaptureStderr();
    {
      Progress progress(is_terminal, clock);
      progress.show();
      clock.advance(std::chrono::milliseconds(999));
      progress.show();
      progress.clear();
      EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
      testing::internal::CaptureStderr();
      clock.advance(std::chrono::milliseconds(1));
      progress.show();
    }
    const std::string expected = "\r\033[Krunning for 1 s; Ctrl-C ends it\r\033[K";
    EXPECT_EQ(testing::internal::GetCapturedStderr(), is_terminal ? expected : "");
  }
}

}  // namespace
}  // namespace lw::cli
