// SPDX-License-Identifier: Apache-2.0
#include "simulate/paths.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "simulate/dice.h"
#include "topology/path_statistics.h"

namespace lw::simulate {
namespace {

constexpr std::uint64_t kTrace = 201;

/// The window of a report (topology/path_statistics.h), and traces in it; an agent makes more, but
/// these tell as much of loss that lasts.
constexpr Seconds kWindow{180};
constexpr Seconds kTraceEvery{4};
/// A change is reported when most of the window has it.
constexpr Seconds kChangeShows{150};
constexpr Seconds kReportEvery{3'600};
constexpr std::size_t kTracesKept = 3;

struct TraceKind {
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::uint16_t port = 0;
};

TraceKind kind_of(const TestConfiguration& configuration) {
  if (std::holds_alternative<IcmpConfiguration>(configuration.protocol)) return {};
  return {TraceProtocol::Tcp, configuration.port().value_or(80)};
}

/// What decides how a way's report looks, as a number.
std::uint64_t conditions_at(const SimulatedTest& test, const Weather& weather, Timestamp at) {
  std::uint64_t number = weather.shows(test.temper, test.place, at) ? 1 : 0;
  for (const Link& link : test.way.links) {
    const LinkState state = weather.link_at(link, at);
    number = mix({number, static_cast<std::uint64_t>(std::lround(state.loss * 1e6)),
                  static_cast<std::uint64_t>(state.added.count()), state.is_cut ? 1U : 0U});
  }
  return number;
}

/// Whether the destination itself answers a trace.
bool answers(const SimulatedTest& test, const Weather& weather, Timestamp at) {
  if (!weather.shows(test.temper, test.place, at)) return true;
  const bool is_icmp = std::holds_alternative<IcmpConfiguration>(test.test.configuration->protocol);
  return test.temper != Temper::Down && test.temper != Temper::Flapping &&
         !(test.temper == Temper::Faulty && is_icmp);
}

bool refuses(const SimulatedTest& test, const Weather& weather, Timestamp at) {
  return test.temper == Temper::Faulty && weather.shows(test.temper, test.place, at) &&
         std::holds_alternative<TcpConfiguration>(test.test.configuration->protocol);
}

/// One router in nine answers only some of what it is asked, and forwards all.
bool keeps_back(const Link& link, Dice& dice) { return link.key % 9 == 4 && dice.chance(0.4); }

}  // namespace

bool is_traced(const TestConfiguration& configuration) {
  if (const auto* const icmp = std::get_if<IcmpConfiguration>(&configuration.protocol)) {
    return !icmp->disable_trace_route;
  }
  const auto* const tcp = std::get_if<TcpConfiguration>(&configuration.protocol);
  return tcp == nullptr || !tcp->disable_trace_route;
}

Trace simulate_trace(const SimulatedTest& test, const Weather& weather, Timestamp at) {
  Dice dice{weather.seed(), kTrace, test.test.id.value, static_cast<std::uint64_t>(to_unix_us(at))};
  const TraceKind kind = kind_of(*test.test.configuration);
  Trace trace{.test = test.test.id,
              .started = at,
              .protocol = kind.protocol,
              .source = test.way.source,
              .destination = test.place.address,
              .port = kind.port};
  double passed = 1;
  Microseconds delay{0};
  bool is_cut = false;
  for (std::size_t i = 0; i < test.way.links.size(); ++i) {
    const Link& link = test.way.links[i];
    const LinkState state = weather.link_at(link, at);
    passed *= 1 - state.loss;
    delay += link.delay + state.added;
    is_cut = is_cut || state.is_cut;
    const bool is_last = i + 1 == test.way.links.size();
    TraceProbe probe{.ttl = static_cast<std::uint8_t>(i + 1),
                     .offset = Microseconds(10'000) * static_cast<int>(i)};
    const bool is_lost = !dice.chance(passed) || is_cut || link.is_silent ||
                         (!is_last && keeps_back(link, dice)) ||
                         (is_last && !answers(test, weather, at));
    if (!is_lost) {
      probe.reply.answer = is_last ? HopAnswer::Destination : HopAnswer::TimeExceeded;
      probe.reply.from = link.to;
      probe.reply.rtt = delay + Microseconds(static_cast<std::int64_t>(dice.exponential(
                                    static_cast<double>(delay.count()) * 0.02 + 60)));
      probe.reply.icmp_type = is_last ? 0 : 11;
      probe.reply.reply_ttl = static_cast<std::uint8_t>(64 - i);
      probe.reply.is_refusal = is_last && refuses(test, weather, at);
    }
    trace.probes.push_back(std::move(probe));
  }
  return trace;
}

PathReport PathFollower::report_now(const SimulatedTest& test, const Weather& weather,
                                    Timestamp at) {
  topology::PathStatistics statistics;
  std::vector<Trace> newest;
  for (Timestamp then = at - kWindow + kTraceEvery; then <= at; then += kTraceEvery) {
    Trace trace = simulate_trace(test, weather, then);
    statistics.add(trace, then);
    if (at - then < kTraceEvery * static_cast<int>(kTracesKept)) newest.push_back(std::move(trace));
  }
  PathReport report = statistics.report(at);
  report.test = test.test.id;
  report.is_refused = refuses(test, weather, at);
  report.traces_after = std::move(newest);
  return report;
}

std::optional<PathReport> PathFollower::look(const SimulatedTest& test, const Weather& weather,
                                             Timestamp at) {
  const std::uint64_t conditions = conditions_at(test, weather, at - kChangeShows);
  const bool is_due = !looked_ || at - *looked_ >= kReportEvery || conditions != conditions_;
  if (!is_due) return std::nullopt;
  looked_ = at;
  conditions_ = conditions;
  auto kept = history_.consider(report_now(test, weather, at));
  if (!kept) return std::nullopt;
  // As agents do: traces go along where something is new.
  if (kept->cause != PathReportCause::Change) kept->traces_after.clear();
  return kept;
}

}  // namespace lw::simulate
