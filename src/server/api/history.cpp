// SPDX-License-Identifier: Apache-2.0
// A test's past, from the store: rounds, steps of a chart, state changes.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "server/api/services.h"
#include "server/api/shapes.h"
#include "store/reader.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kRoundsDefault = 100;
constexpr std::size_t kRoundsMax = 20'000;
constexpr Seconds kStepMin{60};
constexpr std::size_t kStepsMax = 5'000;

struct Span {
  TestId test;
  Timestamp from{};
  Timestamp to{};
  std::size_t limit = kRoundsDefault;
  Seconds step = kStepMin;
};

Result<Timestamp> read_time(const io::HttpRequest& request, const std::string& name,
                            Timestamp otherwise) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  if (const auto time = parse_iso8601(text)) return *time;
  return fail(
      ErrorCode::InvalidInput,
      fmt::format("`{}` must be a UTC time like 2026-01-31T12:00:00Z, not `{}`", name, text));
}

Result<std::int64_t> read_count(const io::HttpRequest& request, const std::string& name,
                                std::int64_t otherwise, std::int64_t min, std::int64_t max) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` must be a number from {} to {}, not `{}`", name, min, max, text));
  }
  return value;
}

Result<Span> read_span(const Call& call, const Clock& clock) {
  Span span;
  const auto id = parse_hex(call.path.at("id"));
  if (!id) {
    return fail(ErrorCode::NotFound, fmt::format("there is no test `{}`", call.path.at("id")));
  }
  span.test = TestId{*id};
  // The end is not included; a round that starts this very moment should be.
  span.to = TRY(read_time(call.request, "to", clock.wall_now() + Seconds(1)));
  span.from = TRY(read_time(call.request, "from", span.to - std::chrono::hours(1)));
  if (span.from >= span.to) {
    return fail(ErrorCode::InvalidInput, "`from` must be before `to`");
  }
  span.limit = static_cast<std::size_t>(
      TRY(read_count(call.request, "limit", kRoundsDefault, 1, kRoundsMax)));
  // Unless told otherwise, steps are as fine as a chart of a thousand points needs.
  const auto whole = std::chrono::duration_cast<Seconds>(span.to - span.from);
  const Seconds fitting = std::max(kStepMin, (whole / 1000 / kStepMin) * kStepMin);
  span.step = Seconds(TRY(read_count(call.request, "step", fitting.count(), 60, 86'400 * 31)));
  if (static_cast<std::size_t>(whole / span.step) > kStepsMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("that would be more than {} steps; make `step` larger", kStepsMax));
  }
  return span;
}

Value check_value(const Check& check) {
  return Value::object({{"outcome", outcome_name(check.outcome)},
                        {"roundTripTimeMs", ms_value(check.rtt)},
                        {"offsetMs", ms_value(check.offset)}});
}

Value texts_value(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

Value name_value(const NameFacts& name) {
  return Value::object({{"outcome", outcome_name(name.outcome)},
                        {"tookMs", ms_value(name.took)},
                        {"server", name.server},
                        {"ttlSec", name.ttl ? Value(std::int64_t{name.ttl->count()}) : Value()},
                        {"addresses", texts_value(name.addresses)},
                        {"usedLastKnownAddress", name.is_last_good},
                        {"detail", name.detail}});
}

/// Phases and facts of HTTP, as far as there are any.
Value http_value(const Round& round) {
  Value value;
  if (const auto& http = round.http) {
    value.set("dnsMs", ms_value(http->dns));
    value.set("connectMs", ms_value(http->connect));
    value.set("tlsMs", ms_value(http->tls));
    value.set("firstByteMs", ms_value(http->first_byte));
    value.set("transferMs", ms_value(http->transfer));
  }
  if (const auto& facts = round.http_facts) {
    value.set("version", facts->version);
    value.set("redirects", facts->redirects);
    value.set("url", facts->url);
    value.set("bodyBytes", facts->body_bytes);
  }
  return value;
}

Value tls_value(const TlsFacts& tls) {
  return Value::object({{"subject", tls.subject},
                        {"issuer", tls.issuer},
                        {"notBefore", to_iso8601(tls.not_before)},
                        {"notAfter", to_iso8601(tls.not_after)},
                        {"version", tls.version},
                        {"cipher", tls.cipher},
                        {"key", tls.key},
                        {"chain", texts_value(tls.chain)},
                        {"verified", tls.is_verified}});
}

Value round_value(const store::RoundPoint& point) {
  const RoundSummary summary = summarize(point.round);
  Value checks = Value::array();
  for (const Check& check : point.round.checks) checks.push(check_value(check));
  Value value;
  value.set("started", to_iso8601(point.round.started));
  value.set("state", to_string(point.verdict.state));
  value.set("reason", reason_value(point.verdict.reason));
  value.set("checksTotal", summary.total);
  value.set("checksFailed", summary.failed);
  value.set("checksVoid", summary.voided);
  value.set("roundTripTimeMs", ms_value(summary.rtt_avg));
  value.set("roundTripTimeMinMs", ms_value(summary.rtt_min));
  value.set("roundTripTimeMaxMs", ms_value(summary.rtt_max));
  value.set("jitterMs", ms_value(summary.jitter));
  value.set("address", point.round.address);
  value.set("detail", point.round.detail);
  value.set("httpStatus", point.round.http_status ? Value(*point.round.http_status) : Value());
  if (point.round.http || point.round.http_facts) value.set("http", http_value(point.round));
  if (point.round.tls) value.set("tls", tls_value(*point.round.tls));
  if (point.round.name) value.set("name", name_value(*point.round.name));
  if (const auto& confirmation = point.round.confirmation) {
    value.set("confirmation",
              Value::object({{"made", confirmation->made}, {"failed", confirmation->failed}}));
  }
  value.set("agentId", to_string(point.origin.agent));
  value.set("spoolId", to_string(point.origin.spool));
  value.set("sequence", point.origin.sequence);
  value.set("checks", std::move(checks));
  return value;
}

Value step_value(const store::RollupPoint& point) {
  Value value;
  value.set("time", to_iso8601(point.t));
  value.set("rounds", point.rounds);
  value.set("checks", point.checks);
  value.set("failed", point.failed);
  value.set("void", point.voided);
  value.set("worst", to_string(point.worst));
  value.set("roundTripTimeMinMs", ms_value(point.rtt_min));
  value.set("roundTripTimeMs", ms_value(point.rtt_avg));
  value.set("roundTripTimeMaxMs", ms_value(point.rtt_max));
  value.set("jitterMs", ms_value(point.jitter));
  return value;
}

Value change_value(const store::StateChange& change) {
  return Value::object({{"time", to_iso8601(change.ts)},
                        {"from", to_string(change.from)},
                        {"to", to_string(change.to)},
                        {"reason", reason_value(change.reason)}});
}

template <class Points, class Shape>
Result<Value> list_of(Result<Points> points, Shape shape) {
  const Points found = TRY(std::move(points));
  Value list = Value::array();
  for (const auto& point : found) list.push(shape(point));
  return Value::object({{"value", std::move(list)}});
}

/// Runs `question(client, span)` on a query thread and answers with what it gives.
template <class Question>
void ask(Services& services, Call call, Question question) {
  const auto span = read_span(call, services.clock);
  if (!span) {
    answer_error(call.responder, span.error());
    return;
  }
  const io::HttpResponder responder = call.responder;
  const bool is_taken = services.history.query(
      [call = std::move(call), span = *span, question](store::Client& client) {
        const Result<Value> found = question(client, span);
        if (found) {
          answer(call, *found);
        } else {
          answer_error(call.responder, found.error());
        }
      });
  if (!is_taken) {
    answer_error(responder, {ErrorCode::Unavailable, "too many queries at once; try again soon"});
  }
}

}  // namespace

void add_history_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tests/{id}/rounds", Access::Reader, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::test_history(client, span.test, span.from, span.to, span.limit),
                     round_value);
    });
  });
  router.add("GET", "/api/v1/tests/{id}/series", Access::Reader, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::test_rollup(client, span.test, span.from, span.to, span.step),
                     step_value);
    });
  });
  router.add("GET", "/api/v1/tests/{id}/changes", Access::Reader, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::state_changes(client, span.test, span.from, span.to, span.limit),
                     change_value);
    });
  });
}

}  // namespace lw::server::api
