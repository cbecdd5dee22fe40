// SPDX-License-Identifier: Apache-2.0
#include "round_maker.h"

#include <string>

namespace lw::store {

namespace {

std::vector<Check> make_checks(std::uint64_t n) {
  std::vector<Check> checks;
  for (int i = 0; i < 10; ++i) {
    Check check;
    check.offset = Milliseconds(100 * i);
    const std::uint64_t kind = (n * 7 + static_cast<std::uint64_t>(i)) % 11;
    if (kind < 8) {
      check.outcome = CheckOutcome::Success;
      check.rtt = Microseconds(1000 + n % 977 + static_cast<std::uint64_t>(i) * 13);
    } else if (kind == 8) {
      // A failed check can have an RTT too, and a smaller one than all successful ones.
      check.outcome = CheckOutcome::HttpStatus;
      check.rtt = Microseconds(n % 900);
    } else {
      check.outcome = kind == 9 ? CheckOutcome::TimedOut : CheckOutcome::LocalOverload;
    }
    checks.push_back(check);
  }
  if (n % 13 == 0) checks.clear();
  return checks;
}

void add_more(std::uint64_t n, Round& round) {
  if (n % 3 == 1) {
    round.name.emplace();
    round.name->took = Microseconds(n % 3'000'000);
    round.name->addresses = {"192.0.2.1", "2001:db8::" + std::to_string(n % 7)};
    round.name->server = "10.0.0.2:53";
    if (n % 2 == 0) round.name->ttl = Seconds(n % 4);
  }
  if (n % 9 == 1) {
    round.name->outcome = CheckOutcome::NameNotFound;
    round.name->is_last_good = n % 2 == 0;
    round.name->addresses.clear();
    round.name->server.clear();
    round.name->detail = "NXDOMAIN from 10.0.0.2:53 in 1.2 ms";
  }
  if (n % 7 == 3) round.confirmation = Confirmation{5, static_cast<int>(n % 6)};
  if (n % 5 == 2) {
    round.reply_ttls = ReplyTtls{static_cast<std::uint8_t>(1 + n % 255), 255};
  }
  if (n % 6 == 4) {
    round.http_facts = HttpFacts{"HTTP/2", static_cast<int>(n % 3), "https://b.example/µ",
                                 static_cast<std::int64_t>(n) << 33};
  }
}

Round make_round(std::uint64_t n, Timestamp start) {
  Round round;
  round.test = {1000 + n % 10};
  round.started = start + Seconds(n) + Microseconds(n % 999'983);
  round.checks = make_checks(n);
  round.address = n % 3 == 0 ? "" : "192.0.2." + std::to_string(n % 250);
  round.stamp_source = static_cast<StampSource>(n % 4);
  round.detail = n % 2 == 0 ? "" : "tab\there, quote ' and µ " + std::to_string(n);
  if (n % 4 == 0) {
    round.http_status = 200 + static_cast<int>(n % 300);
    round.http = HttpPhases{};
    round.http->connect = Microseconds(n % 5000);
    if (n % 8 == 0) round.http->transfer = Microseconds(0);
    if (n % 12 == 0) round.http->request = Microseconds(n % 70);
  }
  if (n % 5 == 0) {
    round.tls = TlsFacts{"CN=a",
                         "CN=b",
                         {"a.example", "*.b.example"},
                         start,
                         start + Seconds(n),
                         "TLSv1.3",
                         "TLS_AES_128_GCM_SHA256"};
    if (n % 10 == 0) {
      round.tls->key = "EC 256";
      round.tls->chain = {"CN=a", "CN=b"};
      round.tls->is_verified = true;
    }
  }
  add_more(n, round);
  return round;
}

}  // namespace

std::vector<StoredRound> make_rounds(AgentId agent, SpoolId spool, std::uint64_t first,
                                     std::uint64_t last, Timestamp start) {
  std::vector<StoredRound> rounds;
  for (std::uint64_t n = first; n <= last; ++n) {
    StoredRound stored;
    stored.round = make_round(n, start);
    stored.origin = {agent, spool, n};
    stored.verdict.state = static_cast<TestState>(n % 4);
    stored.verdict.reason.code = ReasonCode::ChecksFailedThreshold;
    stored.verdict.reason.text = "10 of 10 checks failed";
    if (n % 2 == 0) stored.verdict.reason.observed = 12.5;
    if (n % 3 == 0) stored.verdict.reason.limit = 10;
    stored.keep_days = n % 2 == 0 ? 30 : 90;
    rounds.push_back(std::move(stored));
  }
  return rounds;
}

}  // namespace lw::store
