// SPDX-License-Identifier: Apache-2.0
#include "probe/http_checks.h"

#include <fmt/core.h>

#include <cerrno>
#include <utility>

#include "probe/outcome_text.h"
#include "probe/packet_options.h"

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
    case io::TlsProblem::RevocationUnknown:
      return CheckOutcome::CertificateRevocationUnknown;
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
  return TlsFacts{.subject = tls->subject,
                  .issuer = tls->issuer,
                  .names = tls->names,
                  .not_before = tls->not_before,
                  .not_after = tls->not_after,
                  .version = tls->version,
                  .cipher = tls->cipher,
                  .key = tls->key,
                  .chain = tls->chain,
                  .is_verified = tls->is_verified};
}

CheckOutcome outcome_of(io::NameStatus status) {
  switch (status) {
    case io::NameStatus::NotFound:
      return CheckOutcome::NameNotFound;
    case io::NameStatus::NoAddress:
      return CheckOutcome::NameNoAddress;
    case io::NameStatus::TimedOut:
      return CheckOutcome::NameTimedOut;
    case io::NameStatus::Invalid:
      return CheckOutcome::NameInvalid;
    case io::NameStatus::Found:
    case io::NameStatus::ServerFailed:
      return CheckOutcome::NameServerFailed;
  }
  return CheckOutcome::NameServerFailed;
}

CheckResult judge_answer(const io::HttpReport& report, const HttpConfiguration& configuration,
                         const Pattern* pattern) {
  if (!configuration.is_valid_status(report.http_status)) {
    return failed_check(CheckOutcome::HttpStatus, fmt::format("HTTP {}", report.http_status));
  }
  if (pattern != nullptr && !pattern->is_in(report.body)) {
    return failed_check(
        CheckOutcome::HttpBodyMismatch,
        fmt::format("`{}` is not in {} bytes of the body{}", configuration.body_matches,
                    report.body_bytes, report.body_is_cut ? ", which has more" : ""));
  }
  CheckResult result;
  result.outcome = CheckOutcome::Success;
  result.rtt = report.total;
  if (report.tls) result.detail = report.tls->note;
  if (report.syn_was_repeated) {
    result.detail += fmt::format(
        "{}the first SYN was lost, so the connect time has the wait for the "
        "second",
        result.detail.empty() ? "" : "; ");
  }
  return result;
}

CheckResult verdict_of(const io::HttpReport& report, const HttpConfiguration& configuration,
                       const Pattern* pattern, std::chrono::nanoseconds timeout) {
  using Status = io::HttpExchangeStatus;
  switch (report.status) {
    case Status::Answered:
      return judge_answer(report, configuration, pattern);
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
    case Status::TooManyRedirects:
      return failed_check(CheckOutcome::HttpTooManyRedirects, report.evidence);
    case Status::NameFailed:
      return failed_check(outcome_of(report.name_status), report.evidence);
    case Status::LocalFault:
      return result_of_fault(report.error_number, report.evidence);
    case Status::Failed:
      return failed_check(CheckOutcome::LocalResources, report.evidence);
  }
  return failed_check(CheckOutcome::LocalResources, report.evidence);
}

io::HttpOffer offer_of(HttpVersion version) {
  switch (version) {
    case HttpVersion::Any:
      return io::HttpOffer::Any;
    case HttpVersion::Http11:
      return io::HttpOffer::Http11;
    case HttpVersion::Http2:
      return io::HttpOffer::Http2;
  }
  return io::HttpOffer::Any;
}

const char* method_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::Get:
      return "GET";
    case HttpMethod::Post:
      return "POST";
    case HttpMethod::Head:
      return "HEAD";
  }
  return "GET";
}

io::RevocationCheck revocation_of(RevocationPolicy policy) {
  switch (policy) {
    case RevocationPolicy::Off:
      return io::RevocationCheck::Off;
    case RevocationPolicy::Soft:
      return io::RevocationCheck::Soft;
    case RevocationPolicy::Strict:
      return io::RevocationCheck::Strict;
  }
  return io::RevocationCheck::Off;
}

io::AddressFamily family_of(const std::optional<IpVersion>& version) {
  if (!version) return io::AddressFamily::V4ThenV6;
  return *version == IpVersion::V4 ? io::AddressFamily::V4 : io::AddressFamily::V6;
}

// So many expressions; then all are compiled anew.
constexpr std::size_t kPatternsMax = 1'000;

}  // namespace

io::HttpExchangeRequest request_of(const ProbeTask& test, const IpAddress& to,
                                   std::chrono::nanoseconds timeout) {
  const auto& http = std::get<HttpConfiguration>(test.configuration->protocol);
  io::HttpExchangeRequest request;
  request.address = to;
  request.port = http.effective_port();
  request.use_tls = http.uses_tls();
  request.host = test.destination_address;
  request.offer = offer_of(http.version);
  request.method = method_of(http.method);
  request.path = http.path;
  for (const HttpHeader& header : http.request_headers) {
    request.headers.emplace_back(header.name, header.value);
  }
  request.timeout = timeout;
  request.redirects_max = http.redirects_max;
  request.redirect_family = family_of(test.configuration->preferred_ip_version);
  request.body_bytes_max = static_cast<std::size_t>(http.body_bytes_max);
  request.keeps_body = !http.body_matches.empty();
  request.revocation = revocation_of(http.revocation);
  request.socket = socket_options_of(test.configuration->packets);
  return request;
}

CheckResult result_of_exchange(const io::HttpReport& report, const HttpConfiguration& configuration,
                               const Pattern* pattern, std::chrono::nanoseconds timeout) {
  CheckResult result = verdict_of(report, configuration, pattern, timeout);
  if (report.http_status != 0) {
    result.http_status = report.http_status;
    result.http_facts = HttpFacts{.version = report.version,
                                  .redirects = report.redirects,
                                  .url = report.url,
                                  .body_bytes = static_cast<std::int64_t>(report.body_bytes)};
  }
  const bool says_where = result.outcome == CheckOutcome::Success ||
                          result.outcome == CheckOutcome::HttpTooManyRedirects;
  if (!says_where && report.redirects > 0) {
    result.detail += fmt::format(" (redirected to {})", report.url);
  }
  // The test's own name is looked up once per round and no part of any check.
  result.http = HttpPhases{report.lookup,  report.connect,    report.handshake,
                           report.request, report.first_byte, report.transfer};
  result.tls = facts_of(report.tls);
  result.reset = report.reset;
  return result;
}

HttpChecks::HttpChecks(io::Loop& loop, const Clock& clock, io::Resolver& resolver,
                       const std::string& extra_ca_pem, CheckSink sink)
    : engine_(loop, clock, resolver, extra_ca_pem), sink_(std::move(sink)) {}

std::shared_ptr<const Pattern> HttpChecks::pattern_of(const std::string& expression) {
  if (expression.empty()) return nullptr;
  const auto found = patterns_.find(expression);
  if (found != patterns_.end()) return found->second;
  if (patterns_.size() >= kPatternsMax) patterns_.clear();
  return patterns_[expression] = std::make_shared<const Pattern>(expression);
}

void HttpChecks::start(const CheckTicket& ticket, const ProbeTask& test, const IpAddress& to,
                       std::chrono::nanoseconds timeout, bool notes_ends) {
  const auto& http = std::get<HttpConfiguration>(test.configuration->protocol);
  io::HttpExchangeRequest request = request_of(test, to, timeout);
  request.notes_local_port = notes_ends;
  // The configuration is shared and immutable; holding it is cheaper than copying what judges.
  engine_.start(request, [this, ticket, timeout, shared = test.configuration,
                          pattern = pattern_of(http.body_matches)](const io::HttpReport& report) {
    sink_(ticket, result_of_exchange(report, std::get<HttpConfiguration>(shared->protocol),
                                     pattern.get(), timeout));
  });
}

}  // namespace lw
