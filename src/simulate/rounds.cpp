// SPDX-License-Identifier: Apache-2.0
#include "simulate/rounds.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <variant>

#include "simulate/dice.h"

namespace lw::simulate {
namespace {

/// A healthy network loses one packet in some thousands.
constexpr double kUsualLoss = 0.0002;

constexpr std::uint64_t kRound = 101;
constexpr std::uint64_t kWay = 102;
constexpr std::uint64_t kFault = 103;

Microseconds scaled(Microseconds time, double factor) {
  return Microseconds(
      std::max<std::int64_t>(20, std::llround(static_cast<double>(time.count()) * factor)));
}

/// What one check meets in this round.
struct Conditions {
  WayState way;
  double loss = 0;
  Microseconds base{0};
  double noise = 0;  ///< of the logarithm of times
  bool shows = false;
};

Conditions conditions_of(const SimulatedTest& test, const Weather& weather, Timestamp at,
                         Dice& dice) {
  Conditions now;
  now.way = state_of(test.way, weather, at);
  now.shows = weather.shows(test.temper, test.place, at);
  // Loss comes in gusts.
  now.loss = kUsualLoss + now.way.loss * dice.between(0.5, 1.5);
  const std::uint64_t key = mix({kWay, test.way.links.front().key, test.way.links.back().key});
  now.base = scaled(test.base, weather.drift(key, at)) + now.way.added;
  if (test.temper == Temper::Slow && now.shows)
    now.base = scaled(now.base, 3.5) + Microseconds(180'000);
  if (test.temper == Temper::Sick && now.shows && test.test.configuration->protocol.index() == 2) {
    now.loss += 0.3;
  }
  now.noise = Dice{weather.seed(), kWay, key}.spread(0.02, 0.12);
  return now;
}

Microseconds draw_time(const Conditions& now, Dice& dice) {
  Microseconds time = scaled(now.base, std::exp(now.noise * dice.normal()));
  // A queue now and then.
  if (dice.chance(0.01)) time += Microseconds(static_cast<std::int64_t>(dice.exponential(15'000)));
  return time;
}

struct Ending {
  CheckOutcome outcome = CheckOutcome::Success;
  std::string detail = {};
  int http_status = 200;
};

Ending timed_out(const Test& test) {
  return {CheckOutcome::TimedOut,
          "no answer in " + to_human(test.configuration->effective_check_timeout())};
}

/// The fault of a certificate, the same for a destination at all times.
Ending certificate_fault(const SimulatedTest& test, const Weather& weather) {
  switch (Dice{weather.seed(), kFault, test.place.number, test.place.data_centre}.pick(3)) {
    case 0:
      return {CheckOutcome::CertificateExpired,
              "the certificate of " + test.test.destination_address + " expired " +
                  to_iso8601(weather.story() - std::chrono::hours(9))};
    case 1:
      return {CheckOutcome::CertificateWrongName,
              "the certificate is for *.other.example, not for " + test.test.destination_address};
    default:
      return {CheckOutcome::CertificateUnknownRoot,
              "the certificate was signed by `Forgotten Internal CA`, which is not trusted"};
  }
}

Ending faulty(const SimulatedTest& test, const Weather& weather) {
  const TestConfiguration& configuration = *test.test.configuration;
  if (const auto* const http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
    if (http->uses_tls()) return certificate_fault(test, weather);
    return {CheckOutcome::HttpStatus, "HTTP 404", 404};
  }
  if (std::holds_alternative<TcpConfiguration>(configuration.protocol)) {
    return {CheckOutcome::Refused, fmt::format("RST from {} port {}", to_string(test.place.address),
                                               configuration.port().value_or(0))};
  }
  const Link& before = test.way.links[test.way.links.size() - 2];
  return {CheckOutcome::Unreachable, "ICMP host unreachable (3/1) from " + to_string(before.to)};
}

/// How a check ends that reaches its destination.
Ending at_destination(const SimulatedTest& test, const Weather& weather, const Conditions& now) {
  if (!now.shows) return {};
  const TestConfiguration& configuration = *test.test.configuration;
  switch (test.temper) {
    case Temper::Down:
    case Temper::Flapping:
      return timed_out(test.test);
    case Temper::Faulty:
      return faulty(test, weather);
    case Temper::Sick:
      if (configuration.is_http()) return {CheckOutcome::HttpStatus, "HTTP 503", 503};
      if (std::holds_alternative<TcpConfiguration>(configuration.protocol)) {
        return {CheckOutcome::Reset,
                fmt::format("RST from {} after the handshake", to_string(test.place.address))};
      }
      return {};
    case Temper::Healthy:
    case Temper::Slow:
    case Temper::Nameless:
      return {};
  }
  return {};
}

Ending ending_of(const SimulatedTest& test, const Weather& weather, const Conditions& now,
                 Dice& dice) {
  if (now.way.is_cut || dice.chance(now.loss)) return timed_out(test.test);
  return at_destination(test, weather, now);
}

/// An exchange of several round trips: each phase takes one, and what the server needs.
HttpPhases draw_phases(const Conditions& now, const SimulatedTest& test, bool uses_tls,
                       Dice& dice) {
  HttpPhases phases;
  if (!parse_ip_address(test.test.destination_address)) {
    phases.dns = Microseconds(static_cast<std::int64_t>(dice.spread(300, 6'000)));
  }
  phases.connect = draw_time(now, dice);
  if (uses_tls) phases.tls = draw_time(now, dice) + Microseconds(1'200);
  phases.request = Microseconds(static_cast<std::int64_t>(dice.spread(10, 60)));
  phases.first_byte =
      draw_time(now, dice) + Microseconds(static_cast<std::int64_t>(dice.spread(3'000, 40'000)));
  phases.transfer = Microseconds(static_cast<std::int64_t>(dice.spread(100, 5'000)));
  return phases;
}

Microseconds total_of(const HttpPhases& phases) {
  Microseconds total{0};
  for (const auto& phase : {phases.dns, phases.connect, phases.tls, phases.request,
                            phases.first_byte, phases.transfer}) {
    total += phase.value_or(Microseconds(0));
  }
  return total;
}

TlsFacts certificate_of(const SimulatedTest& test, const Weather& weather, CheckOutcome outcome) {
  const std::string& name = test.test.destination_address;
  TlsFacts facts{
      .subject = "CN=" + name,
      .issuer = "CN=Example Issuing CA 3",
      .names = {name},
      .not_before = weather.story() - std::chrono::days(40),
      .not_after =
          weather.story() + std::chrono::days(50 + static_cast<int>(test.place.number % 40)),
      .version = "TLSv1.3",
      .cipher = "TLS_AES_256_GCM_SHA384",
      .key = "EC 256",
      .chain = {"CN=" + name, "CN=Example Issuing CA 3"},
      .is_verified = outcome == CheckOutcome::Success || outcome == CheckOutcome::HttpStatus};
  if (outcome == CheckOutcome::CertificateExpired) {
    facts.not_after = weather.story() - std::chrono::hours(9);
  }
  if (outcome == CheckOutcome::CertificateWrongName) facts.names = {"*.other.example"};
  if (outcome == CheckOutcome::CertificateUnknownRoot) facts.issuer = "CN=Forgotten Internal CA";
  return facts;
}

bool has_answer(CheckOutcome outcome) {
  return outcome == CheckOutcome::Success || outcome == CheckOutcome::HttpStatus;
}

/// Completes a check of an HTTP test, and what its round says of it.
void add_http(const SimulatedTest& test, const Weather& weather, const Conditions& now,
              int http_status, Dice& dice, Check& check, Round& round) {
  const bool uses_tls = std::get<HttpConfiguration>(test.test.configuration->protocol).uses_tls();
  const bool is_answered = has_answer(check.outcome);
  const bool is_shown = is_answered || (check.outcome >= CheckOutcome::CertificateExpired &&
                                        check.outcome <= CheckOutcome::CertificateRevoked);
  if (uses_tls && is_shown) round.tls = certificate_of(test, weather, check.outcome);
  if (!is_answered) return;
  const HttpPhases phases = draw_phases(now, test, uses_tls, dice);
  check.rtt = total_of(phases);
  round.http_status = http_status;
  round.http_facts = HttpFacts{.version = "HTTP/2",
                               .body_bytes = 4'000 + static_cast<std::int64_t>(test.place.number)};
  if (check.outcome == CheckOutcome::Success) round.http = phases;
}

/// What the name servers say; nothing for an address.
std::optional<NameFacts> resolve(const SimulatedTest& test, const Weather& weather, Timestamp at,
                                 Dice& dice) {
  if (parse_ip_address(test.test.destination_address)) return std::nullopt;
  NameFacts facts;
  facts.took = Microseconds(static_cast<std::int64_t>(dice.spread(300, 9'000)));
  facts.server = to_string(test.way.links.front().to);
  if (test.temper == Temper::Nameless && weather.shows(test.temper, test.place, at)) {
    facts.outcome = CheckOutcome::NameServerFailed;
    facts.is_last_good = true;
    facts.detail =
        fmt::format("SERVFAIL from {} for {}", facts.server, test.test.destination_address);
    return facts;
  }
  facts.ttl = Seconds(300);
  facts.addresses = {to_string(test.place.address)};
  return facts;
}

}  // namespace

SimulatedTest simulated(Test test, std::size_t agent, std::size_t agents, const Weather& weather) {
  SimulatedTest made;
  made.place = place_of(test.destination_address);
  made.way = way_between(agent, agents, made.place);
  made.temper = weather.temper_of(made.place);
  for (const Link& link : made.way.links) made.base += link.delay;
  made.test = std::move(test);
  return made;
}

Timestamp first_round(const Test& test, Timestamp at) {
  const Microseconds interval = test.configuration->frequency;
  const Microseconds phase(static_cast<std::int64_t>(mix({test.id.value}) %
                                                     static_cast<std::uint64_t>(interval.count())));
  const Microseconds since = (at.time_since_epoch() - phase) % interval;
  return since.count() == 0 ? at : at + interval - since;
}

Microseconds round_length(const TestConfiguration& configuration) {
  return configuration.check_spacing() * (configuration.effective_checks_per_round() - 1) +
         Microseconds(configuration.effective_check_timeout());
}

WayState state_of(const Way& way, const Weather& weather, Timestamp at) {
  WayState sum;
  double passed = 1;
  for (const Link& link : way.links) {
    const LinkState state = weather.link_at(link, at);
    passed *= 1 - state.loss;
    sum.added += state.added;
    sum.is_cut = sum.is_cut || state.is_cut;
  }
  sum.loss = 1 - passed;
  return sum;
}

Round simulate_round(const SimulatedTest& test, const Weather& weather, Timestamp started) {
  Dice dice{weather.seed(), kRound, test.test.id.value,
            static_cast<std::uint64_t>(to_unix_us(started))};
  const TestConfiguration& configuration = *test.test.configuration;
  const Conditions now = conditions_of(test, weather, started, dice);
  Round round;
  round.test = test.test.id;
  round.started = started;
  round.address = to_string(test.place.address);
  round.stamp_source = configuration.is_http() ? StampSource::User : StampSource::Kernel;
  round.name = resolve(test, weather, started, dice);
  const int count = configuration.effective_checks_per_round();
  for (int i = 0; i < count; ++i) {
    Ending ending = ending_of(test, weather, now, dice);
    Check check{.outcome = ending.outcome,
                .rtt = std::nullopt,
                .offset = configuration.check_spacing() * i};
    if (ending.outcome != CheckOutcome::Success && round.detail.empty())
      round.detail = ending.detail;
    if (configuration.is_http()) {
      add_http(test, weather, now, ending.http_status, dice, check, round);
    } else if (check.outcome == CheckOutcome::Success) {
      check.rtt = draw_time(now, dice);
    }
    round.checks.push_back(check);
  }
  return round;
}

}  // namespace lw::simulate
