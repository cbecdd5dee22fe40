// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/ip_address.h"
#include "probe/check_result.h"

/// What operating system and network say about a check, as an outcome with its evidence.
namespace lw {

CheckResult result_of_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code,
                                 const IpAddress& from);
/// A send or connect that this host itself refused.
CheckResult result_of_errno(int error_number);
/// This host lacks the source that the packets should have, or may not use it.
CheckResult result_of_fault(int error_number, std::string evidence);
CheckResult result_of_timeout(std::chrono::nanoseconds timeout);
CheckResult failed_check(CheckOutcome outcome, std::string detail);

}  // namespace lw
