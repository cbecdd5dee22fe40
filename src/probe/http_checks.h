// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/pattern.h"
#include "io/http_exchange.h"
#include "model/test.h"
#include "probe/check_result.h"

namespace lw {

/// Makes HTTP and HTTPS checks, each on connections of its own. RTT is the time from the start of
/// the connection to the last byte that was read of the answer, without name lookups; its parts are
/// in HttpPhases. Where redirects are followed, both are sums over all connections (time spent on
/// revocation is in neither), and status, body, TLS facts and verdict are the last one's: a hop
/// that fails ends the check. On the loop's thread.
class HttpChecks {
 public:
  /// Loop, clock and resolver must outlive it. The resolver is for the hosts of redirects.
  HttpChecks(io::Loop& loop, const Clock& clock, io::Resolver& resolver,
             const std::string& extra_ca_pem, CheckSink sink);

  /// Trusted roots besides those that are known.
  void trust(const std::string& ca_pem) { engine_.trust(ca_pem); }
  /// `notes_ends`: CheckResult::reset is wanted with the local port.
  void start(const CheckTicket& ticket, const ProbeTask& test, const IpAddress& to,
             std::chrono::nanoseconds timeout, bool notes_ends = false);

 private:
  std::shared_ptr<const Pattern> pattern_of(const std::string& expression);

  io::HttpEngine engine_;
  CheckSink sink_;
  std::unordered_map<std::string, std::shared_ptr<const Pattern>> patterns_;
};

/// What is asked of the engine for one check of the test at that address. Pure.
io::HttpExchangeRequest request_of(const ProbeTask& test, const IpAddress& to,
                                   std::chrono::nanoseconds timeout);

/// The measurement that an exchange is, judged by the configuration. `pattern` is what the body
/// must contain, or nullptr. Pure.
CheckResult result_of_exchange(const io::HttpReport& report, const HttpConfiguration& configuration,
                               const Pattern* pattern, std::chrono::nanoseconds timeout);

}  // namespace lw
