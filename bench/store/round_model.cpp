// SPDX-License-Identifier: Apache-2.0
#include "round_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "evaluate/evaluate.h"

namespace lw::store_bench {
namespace {

constexpr double kMedianUs = 12'000, kMedianJitter = 0.02;
constexpr double kQueued = 0.005, kBurst = 0.005, kLostInBurst = 0.4, kLostOtherwise = 0.008;
constexpr double kDay = 86'400e6;

std::shared_ptr<const TestConfiguration> echoes(Seconds interval) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "ping";
  configuration->frequency = interval;
  configuration->protocol = IcmpConfiguration{};
  return configuration;
}

Microseconds to_us(double us) { return Microseconds(static_cast<std::int64_t>(us)); }

}  // namespace

RoundModel::RoundModel(const ModelOptions& options)
    : options_(options), chance_(options.seed), uniform_(0, 1) {
  const auto configuration = echoes(options.interval);
  for (int i = 0; i < options.tests; ++i) {
    Path path;
    const std::string number = std::to_string(i);
    const int agent = i / options.tests_per_agent;
    path.test.connection_monitor = "monitor" + std::to_string(i / 1'000);
    path.test.test_group = "all";
    path.test.source = "agent" + std::to_string(agent);
    path.test.destination = "target" + number;
    path.test.id = test_id(path.test.connection_monitor, path.test.test_group, path.test.source,
                           path.test.destination, configuration->name);
    path.test.agent.value = std::uint64_t{1'000'003} * static_cast<std::uint64_t>(agent + 1);
    path.test.configuration = configuration;
    path.test.destination_address = "10." + std::to_string(i >> 16) + "." +
                                    std::to_string((i >> 8) & 255) + "." + std::to_string(i & 255);
    path.phase = to_us(uniform() * static_cast<double>(Microseconds(options.interval).count()));
    path.centre_us = kMedianUs * std::exp(normal());
    path.jitter = kMedianJitter * std::exp(0.7 * normal());
    path.day_phase = uniform() * 2 * std::numbers::pi;
    paths_.push_back(std::move(path));
  }
  sequences_.resize(static_cast<std::size_t>((options.tests - 1) / options.tests_per_agent) + 1);
}

Microseconds RoundModel::lateness() { return to_us(60 - 250 * std::log(1 - uniform())); }

double RoundModel::centre_now(Path& path, Timestamp at) {
  path.drift = 0.99 * path.drift + 0.01 * normal();
  const double day = static_cast<double>(to_unix_us(at)) / kDay * 2 * std::numbers::pi;
  return path.centre_us * std::exp(path.drift + 0.05 * std::sin(day + path.day_phase));
}

RoundModel::Made RoundModel::make(Path& path, Timestamp planned) {
  const TestConfiguration& configuration = *path.test.configuration;
  const Microseconds late = lateness(), spacing = configuration.check_spacing();
  Made made;
  Round& round = made.stored.round;
  round.test = path.test.id;
  round.started = planned + late;
  round.address = path.test.destination_address;
  round.stamp_source = StampSource::Kernel;
  // By the length of the way, which changes now and then.
  const auto half_days =
      static_cast<std::uint64_t>(2 * static_cast<double>(to_unix_us(planned)) / kDay);
  const auto ttl = static_cast<std::uint8_t>(60 - (path.test.id.value + half_days) % 20);
  round.reply_ttls = ReplyTtls{ttl, ttl};
  const double centre = centre_now(path, planned);
  const double loss = uniform() < kBurst ? kLostInBurst : kLostOtherwise;
  for (int i = 0; i < configuration.effective_checks_per_round(); ++i) {
    Check check;
    if (i > 0) check.offset = std::max(spacing * i + lateness() - late, Microseconds(0));
    Microseconds takes(configuration.effective_check_timeout());
    ++checks_;
    if (uniform() < loss) {
      ++lost_;
      if (round.detail.empty()) round.detail = "no answer within 2 s";
    } else {
      const double queue = uniform() < kQueued ? -0.5 * std::log(1 - uniform()) : 0;
      takes = to_us(centre * (std::exp(path.jitter * normal()) + queue));
      check.outcome = CheckOutcome::Success;
      check.rtt = takes;
    }
    made.done = std::max(made.done, round.started + check.offset + takes);
    round.checks.push_back(check);
  }
  made.stored.verdict = evaluate(path.test, round);
  made.stored.keep_days = options_.keep_days;
  made.stored.origin.agent = path.test.agent;
  made.stored.origin.spool.value = path.test.agent.value * 7919;
  return made;
}

std::vector<store::StoredRound> RoundModel::next() {
  const Timestamp start = options_.from + options_.interval * interval_++;
  std::vector<store::StoredRound> all;
  for (std::size_t agent = 0; agent < sequences_.size(); ++agent) {
    const std::size_t first = agent * static_cast<std::size_t>(options_.tests_per_agent);
    const std::size_t end =
        std::min(paths_.size(), first + static_cast<std::size_t>(options_.tests_per_agent));
    std::vector<Made> made;
    for (std::size_t i = first; i < end; ++i) {
      made.push_back(make(paths_[i], start + paths_[i].phase));
    }
    // An agent numbers its rounds as they end.
    std::ranges::sort(made, {}, &Made::done);
    for (Made& each : made) {
      each.stored.origin.sequence = ++sequences_[agent];
      all.push_back(std::move(each.stored));
    }
  }
  return all;
}

}  // namespace lw::store_bench
