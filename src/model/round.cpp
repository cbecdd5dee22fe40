// SPDX-License-Identifier: Apache-2.0
#include "model/round.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lw {
namespace {

struct OutcomeRow {
  CheckOutcome outcome;
  OutcomeKind kind;
  const char* name;
  const char* words;
};

constexpr auto kSuccess = OutcomeKind::Success;
constexpr auto kFailed = OutcomeKind::Failed;
constexpr auto kVoid = OutcomeKind::Void;

/// One row per outcome; round.test.cpp checks that every row is found by its number.
constexpr std::array kOutcomes{
    OutcomeRow{CheckOutcome::Success, kSuccess, "Success", "passed"},
    OutcomeRow{CheckOutcome::TimedOut, kFailed, "TimedOut", "timed out"},
    OutcomeRow{CheckOutcome::Refused, kFailed, "Refused", "connection refused"},
    OutcomeRow{CheckOutcome::Reset, kFailed, "Reset", "connection reset"},
    OutcomeRow{CheckOutcome::Prohibited, kFailed, "Prohibited", "administratively prohibited"},
    OutcomeRow{CheckOutcome::Unreachable, kFailed, "Unreachable", "destination unreachable"},
    OutcomeRow{CheckOutcome::NoRoute, kFailed, "NoRoute", "no route from this host"},
    OutcomeRow{CheckOutcome::TooBig, kFailed, "TooBig", "packet too big for the path"},
    OutcomeRow{CheckOutcome::TtlExceeded, kFailed, "TtlExceeded",
               "time to live exceeded, as in a routing loop"},
    OutcomeRow{CheckOutcome::Closed, kFailed, "Closed", "connection closed early"},
    OutcomeRow{CheckOutcome::NameNotFound, kFailed, "NameNotFound", "name does not exist in DNS"},
    OutcomeRow{CheckOutcome::NameNoAddress, kFailed, "NameNoAddress",
               "name has no address of the wanted family"},
    OutcomeRow{CheckOutcome::NameServerFailed, kFailed, "NameServerFailed",
               "name server could not answer"},
    OutcomeRow{CheckOutcome::NameTimedOut, kFailed, "NameTimedOut", "no name server answered"},
    OutcomeRow{CheckOutcome::NameInvalid, kFailed, "NameInvalid", "not a host name"},
    OutcomeRow{CheckOutcome::CertificateExpired, kFailed, "CertificateExpired",
               "certificate expired"},
    OutcomeRow{CheckOutcome::CertificateNotYetValid, kFailed, "CertificateNotYetValid",
               "certificate not yet valid"},
    OutcomeRow{CheckOutcome::CertificateWrongName, kFailed, "CertificateWrongName",
               "certificate is for another name"},
    OutcomeRow{CheckOutcome::CertificateUnknownRoot, kFailed, "CertificateUnknownRoot",
               "certificate comes from an unknown root"},
    OutcomeRow{CheckOutcome::CertificateRevoked, kFailed, "CertificateRevoked",
               "certificate revoked"},
    OutcomeRow{CheckOutcome::ClientCertificateRequired, kFailed, "ClientCertificateRequired",
               "client certificate required"},
    OutcomeRow{CheckOutcome::TlsIncompatible, kFailed, "TlsIncompatible",
               "no TLS version or cipher in common"},
    OutcomeRow{CheckOutcome::TlsFailed, kFailed, "TlsFailed", "TLS handshake failed"},
    OutcomeRow{CheckOutcome::CertificateRevocationUnknown, kFailed, "CertificateRevocationUnknown",
               "certificate revocation unknown"},
    OutcomeRow{CheckOutcome::HttpStatus, kFailed, "HttpStatus", "HTTP status not valid"},
    OutcomeRow{CheckOutcome::HttpMalformed, kFailed, "HttpMalformed", "answer is not HTTP"},
    OutcomeRow{CheckOutcome::HttpTooManyRedirects, kFailed, "HttpTooManyRedirects",
               "too many redirects"},
    OutcomeRow{CheckOutcome::HttpBodyMismatch, kFailed, "HttpBodyMismatch",
               "the body lacks what it must contain"},
    OutcomeRow{CheckOutcome::LocalPermission, kVoid, "LocalPermission",
               "not permitted on the agent's host"},
    OutcomeRow{CheckOutcome::LocalResources, kVoid, "LocalResources",
               "the agent's host is out of resources"},
    OutcomeRow{CheckOutcome::LocalOverload, kVoid, "LocalOverload", "the agent is overloaded"},
    OutcomeRow{CheckOutcome::LocalConfiguration, kVoid, "LocalConfiguration",
               "the agent's host lacks the test's source"},
};

const OutcomeRow& row_of(CheckOutcome outcome) {
  const auto found = std::ranges::find(kOutcomes, outcome, &OutcomeRow::outcome);
  // A number from a newer agent was refused where it was read (outcome_from_number).
  return found == kOutcomes.end() ? kOutcomes[1] : *found;
}

std::vector<Microseconds> successful_rtts(const Round& round) {
  std::vector<Microseconds> rtts;
  for (const Check& check : round.checks) {
    if (check.outcome == CheckOutcome::Success && check.rtt) rtts.push_back(*check.rtt);
  }
  return rtts;
}

Microseconds mean_of(Microseconds sum, std::size_t count) {
  return sum / static_cast<std::int64_t>(count);
}

void add_rtts(const std::vector<Microseconds>& rtts, RoundSummary& summary) {
  if (rtts.empty()) return;
  Microseconds sum{0};
  for (const Microseconds rtt : rtts) sum += rtt;
  summary.rtt_avg = mean_of(sum, rtts.size());
  summary.rtt_min = std::ranges::min(rtts);
  summary.rtt_max = std::ranges::max(rtts);
  if (rtts.size() < 2) return;
  Microseconds differences{0};
  for (std::size_t i = 1; i < rtts.size(); ++i) {
    differences += std::chrono::abs(rtts[i] - rtts[i - 1]);
  }
  summary.jitter = mean_of(differences, rtts.size() - 1);
}

/// The outcome of that kind which most checks share; of equals, the one that came first.
std::optional<CheckOutcome> most_common(const std::vector<Check>& checks, OutcomeKind kind) {
  std::array<int, 256> counts{};
  for (const Check& check : checks) ++counts[static_cast<std::uint8_t>(check.outcome)];
  std::optional<CheckOutcome> most;
  int highest = 0;
  for (const Check& check : checks) {
    const int count = counts[static_cast<std::uint8_t>(check.outcome)];
    if (kind_of(check.outcome) != kind || count <= highest) continue;
    highest = count;
    most = check.outcome;
  }
  return most;
}

}  // namespace

OutcomeKind kind_of(CheckOutcome outcome) { return row_of(outcome).kind; }

std::string to_string(CheckOutcome outcome) { return row_of(outcome).words; }

std::string outcome_name(CheckOutcome outcome) { return row_of(outcome).name; }

std::optional<CheckOutcome> outcome_from_number(int number) {
  for (const OutcomeRow& row : kOutcomes) {
    if (static_cast<int>(row.outcome) == number) return row.outcome;
  }
  return std::nullopt;
}

RoundSummary summarize(const Round& round) {
  RoundSummary summary;
  for (const Check& check : round.checks) {
    switch (kind_of(check.outcome)) {
      case OutcomeKind::Success:
        ++summary.total;
        break;
      case OutcomeKind::Failed:
        ++summary.total;
        ++summary.failed;
        break;
      case OutcomeKind::Void:
        ++summary.voided;
        break;
    }
  }
  add_rtts(successful_rtts(round), summary);
  return summary;
}

std::optional<CheckOutcome> dominant_failure(const Round& round) {
  const auto failed = most_common(round.checks, OutcomeKind::Failed);
  return failed ? failed : most_common(round.checks, OutcomeKind::Void);
}

}  // namespace lw
