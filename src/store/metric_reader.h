// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "store/client.h"

/// Metrics out of stored rounds. Each round is one sample of each metric that it has a value of.
/// Hours that lie within one step are read from the table of hours (hours.h), the others from
/// rounds, so that an answer is that of the rounds whatever its steps are.
namespace lw::store {

/// Which numbers of a round are asked for.
enum class MetricKind : std::uint8_t {
  ChecksFailedPercent = 0,  ///< of the round's counted checks; none if all were void
  RoundTripTimeMs = 1,      ///< mean of the round's successful checks; none without one
  TestState = 2,            ///< model/state.h's number
};
inline constexpr std::size_t kMetricKinds = 3;

/// What the samples of one step come to. With count 0 the rest means nothing.
struct Aggregate {
  std::uint64_t count = 0;
  double sum = 0, min = 0, max = 0;
  void add(const Aggregate& more);
};

/// What to ask: tests, each for one of several series, from `from` (included) to `to` in steps from
/// `from` on.
struct MetricQuestion {
  struct Member {
    TestId test;
    std::uint32_t series = 0;
  };
  std::vector<Member> members;
  Timestamp from{}, to{};
  Seconds step{60};
  bool by_reason = false;  ///< keep the reason codes (model/state.h) of rounds apart
  /// By MetricKind: what is not wanted comes without samples, and costs nothing.
  std::array<bool, kMetricKinds> wanted{true, true, true};
};

/// A step of a series that has rounds.
struct MetricStep {
  std::uint32_t series = 0;
  std::optional<std::uint8_t> reason;  ///< with `by_reason`
  std::uint32_t index = 0;             ///< counted from `from`
  std::array<Aggregate, kMetricKinds> metrics;
};

/// Which hours a question cuts: they hold the start of the span, its end, or the border of two
/// steps. Pure.
struct HourSplit {
  Timestamp from{}, to{};                     ///< whole hours around the span
  std::vector<Timestamp> cut;                 ///< starts, in order
  [[nodiscard]] bool is_whole_empty() const;  ///< all are cut
};
HourSplit split_hours(Timestamp from, Timestamp to, Seconds step);

/// One query or two, in the order of series, reason, index. Blocks.
Result<std::vector<MetricStep>> metric_steps(Client& client, const MetricQuestion& question);

}  // namespace lw::store
