// SPDX-License-Identifier: Apache-2.0
#include "probe/http_checks.h"

#include <fmt/core.h>

#include <cerrno>
#include <utility>

#include "probe/outcome_text.h"

namespace lw {
namespace {

CheckOutcome outcome_of(io::TlsProblem problem) {
  switch (problem) {
    case io::TlsProblem::Expired:
      return CheckOutcome::CertificateExpired;
    case io::TlsProblem::NotYetValid:
      return CheckOutcome::CertificateNotYetValid;
    case io::TlsProblem::WrongName:
      return CheckOutcome::CertificateWrongName;
    case io::TlsProblem::UnknownRoot:
      return CheckOutcome::CertificateUnknownRoot;
    case io::TlsProblem::Revoked:
      return CheckOutcome::CertificateRevoked;
    case io::TlsProblem::ClientCertificateRequired:
      return CheckOutcome::ClientCertificateRequired;
    case io::TlsProblem::Incompatible:
      return CheckOutcome::TlsIncompatible;
    case io::TlsProblem::None:
    case io::TlsProblem::Broken:
      return CheckOutcome::TlsFailed;
  }
  return CheckOutcome::TlsFailed;
}

std::optional<TlsFacts> facts_of(const std::optional<io::TlsReport>& tls) {
  if (!tls || !tls->has_certificate) return std::nullopt;
  return TlsFacts{tls->subject,   tls->issuer,  tls->names, tls->not_before,
                  tls->not_after, tls->version, tls->cipher};
}

CheckResult judge_answer(const io::HttpReport& report, const HttpConfiguration& configuration) {
  if (!configuration.is_valid_status(report.http_status)) {
    return failed_check(CheckOutcome::HttpStatus, fmt::format("HTTP {}", report.http_status));
  }
  CheckResult result;
  result.outcome = CheckOutcome::Success;
  result.rtt = report.total;
  return result;
}

CheckResult verdict_of(const io::HttpReport& report, const HttpConfiguration& configuration,
                       std::chrono::nanoseconds timeout) {
  using Status = io::HttpExchangeStatus;
  switch (report.status) {
    case Status::Answered:
      return judge_answer(report, configuration);
    case Status::TimedOut: {
      CheckResult result = result_of_timeout(timeout);
      if (!report.evidence.empty()) result.detail += ": " + report.evidence;
      return result;
    }
    case Status::ConnectFailed:
      if (report.icmp) {
        return result_of_icmp_error(report.icmp->is_v6, report.icmp->type, report.icmp->code,
                                    report.icmp->from);
      }
      return report.error_number == ECONNREFUSED
                 ? failed_check(CheckOutcome::Refused, report.evidence)
                 : result_of_errno(report.error_number);
    case Status::Reset:
      return failed_check(CheckOutcome::Reset, report.evidence);
    case Status::Closed:
      return failed_check(CheckOutcome::Closed, report.evidence);
    case Status::TlsFailed:
      return failed_check(outcome_of(report.tls ? report.tls->problem : io::TlsProblem::Broken),
                          report.tls ? report.tls->evidence : report.evidence);
    case Status::Malformed:
      return failed_check(CheckOutcome::HttpMalformed, report.evidence);
    case Status::Failed:
      return failed_check(CheckOutcome::LocalResources, report.evidence);
  }
  return failed_check(CheckOutcome::LocalResources, report.evidence);
}

}  // namespace

CheckResult result_of_exchange(const io::HttpReport& report, const HttpConfiguration& configuration,
                               std::chrono::nanoseconds timeout) {
  CheckResult result = verdict_of(report, configuration, timeout);
  if (report.http_status != 0) result.http_status = report.http_status;
  // DNS is looked up once per round and not part of any check.
  result.http = HttpPhases{std::nullopt, report.connect, report.handshake, report.first_byte,
                           report.transfer};
  result.tls = facts_of(report.tls);
  return result;
}

HttpChecks::HttpChecks(io::Loop& loop, const Clock& clock, const std::string& extra_ca_pem,
                       CheckSink sink)
    : engine_(loop, clock, extra_ca_pem), sink_(std::move(sink)) {}

void HttpChecks::start(const CheckTicket& ticket, const Test& test, const IpAddress& to,
                       std::chrono::nanoseconds timeout) {
  const auto& configuration = std::get<HttpConfiguration>(test.configuration->protocol);
  io::HttpExchangeRequest request;
  request.address = to;
  request.port = configuration.effective_port();
  request.use_tls = configuration.uses_tls();
  request.host = test.destination_address;
  request.method = configuration.method == HttpMethod::Post ? "POST" : "GET";
  request.path = configuration.path;
  request.timeout = timeout;
  for (const HttpHeader& header : configuration.request_headers) {
    request.headers.emplace_back(header.name, header.value);
  }
  // The configuration is shared and immutable; holding it is cheaper than copying what judges.
  engine_.start(
      request, [this, ticket, timeout, shared = test.configuration](const io::HttpReport& report) {
        sink_(ticket,
              result_of_exchange(report, std::get<HttpConfiguration>(shared->protocol), timeout));
      });
}

}  // namespace lw
