// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/http_exchange.h"
#include "model/test.h"
#include "probe/check_result.h"

namespace lw {

/// Makes HTTP and HTTPS checks, each on a connection of its own. RTT is the time from the start of
/// the connection to the last byte of the answer, without the name lookup; its parts are in
/// HttpPhases. On the loop's thread.
class HttpChecks {
 public:
  /// The loop must outlive it.
  HttpChecks(io::Loop& loop, const Clock& clock, const std::string& extra_ca_pem, CheckSink sink);

  void start(const CheckTicket& ticket, const Test& test, const IpAddress& to,
             std::chrono::nanoseconds timeout);

 private:
  io::HttpEngine engine_;
  CheckSink sink_;
};

/// The measurement that an exchange is, judged by the configuration. Pure.
CheckResult result_of_exchange(const io::HttpReport& report, const HttpConfiguration& configuration,
                               std::chrono::nanoseconds timeout);

}  // namespace lw
