// SPDX-License-Identifier: Apache-2.0
#include "simulate/source.h"

#include <algorithm>

namespace lw::simulate {
namespace {

/// The queue counts on the clock that never steps; here it only has to keep the order.
Instant as_instant(Timestamp time) { return Instant(time.time_since_epoch()); }
Timestamp as_timestamp(Instant time) {
  return Timestamp(std::chrono::floor<Microseconds>(time.time_since_epoch()));
}

}  // namespace

void Source::schedule(const Following& following, Timestamp started) {
  const Timestamp complete = started + round_length(*following.test.test.configuration);
  due_.push(as_instant(complete), {following.test.test.id, started, following.generation});
}

void Source::assign(std::vector<Test> tests, Timestamp now) {
  const Timestamp begin = is_assigned_ ? now : config_.from;
  is_assigned_ = is_assigned_ || !tests.empty();
  std::unordered_map<TestId, Following> kept;
  rounds_per_second_ = 0;
  ++generation_;
  for (Test& test : tests) {
    rounds_per_second_ += 1.0 / static_cast<double>(test.configuration->frequency.count());
    const auto known = tests_.find(test.id);
    const bool stays = known != tests_.end() &&
                       *known->second.test.test.configuration == *test.configuration &&
                       known->second.test.test.destination_address == test.destination_address;
    const TestId id = test.id;
    if (stays) {
      kept.emplace(id, std::move(known->second));
      continue;
    }
    Following following{.test = simulated(std::move(test), config_.agent, config_.agents, weather_),
                        .paths = {},
                        .generation = generation_};
    schedule(following, first_round(following.test.test, begin));
    kept.emplace(id, std::move(following));
  }
  tests_ = std::move(kept);
}

std::optional<Timestamp> Source::due() const {
  const auto next = due_.next();
  return next ? std::optional(as_timestamp(*next)) : std::nullopt;
}

std::uint64_t Source::backlog(Timestamp now) const {
  const auto first = due();
  if (!first || *first >= now) return 0;
  return static_cast<std::uint64_t>(static_cast<double>((now - *first).count()) / 1e6 *
                                    rounds_per_second_) +
         1;
}

std::optional<Source::Item> Source::next(Timestamp now) {
  if (report_) return std::exchange(report_, std::nullopt);
  while (const auto due = due_.pop_due(as_instant(now))) {
    const auto found = tests_.find(due->test);
    // Its test has gone, or has come back as another.
    if (found == tests_.end() || found->second.generation != due->generation) continue;
    Following& following = found->second;
    schedule(following, due->started + Microseconds(following.test.test.configuration->frequency));
    const bool is_off = !config_.is_steady && weather_.presence_of(config_.agent, config_.agents,
                                                                   due->started) == Presence::Off;
    if (is_off) continue;
    if (config_.has_paths && is_traced(*following.test.test.configuration)) {
      report_ = following.paths.look(following.test, weather_, due->started);
    }
    return simulate_round(following.test, weather_, due->started);
  }
  return std::nullopt;
}

std::optional<PathReport> Source::report_now(TestId test, Timestamp now) const {
  const auto found = tests_.find(test);
  if (found == tests_.end()) return std::nullopt;
  PathReport report = PathFollower::report_now(found->second.test, weather_, now);
  report.cause = PathReportCause::Request;
  return report;
}

}  // namespace lw::simulate
