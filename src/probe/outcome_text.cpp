// SPDX-License-Identifier: Apache-2.0
#include "probe/outcome_text.h"

#include <fmt/core.h>

#include <cerrno>
#include <system_error>

#include "packet/icmp.h"

namespace lw {
namespace {

CheckOutcome outcome_of_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code) {
  switch (packet::kind_of_icmp_error(is_v6, type, code)) {
    case packet::IcmpErrorKind::Prohibited:
      return CheckOutcome::Prohibited;
    case packet::IcmpErrorKind::TooBig:
      return CheckOutcome::TooBig;
    case packet::IcmpErrorKind::TtlExceeded:
      return CheckOutcome::TtlExceeded;
    case packet::IcmpErrorKind::Unreachable:
    case packet::IcmpErrorKind::Other:
      return CheckOutcome::Unreachable;
  }
  return CheckOutcome::Unreachable;
}

CheckOutcome outcome_of_errno(int error_number) {
  switch (error_number) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EINVAL:  // A blackhole route.
      return CheckOutcome::NoRoute;
    case EPERM:
    case EACCES:
      return CheckOutcome::LocalPermission;
    case EMSGSIZE:
      return CheckOutcome::TooBig;
    case ECONNREFUSED:
      return CheckOutcome::Refused;
    case ECONNRESET:
      return CheckOutcome::Reset;
    case ETIMEDOUT:
      return CheckOutcome::TimedOut;
    default:
      return CheckOutcome::LocalResources;
  }
}

const char* meaning_of(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::NoRoute:
      return "this host has no route there";
    case CheckOutcome::LocalPermission:
      return "this host's firewall or routing rules refuse it";
    case CheckOutcome::TooBig:
      return "the packet is larger than this host's link allows";
    case CheckOutcome::LocalResources:
      return "this host is short of resources";
    default:
      return "the connection failed";
  }
}

}  // namespace

CheckResult failed_check(CheckOutcome outcome, std::string detail) {
  CheckResult result;
  result.outcome = outcome;
  result.detail = std::move(detail);
  return result;
}

CheckResult result_of_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code,
                                 const IpAddress& from) {
  return failed_check(
      outcome_of_icmp_error(is_v6, type, code),
      fmt::format("{} from {}", packet::icmp_error_text(is_v6, type, code), to_string(from)));
}

CheckResult result_of_errno(int error_number) {
  const CheckOutcome outcome = outcome_of_errno(error_number);
  return failed_check(outcome, fmt::format("{} ({})", meaning_of(outcome),
                                           std::generic_category().message(error_number)));
}

CheckResult result_of_fault(int error_number, std::string evidence) {
  switch (error_number) {
    case EPERM:
    case EACCES:
      return failed_check(CheckOutcome::LocalPermission, std::move(evidence));
    case EADDRINUSE:
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return failed_check(CheckOutcome::LocalResources, std::move(evidence));
    default:
      return failed_check(CheckOutcome::LocalConfiguration,
                          evidence +
                              "; change the test's source address or interface, or run it "
                              "on a host that has them");
  }
}

CheckResult result_of_timeout(std::chrono::nanoseconds timeout) {
  return failed_check(
      CheckOutcome::TimedOut,
      fmt::format("no answer in {}", to_human(std::chrono::duration_cast<Microseconds>(timeout))));
}

}  // namespace lw
