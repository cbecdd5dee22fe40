// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "model/limits.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

// What others put into a certificate or an answer must neither swell the store nor hold rounds up.
constexpr std::size_t kDetailMax = 2048;
constexpr std::size_t kTextMax = 1024;
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kNamesMax = 100;
constexpr std::size_t kChainMax = 20;
constexpr std::uint32_t kHttpStatusMax = 999;
constexpr int kChecksMax = 255;  // The store keeps no more.

std::string cut(std::string_view text, std::size_t bytes_max) {
  return std::string(cut_utf8(text, bytes_max));
}

/// What others sent, as a `string` of a message must be: bytes that are no UTF-8 would make the
/// other side refuse the whole message.
std::string clean(std::string_view text, std::size_t bytes_max) {
  // Cut before as well, so that a long text costs little; one character more than will stay.
  return cut(valid_utf8(text.substr(0, bytes_max + 4)), bytes_max);
}

/// Durations travel as microseconds in 32 bits: over an hour, far above any time-out. One less than
/// what fits, since some travel with one added.
constexpr std::uint32_t kDurationMax = std::numeric_limits<std::uint32_t>::max() - 1;

std::uint32_t to_u32(Microseconds duration) {
  const auto count = duration.count();
  if (count < 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(count, kDurationMax));
}

Microseconds from_u32(std::uint32_t number) { return Microseconds(std::min(number, kDurationMax)); }

std::uint32_t plus_one(const std::optional<Microseconds>& duration) {
  return duration ? to_u32(*duration) + 1 : 0;
}

std::optional<Microseconds> minus_one(std::uint32_t number) {
  if (number == 0) return std::nullopt;
  return Microseconds(number - 1);
}

void encode_tls(const TlsFacts& facts, pb::TlsFacts& message) {
  message.set_subject(clean(facts.subject, kTextMax));
  message.set_issuer(clean(facts.issuer, kTextMax));
  const std::size_t names = std::min(facts.names.size(), kNamesMax);
  for (std::size_t i = 0; i < names; ++i) message.add_names(clean(facts.names[i], kNameMax));
  message.set_not_before_us(to_unix_us(facts.not_before));
  message.set_not_after_us(to_unix_us(facts.not_after));
  message.set_version(clean(facts.version, kTextMax));
  message.set_cipher(clean(facts.cipher, kTextMax));
  message.set_key(clean(facts.key, kTextMax));
  const std::size_t chain = std::min(facts.chain.size(), kChainMax);
  for (std::size_t i = 0; i < chain; ++i) message.add_chain(clean(facts.chain[i], kNameMax));
  message.set_is_verified(facts.is_verified);
}

void encode_http_facts(const HttpFacts& facts, pb::HttpFacts& message) {
  message.set_version(clean(facts.version, kTextMax));
  message.set_redirects(static_cast<std::uint32_t>(std::max(facts.redirects, 0)));
  message.set_url(clean(facts.url, kTextMax));
  message.set_body_bytes(static_cast<std::uint64_t>(std::max(facts.body_bytes, std::int64_t{0})));
}

HttpFacts decode_http_facts(const pb::HttpFacts& message) {
  constexpr std::uint32_t kRedirectsMost = limits::kRedirectsMax;
  constexpr std::uint64_t kBodyMost = limits::kBodyBytesMax;
  return {.version = cut(message.version(), kTextMax),
          .redirects = static_cast<int>(std::min(message.redirects(), kRedirectsMost)),
          .url = cut(message.url(), kTextMax),
          .body_bytes = static_cast<std::int64_t>(std::min(message.body_bytes(), kBodyMost))};
}

TlsFacts decode_tls(const pb::TlsFacts& message) {
  std::vector<std::string> names;
  const int count = std::min(message.names_size(), static_cast<int>(kNamesMax));
  names.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) names.push_back(cut(message.names(i), kNameMax));
  std::vector<std::string> chain;
  const int chain_count = std::min(message.chain_size(), static_cast<int>(kChainMax));
  chain.reserve(static_cast<std::size_t>(chain_count));
  for (int i = 0; i < chain_count; ++i) chain.push_back(cut(message.chain(i), kNameMax));
  return {.subject = cut(message.subject(), kTextMax),
          .issuer = cut(message.issuer(), kTextMax),
          .names = std::move(names),
          .not_before = from_unix_us(message.not_before_us()),
          .not_after = from_unix_us(message.not_after_us()),
          .version = cut(message.version(), kTextMax),
          .cipher = cut(message.cipher(), kTextMax),
          .key = cut(message.key(), kTextMax),
          .chain = std::move(chain),
          .is_verified = message.is_verified()};
}

void encode_name(const NameFacts& facts, pb::NameFacts& message) {
  message.set_outcome(static_cast<std::uint32_t>(facts.outcome));
  message.set_took_us(to_u32(facts.took));
  message.set_server(clean(facts.server, kTextMax));
  if (facts.ttl) {
    message.set_ttl_s_plus_one(static_cast<std::uint32_t>(facts.ttl->count()) + 1);
  }
  const std::size_t count = std::min(facts.addresses.size(), kNamesMax);
  for (std::size_t i = 0; i < count; ++i)
    message.add_addresses(clean(facts.addresses[i], kNameMax));
  message.set_is_last_good(facts.is_last_good);
  message.set_detail(clean(facts.detail, kDetailMax));
}

Result<NameFacts> decode_name(const pb::NameFacts& message) {
  NameFacts facts;
  const auto outcome = outcome_from_number(static_cast<int>(message.outcome()));
  if (!outcome) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} is no outcome of a name; update the server", message.outcome()));
  }
  facts.outcome = *outcome;
  facts.took = from_u32(message.took_us());
  facts.server = cut(message.server(), kTextMax);
  if (message.ttl_s_plus_one() != 0) facts.ttl = Seconds(message.ttl_s_plus_one() - 1);
  const int count = std::min(message.addresses_size(), static_cast<int>(kNamesMax));
  for (int i = 0; i < count; ++i) facts.addresses.push_back(cut(message.addresses(i), kNameMax));
  facts.is_last_good = message.is_last_good();
  facts.detail = cut(message.detail(), kDetailMax);
  return facts;
}

void encode_phases(const HttpPhases& phases, pb::HttpPhases& message) {
  message.set_dns_us_plus_one(plus_one(phases.dns));
  message.set_connect_us_plus_one(plus_one(phases.connect));
  message.set_tls_us_plus_one(plus_one(phases.tls));
  message.set_request_us_plus_one(plus_one(phases.request));
  message.set_first_byte_us_plus_one(plus_one(phases.first_byte));
  message.set_transfer_us_plus_one(plus_one(phases.transfer));
}

HttpPhases decode_phases(const pb::HttpPhases& message) {
  return {.dns = minus_one(message.dns_us_plus_one()),
          .connect = minus_one(message.connect_us_plus_one()),
          .tls = minus_one(message.tls_us_plus_one()),
          .request = minus_one(message.request_us_plus_one()),
          .first_byte = minus_one(message.first_byte_us_plus_one()),
          .transfer = minus_one(message.transfer_us_plus_one())};
}

/// Other numbers than a packet can have say nothing.
std::optional<ReplyTtls> decode_reply_ttls(const pb::Round& message) {
  const std::uint32_t lowest = message.reply_ttl_lowest();
  const std::uint32_t highest = message.reply_ttl_highest();
  if (lowest == 0 || highest < lowest || highest > 255) return std::nullopt;
  return ReplyTtls{static_cast<std::uint8_t>(lowest), static_cast<std::uint8_t>(highest)};
}

Result<std::vector<Check>> decode_checks(const pb::Round& message) {
  const int count = message.outcomes_size();
  if (message.offsets_us_size() != count || message.rtts_us_plus_one_size() != count) {
    return fail(ErrorCode::InvalidInput, "a round's lists of checks differ in length");
  }
  if (count > kChecksMax) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("a round has {} checks, more than the {} that are kept", count, kChecksMax));
  }
  std::vector<Check> checks;
  for (int i = 0; i < count; ++i) {
    const auto outcome = outcome_from_number(static_cast<int>(message.outcomes(i)));
    if (!outcome) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("{} is no check outcome; update the server", message.outcomes(i)));
    }
    checks.push_back({.outcome = *outcome,
                      .rtt = minus_one(message.rtts_us_plus_one(i)),
                      .offset = from_u32(message.offsets_us(i))});
  }
  return checks;
}

/// Ages are worked out from it, so it must be far from the ends of the number's range.
Result<Timestamp> decode_start(std::int64_t unix_us) {
  constexpr auto kEnd = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);
  const Timestamp started = from_unix_us(unix_us);
  if (unix_us < 0 || started >= kEnd) {
    return fail(ErrorCode::InvalidInput, "a round began outside of the years 1970 to 9999");
  }
  return started;
}

}  // namespace

std::string encode_round(const Round& round) {
  pb::Round message;
  message.set_test_id(round.test.value);
  message.set_started_us(to_unix_us(round.started));
  for (const Check& check : round.checks) {
    message.add_outcomes(static_cast<std::uint32_t>(check.outcome));
    message.add_offsets_us(to_u32(check.offset));
    message.add_rtts_us_plus_one(plus_one(check.rtt));
  }
  message.set_address(clean(round.address, kTextMax));
  message.set_stamp_source(static_cast<std::uint32_t>(round.stamp_source));
  message.set_detail(clean(round.detail, kDetailMax));
  if (round.http_status) message.set_http_status(static_cast<std::uint32_t>(*round.http_status));
  if (round.http) encode_phases(*round.http, *message.mutable_http());
  if (round.http_facts) encode_http_facts(*round.http_facts, *message.mutable_http_facts());
  if (round.tls) encode_tls(*round.tls, *message.mutable_tls());
  if (round.name) encode_name(*round.name, *message.mutable_name());
  if (round.confirmation) {
    message.mutable_confirmation()->set_made(
        static_cast<std::uint32_t>(std::max(round.confirmation->made, 0)));
    message.mutable_confirmation()->set_failed(
        static_cast<std::uint32_t>(std::max(round.confirmation->failed, 0)));
  }
  if (round.reply_ttls) {
    message.set_reply_ttl_lowest(round.reply_ttls->lowest);
    message.set_reply_ttl_highest(round.reply_ttls->highest);
  }
  return message.SerializeAsString();
}

Result<Round> decode_round(std::string_view bytes) {
  pb::Round message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::InvalidInput, "the bytes are no round");
  }
  Round round;
  round.test = TestId{message.test_id()};
  round.started = TRY(decode_start(message.started_us()));
  round.checks = TRY(decode_checks(message));
  round.address = cut(message.address(), kTextMax);
  if (message.stamp_source() > static_cast<std::uint32_t>(StampSource::Hardware)) {
    return fail(ErrorCode::InvalidInput, "unknown source of timestamps");
  }
  round.stamp_source = static_cast<StampSource>(message.stamp_source());
  round.detail = cut(message.detail(), kDetailMax);
  if (message.http_status() > kHttpStatusMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} is no HTTP status", message.http_status()));
  }
  if (message.http_status() != 0) round.http_status = static_cast<int>(message.http_status());
  if (message.has_http()) round.http = decode_phases(message.http());
  if (message.has_http_facts()) round.http_facts = decode_http_facts(message.http_facts());
  if (message.has_tls()) round.tls = decode_tls(message.tls());
  if (message.has_name()) round.name = TRY(decode_name(message.name()));
  if (message.has_confirmation()) {
    constexpr auto kMost = static_cast<std::uint32_t>(kChecksMax);
    round.confirmation =
        Confirmation{static_cast<int>(std::min(message.confirmation().made(), kMost)),
                     static_cast<int>(std::min(message.confirmation().failed(), kMost))};
  }
  round.reply_ttls = decode_reply_ttls(message);
  return round;
}

}  // namespace lw::wire
