// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/path.h"
#include "model/round.h"
#include "model/state.h"
#include "store/client.h"
#include "store/reader.h"

/// Questions to the store that the web UI's views ask: all tests at one instant, all changes of a
/// span, the distribution of one test's RTTs. Each is one query, blocking.
namespace lw::store {

/// The newest round of a test at some instant.
struct RoundAt {
  TestId test;
  Timestamp ts{};
  Verdict verdict;
  RoundSummary summary;
  std::optional<int> http_status;
  std::optional<Timestamp> certificate_expires;
  std::string address;
};
/// Of each test that had a round within [from, at]; of `tests` only, if there are any. The reasons
/// have their texts with `has_texts` only.
Result<std::vector<RoundAt>> rounds_at(Client& client, Timestamp from, Timestamp at,
                                       const std::vector<TestId>& tests = {},
                                       bool has_texts = false);

/// The newest change of a test's state at some instant.
struct StateAt {
  TestId test;
  Timestamp since{};
  Verdict verdict;
};
/// Of each test that had one within [from, at]; of `tests` only, if there are any.
Result<std::vector<StateAt>> states_at(Client& client, Timestamp from, Timestamp at,
                                       const std::vector<TestId>& tests = {});

/// The gravest issue of a test's way in its newest report within [from, at], if it had any.
struct PathIssueAt {
  TestId test;
  std::string kind;  ///< model/path.h's name
  std::string text;
};
Result<std::vector<PathIssueAt>> path_issues_at(Client& client, Timestamp from, Timestamp at,
                                                const std::vector<TestId>& tests = {});

/// The newest report of each of `tests` within [from, at]. Reports that another release wrote and
/// this one cannot read are left out.
Result<std::vector<PathReport>> path_reports_at(Client& client, Timestamp from, Timestamp at,
                                                const std::vector<TestId>& tests);

/// A change of state without its reason.
struct StateStep {
  Timestamp ts{};
  TestId test;
  TestState from = TestState::Indeterminate;
  TestState to = TestState::Indeterminate;
};
/// All within [from, to), oldest first.
Result<std::vector<StateStep>> state_steps(Client& client, Timestamp from, Timestamp to);

/// With their reasons: the latest `limit` within [from, to), oldest first; of `tests` only, if
/// there are any.
Result<std::vector<StateChange>> state_changes_of(Client& client, Timestamp from, Timestamp to,
                                                  const std::vector<TestId>& tests,
                                                  std::size_t limit);

/// What a test was called; of each id that is known.
struct TestName {
  TestId test;
  Timestamp first_known{};
  std::string monitor, group, source, destination, configuration, protocol, address;
  std::uint16_t port = 0;
  std::uint32_t frequency_s = 0;
};
/// As of the last description that was valid at `at`, or else of the first one.
Result<std::vector<TestName>> test_names_at(Client& client, Timestamp at);

/// The RTTs of all successful checks in a step of time, in milliseconds.
struct QuantilePoint {
  std::uint32_t index = 0;  ///< counted from `from` in steps
  std::uint64_t total = 0, failed = 0;
  /// At 0, 12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100 and 95 %; empty if none was answered.
  std::vector<double> quantiles;
};
inline constexpr std::size_t kQuantiles = 10;
/// Steps that have rounds, in order.
Result<std::vector<QuantilePoint>> test_quantiles(Client& client, TestId test, Timestamp from,
                                                  Timestamp to, Microseconds step);

}  // namespace lw::store
