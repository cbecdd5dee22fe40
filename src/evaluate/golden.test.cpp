// SPDX-License-Identifier: Apache-2.0
// Runs tests/golden/evaluate/*.txt. One statement per line; `#` starts a comment.
//
//   load icmp|tcp|http [every SECONDS] [checks-failed PERCENT] [round-trip MS] [timeout MS]
//   load … disabled | missing "SENTENCE"          the test that the next statements are about
//   round [N] OUTCOME[@RTTms] … ["DETAIL"]        a round; N (default 1) counts what follows it
//   name OUTCOME [last-good ADDRESS] ["DETAIL"]   what the next round says of its name
//   absence WORD …                                connected, disconnected, dropped, and
//                                                 seen|assigned|round AGE in seconds before now
//   roll-up STATE …                               what a group of such tests is in
//   expect STATE [CODE] ["TEXT"]                  the verdict on what came before; `expect none`
//
// LW_RECORD=1 rewrites the expectations; read the diff.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <utility>

#include "base/environment.h"
#include "base/files.h"
#include "base/text.h"
#include "evaluate/evaluate.h"

namespace lw {
namespace {

const std::string kFolder = LW_SOURCE_DIR "/tests/golden/evaluate/";

/// A line's words; a word in quotes keeps its blanks and loses its quotes.
std::deque<std::string> words_of(const std::string& line) {
  std::deque<std::string> words;
  const std::vector<std::string> parts = split(line, '"');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i % 2 == 1) {
      words.push_back(parts[i]);
      continue;
    }
    for (const std::string& word : split(parts[i], ' ')) {
      if (!word.empty()) words.push_back(word);
    }
  }
  return words;
}

std::string pop(std::deque<std::string>& words) {
  if (words.empty()) {
    ADD_FAILURE() << "a word is missing";
    return {};
  }
  std::string word = words.front();
  words.pop_front();
  return word;
}

std::optional<CheckOutcome> outcome_of(const std::string& word) {
  if (word == "ok") return CheckOutcome::Success;
  for (int number = 0; number < 256; ++number) {
    const auto outcome = outcome_from_number(number);
    if (outcome && outcome_name(*outcome) == word) return outcome;
  }
  return std::nullopt;
}

/// One file's statements against the verdict they lead to.
class Script {
 public:
  /// The line as it should be: itself, or an `expect` with what really came out.
  std::string run(const std::string& line) {
    std::deque<std::string> words = words_of(line.substr(0, line.find('#')));
    if (words.empty()) return line;
    const std::string verb = pop(words);
    if (verb == "expect") return fmt::format("expect {}", outcome_);
    if (verb == "load") {
      load(words);
    } else if (verb == "round") {
      Round round = round_of(words);
      round.name = std::exchange(name_, std::nullopt);
      if (round.name) round.address = address_;
      outcome_ = shown(evaluate(test_, round));
    } else if (verb == "name") {
      name(words);
    } else if (verb == "absence") {
      absence(words);
    } else if (verb == "roll-up") {
      std::vector<TestState> states;
      for (const std::string& word : words) states.push_back(parse_test_state(word).value());
      outcome_ = to_string(roll_up(states));
    } else {
      ADD_FAILURE() << "unknown statement: " << line;
    }
    return line;
  }

 private:
  void load(std::deque<std::string>& words) {
    test_ = {};
    test_.test_group = "web";
    TestConfiguration configuration;
    while (!words.empty()) load_word(pop(words), words, configuration);
    test_.configuration = std::make_shared<const TestConfiguration>(configuration);
    outcome_ = "nothing";
  }

  void load_word(const std::string& word, std::deque<std::string>& words,
                 TestConfiguration& configuration) {
    if (word == "icmp") {
      configuration.protocol = IcmpConfiguration{};
    } else if (word == "tcp") {
      configuration.protocol = TcpConfiguration{.port = 80};
    } else if (word == "http") {
      configuration.protocol = HttpConfiguration{};
    } else if (word == "every") {
      configuration.frequency = Seconds(std::stoi(pop(words)));
    } else if (word == "checks-failed") {
      configuration.threshold.checks_failed_percent = std::stoi(pop(words));
    } else if (word == "round-trip") {
      configuration.threshold.round_trip_time_ms = std::stod(pop(words));
    } else if (word == "timeout") {
      configuration.check_timeout = Milliseconds(std::stoi(pop(words)));
    } else if (word == "disabled") {
      test_.disabled = true;
    } else if (word == "missing") {
      test_.missing = pop(words);
    } else {
      ADD_FAILURE() << "unknown word after load: " << word;
    }
  }

  static Round round_of(std::deque<std::string>& words) {
    Round round;
    std::size_t count = 1;
    while (!words.empty()) {
      const std::string word = pop(words);
      const auto at = word.find('@');
      const auto outcome = outcome_of(word.substr(0, at));
      if (outcome) {
        Check check{*outcome, std::nullopt, {}};
        if (at != std::string::npos) {
          check.rtt = Microseconds(std::lround(std::stod(word.substr(at + 1)) * 1000));
        }
        round.checks.insert(round.checks.end(), count, check);
        count = 1;
      } else if (word == "confirmation") {
        const int failed = std::stoi(pop(words));
        EXPECT_EQ(pop(words), "of");
        round.confirmation = Confirmation{std::stoi(pop(words)), failed};
      } else if (word.find_first_not_of("0123456789") == std::string::npos) {
        count = std::stoul(word);
      } else {
        round.detail = word;
      }
    }
    return round;
  }

  void name(std::deque<std::string>& words) {
    name_.emplace().outcome = outcome_of(pop(words)).value();
    while (!words.empty()) {
      const std::string word = pop(words);
      if (word == "last-good") {
        name_->is_last_good = true;
        address_ = pop(words);
      } else {
        name_->detail = word;
      }
    }
  }

  void absence(std::deque<std::string>& words) {
    const Timestamp now = ManualClock().wall_now();
    AbsenceFacts facts;
    facts.agent_name = "web1";
    while (!words.empty()) {
      const std::string word = pop(words);
      if (word == "connected") {
        facts.agent_connected = true;
      } else if (word == "dropped") {
        facts.agent_dropped_rounds = true;
      } else if (word != "disconnected") {
        const Timestamp time = now - Microseconds(std::lround(std::stod(pop(words)) * 1e6));
        if (word == "seen") facts.agent_last_seen = time;
        if (word == "assigned") facts.assigned_since = time;
        if (word == "round") facts.last_round = time;
      }
    }
    const auto verdict = evaluate_absence(test_, facts, now);
    outcome_ = verdict ? shown(*verdict) : "none";
  }

  static std::string shown(const Verdict& verdict) {
    const Reason& reason = verdict.reason;
    std::string text = fmt::format("{} {}", to_string(verdict.state), to_string(reason.code));
    if (reason.observed) text += fmt::format(" observed {}", *reason.observed);
    if (reason.limit) text += fmt::format(" limit {}", *reason.limit);
    return fmt::format("{} \"{}\"", text, reason.text);
  }

  lw::Test test_;
  std::optional<NameFacts> name_;
  std::string address_;
  std::string outcome_ = "nothing";
};

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (&line == lines.data() ? "" : "\n") + line;
  return text;
}

/// Runs the file; returns how many expectations it holds.
int check_golden(const std::string& path) {
  const auto text = read_file(path);
  EXPECT_TRUE(text) << path;
  Script script;
  std::vector<std::string> actual;
  int count = 0;
  for (const std::string& line : split(text.value_or(""), '\n')) {
    SCOPED_TRACE(fmt::format("{}:{}", path, actual.size() + 1));
    actual.push_back(script.run(line));
    if (line.starts_with("expect")) ++count;
    if (!environment_variable("LW_RECORD")) {
      EXPECT_EQ(actual.back(), line);
    }
  }
  if (environment_variable("LW_RECORD")) {
    EXPECT_TRUE(write_file_atomically(path, join_lines(actual), 0644));
  }
  return count;
}

TEST(EvaluateGolden, EachRoundAndAbsenceGivesTheExpectedVerdict) {
  const auto files = list_directory(kFolder);
  ASSERT_TRUE(files) << files.error().message;
  int count = 0;
  for (const std::string& file : *files) {
    if (file.ends_with(".txt")) count += check_golden(kFolder + file);
  }
  EXPECT_GE(count, 40) << "goldens are missing in " << kFolder;
}

}  // namespace
}  // namespace lw
