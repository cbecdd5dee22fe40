// SPDX-License-Identifier: Apache-2.0
#include "store/round_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "store/native.h"
#include "store/reason_text.h"

namespace lw::store {

namespace {

constexpr std::size_t kChecksMax = 255;

// In the order of `add_row`. LowCardinality columns are sent as String; the store converts.
constexpr std::array<std::pair<const char*, const char*>, 56> kRoundColumns = {{
    {"test_id", "UInt64"},
    {"ts", "DateTime64(6, 'UTC')"},
    {"keep_days", "UInt16"},
    {"agent_id", "UInt64"},
    {"spool_id", "UInt64"},
    {"sequence", "UInt64"},
    {"total", "UInt8"},
    {"failed", "UInt8"},
    {"voided", "UInt8"},
    {"state", "UInt8"},
    {"reason_code", "UInt8"},
    {"reason_observed", "Float64"},
    {"reason_limit", "Float64"},
    {"reason", "String"},
    {"address", "String"},
    {"stamp", "UInt8"},
    {"outcomes", "Array(UInt8)"},
    {"unmeasured", "Array(UInt8)"},
    {"measured", "UInt8"},
    {"rbase", "UInt32"},
    {"dmin", "UInt32"},
    {"davg", "UInt32"},
    {"dmax", "UInt32"},
    {"jitter", "UInt32"},
    {"drtt", "Array(UInt32)"},
    {"offsets", "Array(UInt32)"},
    {"detail", "String"},
    {"http_mask", "UInt8"},
    {"http_phases", "Array(UInt32)"},
    {"http_status", "UInt16"},
    {"has_tls", "UInt8"},
    {"tls_subject", "String"},
    {"tls_issuer", "String"},
    {"tls_names", "Array(String)"},
    {"tls_not_before", "DateTime64(6, 'UTC')"},
    {"tls_not_after", "DateTime64(6, 'UTC')"},
    {"tls_version", "String"},
    {"tls_cipher", "String"},
    {"name_flags", "UInt8"},
    {"name_outcome", "UInt8"},
    {"name_took", "UInt32"},
    {"name_ttl", "UInt32"},
    {"name_server", "String"},
    {"name_addresses", "Array(String)"},
    {"name_detail", "String"},
    {"confirmation_made", "UInt8"},
    {"confirmation_failed", "UInt8"},
    {"http_version", "String"},
    {"http_redirects", "UInt8"},
    {"http_url", "String"},
    {"http_body_bytes", "UInt64"},
    {"tls_key", "String"},
    {"tls_chain", "Array(String)"},
    {"tls_verified", "UInt8"},
    {"reply_ttl", "UInt8"},
    {"reply_ttl_spread", "UInt8"},
}};

std::uint32_t to_u32(Microseconds time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, kMost));
}

std::uint8_t to_u8(int number) { return static_cast<std::uint8_t>(std::clamp(number, 0, 255)); }

/// The numbers of a round's checks, as described at encode_native.
struct CheckColumns {
  std::vector<std::uint8_t> outcomes, unmeasured;
  std::vector<std::uint32_t> drtt, offsets;
  std::uint32_t base = 0;
};

/// What offsets of this round are rounded to.
std::uint32_t grain_of(const std::vector<Check>& checks) {
  constexpr std::uint32_t kCoarse = 10'000, kFine = 1'000;
  const auto last = checks.empty() ? 0U : to_u32(checks.back().offset);
  return last / std::max<std::size_t>(checks.size(), 1) < std::size_t{10} * kCoarse ? kFine
                                                                                    : kCoarse;
}

std::uint32_t rounded(std::uint32_t number, std::uint32_t grain) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t more = std::min(std::uint64_t{number} + grain / 2, kMost);
  return static_cast<std::uint32_t>(more - more % grain);
}

CheckColumns columns_of(const std::vector<Check>& checks) {
  CheckColumns columns;
  const std::size_t count = std::min(checks.size(), kChecksMax);
  const std::uint32_t grain = grain_of(checks);
  std::uint32_t base = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t i = 0; i < count; ++i) {
    const Check& check = checks[i];
    columns.outcomes.push_back(std::to_underlying(check.outcome));
    columns.offsets.push_back(rounded(to_u32(check.offset), grain));
    if (!check.rtt) {
      columns.unmeasured.push_back(static_cast<std::uint8_t>(i));
      continue;
    }
    columns.drtt.push_back(to_u32(*check.rtt));
    base = std::min(base, columns.drtt.back());
  }
  columns.base = columns.drtt.empty() ? 0 : base;
  for (std::uint32_t& rtt : columns.drtt) rtt -= columns.base;
  return columns;
}

std::uint32_t above(std::optional<Microseconds> time, std::uint32_t base) {
  const std::uint32_t number = time ? to_u32(*time) : 0;
  return number > base ? number - base : 0;
}

void add_checks(NativeRow& row, const Round& round, const RoundSummary& summary) {
  const CheckColumns checks = columns_of(round.checks);
  const int measured = (summary.rtt_avg ? 1 : 0) | (summary.jitter ? 2 : 0);
  row.next().add_array(checks.outcomes);
  row.next().add_array(checks.unmeasured);
  row.next().add(to_u8(measured));
  row.next().add(checks.base);
  row.next().add(above(summary.rtt_min, checks.base));
  row.next().add(above(summary.rtt_avg, checks.base));
  row.next().add(above(summary.rtt_max, checks.base));
  row.next().add(above(summary.jitter, 0));
  row.next().add_array(checks.drtt);
  row.next().add_array(checks.offsets);
}

void add_http(NativeRow& row, const Round& round) {
  int mask = 0;
  std::vector<std::uint32_t> phases;
  if (round.http) {
    mask = 0x80;
    int bit = 1;
    for (const auto& phase : {round.http->dns, round.http->connect, round.http->tls,
                              round.http->first_byte, round.http->transfer, round.http->request}) {
      if (phase) {
        mask |= bit;
        phases.push_back(to_u32(*phase));
      }
      bit <<= 1;
    }
  }
  if (round.http_facts) mask |= 0x40;
  row.next().add(to_u8(mask));
  row.next().add_array(phases);
  row.next().add(static_cast<std::uint16_t>(std::clamp(round.http_status.value_or(0), 0, 65535)));
}

void add_tls(NativeRow& row, const Round& round) {
  const TlsFacts none;
  const TlsFacts& tls = round.tls ? *round.tls : none;
  row.next().add(to_u8(round.tls ? 1 : 0));
  row.next().add_text(tls.subject);
  row.next().add_text(tls.issuer);
  row.next().add_texts(tls.names);
  row.next().add(to_unix_us(tls.not_before));
  row.next().add(to_unix_us(tls.not_after));
  row.next().add_text(tls.version);
  row.next().add_text(tls.cipher);
}

void add_name(NativeRow& row, const Round& round) {
  const NameFacts none;
  const NameFacts& name = round.name ? *round.name : none;
  const int flags = !round.name ? 0 : 1 | (name.is_last_good ? 2 : 0) | (name.ttl ? 4 : 0);
  row.next().add(to_u8(flags));
  row.next().add(std::to_underlying(name.outcome));
  row.next().add(to_u32(name.took));
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  row.next().add(static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(name.ttl.value_or(Seconds(0)).count(), 0, kMost)));
  row.next().add_text(name.server);
  row.next().add_texts(name.addresses);
  row.next().add_text(name.detail);
}

void add_confirmation(NativeRow& row, const Round& round) {
  const Confirmation confirmation = round.confirmation.value_or(Confirmation{});
  row.next().add(to_u8(confirmation.made));
  row.next().add(to_u8(confirmation.failed));
}

void add_more_of_http(NativeRow& row, const Round& round) {
  const HttpFacts none;
  const HttpFacts& http = round.http_facts ? *round.http_facts : none;
  row.next().add_text(http.version);
  row.next().add(to_u8(http.redirects));
  row.next().add_text(http.url);
  row.next().add(static_cast<std::uint64_t>(std::max<std::int64_t>(http.body_bytes, 0)));
}

void add_more_of_tls(NativeRow& row, const Round& round) {
  const TlsFacts none;
  const TlsFacts& tls = round.tls ? *round.tls : none;
  row.next().add_text(tls.key);
  row.next().add_texts(tls.chain);
  row.next().add(to_u8(tls.is_verified ? 1 : 0));
}

void add_reply_ttls(NativeRow& row, const Round& round) {
  const ReplyTtls ttls = round.reply_ttls.value_or(ReplyTtls{});
  row.next().add(ttls.lowest);
  row.next().add(to_u8(ttls.highest - ttls.lowest));
}

void add_row(std::vector<NativeColumn>& columns, const StoredRound& stored) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  NativeRow row(columns);
  const Round& round = stored.round;
  const RoundSummary summary = summarize(round);
  const Reason& reason = stored.verdict.reason;
  row.next().add(round.test.value);
  row.next().add(to_unix_us(round.started));
  row.next().add(stored.keep_days);
  row.next().add(stored.origin.agent.value);
  row.next().add(stored.origin.spool.value);
  row.next().add(stored.origin.sequence);
  row.next().add(to_u8(summary.total));
  row.next().add(to_u8(summary.failed));
  row.next().add(to_u8(summary.voided));
  row.next().add(std::to_underlying(stored.verdict.state));
  row.next().add(std::to_underlying(reason.code));
  row.next().add(reason.observed.value_or(kNone));
  row.next().add(reason.limit.value_or(kNone));
  // Beyond, the average of what is kept is another one.
  const bool is_whole = round.checks.size() <= kChecksMax;
  row.next().add_text(pack_reason(reason.text, is_whole ? summary.rtt_avg : std::nullopt));
  row.next().add_text(round.address);
  row.next().add(std::to_underlying(round.stamp_source));
  add_checks(row, round, summary);
  row.next().add_text(round.detail);
  add_http(row, round);
  add_tls(row, round);
  add_name(row, round);
  add_confirmation(row, round);
  add_more_of_http(row, round);
  add_more_of_tls(row, round);
  add_reply_ttls(row, round);
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = texts.size() * sizeof(std::string);
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

std::size_t bytes_of(const NameFacts& name) {
  return name.server.size() + bytes_of(name.addresses) + name.detail.size();
}

std::size_t bytes_of(const TlsFacts& tls) {
  return tls.subject.size() + tls.issuer.size() + bytes_of(tls.names) + tls.version.size() +
         tls.cipher.size() + tls.key.size() + bytes_of(tls.chain);
}

std::string columns_without(std::string_view left_out) {
  std::string names;
  for (const auto& [name, type] : kRoundColumns) {
    if (name == left_out) continue;
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

}  // namespace

std::size_t bytes_of(const StoredRound& stored) {
  // In memory numbers are wider than in the block, and the rest of a text is longer than its length
  // there.
  static_assert(sizeof(StoredRound) > 700 && sizeof(Check) > 10);
  const Round& round = stored.round;
  std::size_t bytes = sizeof(StoredRound) + round.checks.size() * sizeof(Check) +
                      stored.verdict.reason.text.size() + round.address.size() +
                      round.detail.size();
  if (round.name) bytes += bytes_of(*round.name);
  if (round.http_facts) bytes += round.http_facts->version.size() + round.http_facts->url.size();
  if (round.tls) bytes += bytes_of(*round.tls);
  return bytes;
}

std::string round_columns() { return columns_without(""); }

std::string kept_round_columns() { return columns_without("jitter"); }

std::string encode_native(std::span<const StoredRound> rounds) {
  std::vector<NativeColumn> columns;
  columns.reserve(kRoundColumns.size());
  for (const auto& [name, type] : kRoundColumns) columns.emplace_back(name, type);
  for (const StoredRound& round : rounds) add_row(columns, round);
  return native_block(columns, rounds.size());
}

}  // namespace lw::store
