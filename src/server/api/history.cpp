// SPDX-License-Identifier: Apache-2.0
// A test's past, from the store: rounds, steps of a chart, state changes.
#include "server/api/past.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "store/reader.h"

namespace lw::server::api {
namespace {

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
    value.set("requestMs", ms_value(http->request));
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

}  // namespace

Value round_value(const store::StoredRound& point) {
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
  if (const auto& ttls = point.round.reply_ttls) {
    value.set("replyTtl",
              Value::object({{"lowest", int{ttls->lowest}}, {"highest", int{ttls->highest}}}));
  }
  value.set("agentId", to_string(point.origin.agent));
  value.set("spoolId", to_string(point.origin.spool));
  value.set("sequence", point.origin.sequence);
  value.set("checks", std::move(checks));
  return value;
}

namespace {

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

}  // namespace

void add_history_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tests/{id}/rounds", {Access::Reader, Reach::Path}, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::test_history(client, span.test, span.from, span.to, span.limit),
                     round_value);
    });
  });
  router.add("GET", "/api/v1/tests/{id}/series", {Access::Reader, Reach::Path}, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::test_rollup(client, span.test, span.from, span.to, span.step),
                     step_value);
    });
  });
  router.add("GET", "/api/v1/tests/{id}/changes", {Access::Reader, Reach::Path}, [&](Call call) {
    ask(services, std::move(call), [](store::Client& client, const Span& span) {
      return list_of(store::state_changes(client, span.test, span.from, span.to, span.limit),
                     change_value);
    });
  });
}

}  // namespace lw::server::api
