// SPDX-License-Identifier: Apache-2.0
#include "store/round_rows_decode.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "store/reason_text.h"

namespace lw::store {

namespace {

std::optional<double> if_number(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

Microseconds from_u32(std::uint32_t number) { return Microseconds(number); }

void read_checks(RowReader& row, Round& round) {
  const auto outcomes = row.array<std::uint8_t>();
  const auto unmeasured = row.array<std::uint8_t>();
  const auto base = row.number<std::uint32_t>();
  const auto drtt = row.array<std::uint32_t>();
  const auto offsets = row.array<std::uint32_t>();
  std::size_t next_rtt = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Check check;
    check.outcome = static_cast<CheckOutcome>(outcomes[i]);
    if (i < offsets.size()) check.offset = from_u32(offsets[i]);
    const bool is_measured = std::ranges::find(unmeasured, i) == unmeasured.end();
    if (is_measured && next_rtt < drtt.size()) check.rtt = from_u32(base + drtt[next_rtt++]);
    round.checks.push_back(check);
  }
}

void read_http(RowReader& row, Round& round) {
  const auto mask = row.number<std::uint8_t>();
  const auto phases = row.array<std::uint32_t>();
  const auto status = row.number<std::uint16_t>();
  if (status != 0) round.http_status = status;
  if ((mask & 0x40U) != 0) round.http_facts.emplace();
  if ((mask & 0x80U) == 0) return;
  HttpPhases http;
  std::size_t next = 0;
  unsigned bit = 1;
  for (auto* const phase :
       {&http.dns, &http.connect, &http.tls, &http.first_byte, &http.transfer, &http.request}) {
    if ((mask & bit) != 0 && next < phases.size()) *phase = from_u32(phases[next++]);
    bit <<= 1;
  }
  round.http = http;
}

void read_tls(RowReader& row, Round& round) {
  const bool has_tls = row.number<std::uint8_t>() != 0;
  TlsFacts tls;
  tls.subject = row.text();
  tls.issuer = row.text();
  tls.names = row.texts();
  tls.not_before = from_unix_us(row.number<std::int64_t>());
  tls.not_after = from_unix_us(row.number<std::int64_t>());
  tls.version = row.text();
  tls.cipher = row.text();
  if (has_tls) round.tls = std::move(tls);
}

void read_name(RowReader& row, Round& round) {
  const auto flags = row.number<std::uint8_t>();
  NameFacts name;
  name.outcome = static_cast<CheckOutcome>(row.number<std::uint8_t>());
  name.took = from_u32(row.number<std::uint32_t>());
  const auto ttl = row.number<std::uint32_t>();
  if ((flags & 4U) != 0) name.ttl = Seconds(ttl);
  name.is_last_good = (flags & 2U) != 0;
  name.server = row.text();
  name.addresses = row.texts();
  name.detail = row.text();
  if ((flags & 1U) != 0) round.name = std::move(name);
}

void read_confirmation(RowReader& row, Round& round) {
  Confirmation confirmation;
  confirmation.made = row.number<std::uint8_t>();
  confirmation.failed = row.number<std::uint8_t>();
  if (confirmation.made > 0) round.confirmation = confirmation;
}

void read_more_of_http(RowReader& row, Round& round) {
  HttpFacts http;
  http.version = row.text();
  http.redirects = row.number<std::uint8_t>();
  http.url = row.text();
  http.body_bytes = static_cast<std::int64_t>(row.number<std::uint64_t>());
  if (round.http_facts) round.http_facts = std::move(http);
}

void read_more_of_tls(RowReader& row, Round& round) {
  TlsFacts none;
  TlsFacts& tls = round.tls ? *round.tls : none;
  tls.key = row.text();
  tls.chain = row.texts();
  tls.is_verified = row.number<std::uint8_t>() != 0;
}

void read_reply_ttls(RowReader& row, Round& round) {
  const auto lowest = row.number<std::uint8_t>();
  const auto spread = row.number<std::uint8_t>();
  if (lowest == 0) return;
  round.reply_ttls = ReplyTtls{lowest, static_cast<std::uint8_t>(std::min(lowest + spread, 255))};
}

}  // namespace

std::string readable_round_columns() {
  return "test_id, ts, keep_days, agent_id, spool_id, sequence, state, reason_code, "
         "reason_observed, reason_limit, CAST(reason AS String), CAST(address AS String), stamp, "
         "outcomes, "
         "unmeasured, rbase, drtt, offsets, detail, http_mask, http_phases, http_status, has_tls, "
         "tls_subject, tls_issuer, tls_names, tls_not_before, tls_not_after, "
         "CAST(tls_version AS String), CAST(tls_cipher AS String), "
         "name_flags, name_outcome, name_took, name_ttl, CAST(name_server AS String), "
         "CAST(name_addresses AS Array(String)), name_detail, confirmation_made, "
         "confirmation_failed, CAST(http_version AS String), http_redirects, http_url, "
         "http_body_bytes, CAST(tls_key AS String), tls_chain, tls_verified, reply_ttl, "
         "reply_ttl_spread";
}

RoundOrigin read_origin(RowReader& row) {
  RoundOrigin origin;
  origin.agent.value = row.number<std::uint64_t>();
  origin.spool.value = row.number<std::uint64_t>();
  origin.sequence = row.number<std::uint64_t>();
  return origin;
}

Reason read_reason(RowReader& row) {
  Reason reason;
  reason.code = static_cast<ReasonCode>(row.number<std::uint8_t>());
  reason.observed = if_number(row.number<double>());
  reason.limit = if_number(row.number<double>());
  reason.text = row.text();
  return reason;
}

StoredRound read_round(RowReader& row) {
  StoredRound stored;
  stored.round.test.value = row.number<std::uint64_t>();
  stored.round.started = from_unix_us(row.number<std::int64_t>());
  stored.keep_days = row.number<std::uint16_t>();
  stored.origin = read_origin(row);
  stored.verdict.state = static_cast<TestState>(row.number<std::uint8_t>());
  stored.verdict.reason = read_reason(row);
  stored.round.address = row.text();
  stored.round.stamp_source = static_cast<StampSource>(row.number<std::uint8_t>());
  read_checks(row, stored.round);
  std::string& text = stored.verdict.reason.text;
  text = unpack_reason(std::move(text), summarize(stored.round).rtt_avg);
  stored.round.detail = row.text();
  read_http(row, stored.round);
  read_tls(row, stored.round);
  read_name(row, stored.round);
  read_confirmation(row, stored.round);
  read_more_of_http(row, stored.round);
  read_more_of_tls(row, stored.round);
  read_reply_ttls(row, stored.round);
  return stored;
}

}  // namespace lw::store
