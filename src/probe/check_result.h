// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "io/reset_watch.h"
#include "model/round.h"

namespace lw {

/// Which check of which running round something is about.
struct CheckTicket {
  std::uint64_t round = 0;
  int index = 0;
  bool operator==(const CheckTicket&) const = default;
};

/// How one check ended, with the evidence.
struct CheckResult {
  CheckOutcome outcome = CheckOutcome::TimedOut;
  std::optional<Microseconds> rtt;
  StampSource stamps = StampSource::User;
  std::uint8_t reply_ttl = 0;  ///< that the reply came with; 0: not known
  std::string detail;          ///< On success only what is to be noted all the same.
  std::optional<int> http_status;
  std::optional<HttpPhases> http;
  std::optional<HttpFacts> http_facts;
  std::optional<TlsFacts> tls;
  std::optional<io::TcpEnds> reset;  ///< The connection that was reset, if that ended the check.
};

/// Where finished checks go. May be called from inside the call that starts a check.
using CheckSink = std::function<void(const CheckTicket&, CheckResult&&)>;

}  // namespace lw
