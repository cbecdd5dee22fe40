// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
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

/// Durations travel as microseconds in 32 bits: over an hour, far above any time-out.
std::uint32_t to_u32(Microseconds duration) {
  const auto count = duration.count();
  if (count < 0) return 0;
  constexpr auto kMax = std::int64_t{std::numeric_limits<std::uint32_t>::max()} - 1;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(count, kMax));
}

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
}

TlsFacts decode_tls(const pb::TlsFacts& message) {
  std::vector<std::string> names;
  const int count = std::min(message.names_size(), static_cast<int>(kNamesMax));
  for (int i = 0; i < count; ++i) names.push_back(cut(message.names(i), kNameMax));
  return {.subject = cut(message.subject(), kTextMax),
          .issuer = cut(message.issuer(), kTextMax),
          .names = std::move(names),
          .not_before = from_unix_us(message.not_before_us()),
          .not_after = from_unix_us(message.not_after_us()),
          .version = cut(message.version(), kTextMax),
          .cipher = cut(message.cipher(), kTextMax)};
}

void encode_phases(const HttpPhases& phases, pb::HttpPhases& message) {
  message.set_dns_us_plus_one(plus_one(phases.dns));
  message.set_connect_us_plus_one(plus_one(phases.connect));
  message.set_tls_us_plus_one(plus_one(phases.tls));
  message.set_first_byte_us_plus_one(plus_one(phases.first_byte));
  message.set_transfer_us_plus_one(plus_one(phases.transfer));
}

HttpPhases decode_phases(const pb::HttpPhases& message) {
  return {.dns = minus_one(message.dns_us_plus_one()),
          .connect = minus_one(message.connect_us_plus_one()),
          .tls = minus_one(message.tls_us_plus_one()),
          .first_byte = minus_one(message.first_byte_us_plus_one()),
          .transfer = minus_one(message.transfer_us_plus_one())};
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
                      .offset = Microseconds(message.offsets_us(i))});
  }
  return checks;
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
  if (round.tls) encode_tls(*round.tls, *message.mutable_tls());
  return message.SerializeAsString();
}

Result<Round> decode_round(std::string_view bytes) {
  pb::Round message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::InvalidInput, "the bytes are no round");
  }
  Round round;
  round.test = TestId{message.test_id()};
  round.started = from_unix_us(message.started_us());
  round.checks = TRY(decode_checks(message));
  round.address = cut(message.address(), kTextMax);
  if (message.stamp_source() > static_cast<std::uint32_t>(StampSource::Hardware)) {
    return fail(ErrorCode::InvalidInput, "unknown source of timestamps");
  }
  round.stamp_source = static_cast<StampSource>(message.stamp_source());
  round.detail = cut(message.detail(), kDetailMax);
  if (message.http_status() != 0) round.http_status = static_cast<int>(message.http_status());
  if (message.has_http()) round.http = decode_phases(message.http());
  if (message.has_tls()) round.tls = decode_tls(message.tls());
  return round;
}

}  // namespace lw::wire
