// SPDX-License-Identifier: Apache-2.0
#include "probe/http_checks.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lw {
namespace {

using Status = io::HttpExchangeStatus;

constexpr Seconds kTimeout{10};

io::HttpReport answered(int http_status) {
  io::HttpReport report;
  report.status = Status::Answered;
  report.http_status = http_status;
  report.connect = Microseconds(100);
  report.first_byte = Microseconds(300);
  report.transfer = Microseconds(50);
  report.total = Microseconds(450);
  return report;
}

TEST(HttpChecks, a_valid_status_is_a_success_with_rtt_and_phases) {
  const CheckResult result = result_of_exchange(answered(200), {}, kTimeout);
  EXPECT_EQ(result.outcome, CheckOutcome::Success);
  EXPECT_EQ(result.rtt, Microseconds(450));
  EXPECT_EQ(result.http_status, 200);
  ASSERT_TRUE(result.http);
  EXPECT_EQ(result.http->connect, Microseconds(100));
  EXPECT_FALSE(result.http->tls);
  EXPECT_FALSE(result.http->dns);
}

TEST(HttpChecks, the_configuration_says_which_status_is_valid) {
  HttpConfiguration configuration;
  configuration.valid_status_codes = {{503, 503}};
  EXPECT_EQ(result_of_exchange(answered(503), configuration, kTimeout).outcome,
            CheckOutcome::Success);
  const CheckResult result = result_of_exchange(answered(200), configuration, kTimeout);
  EXPECT_EQ(result.outcome, CheckOutcome::HttpStatus);
  EXPECT_EQ(result.detail, "HTTP 200");
  EXPECT_FALSE(result.rtt);
  EXPECT_EQ(result.http_status, 200);
}

TEST(HttpChecks, a_tls_problem_becomes_its_outcome_and_keeps_the_facts) {
  struct Case {
    io::TlsProblem problem;
    CheckOutcome outcome;
  };
  for (const Case& example :
       {Case{io::TlsProblem::Expired, CheckOutcome::CertificateExpired},
        Case{io::TlsProblem::NotYetValid, CheckOutcome::CertificateNotYetValid},
        Case{io::TlsProblem::WrongName, CheckOutcome::CertificateWrongName},
        Case{io::TlsProblem::UnknownRoot, CheckOutcome::CertificateUnknownRoot},
        Case{io::TlsProblem::Revoked, CheckOutcome::CertificateRevoked},
        Case{io::TlsProblem::ClientCertificateRequired, CheckOutcome::ClientCertificateRequired},
        Case{io::TlsProblem::Incompatible, CheckOutcome::TlsIncompatible},
        Case{io::TlsProblem::Broken, CheckOutcome::TlsFailed}}) {
    io::HttpReport report;
    report.status = Status::TlsFailed;
    report.tls.emplace();
    report.tls->has_certificate = true;
    report.tls->subject = "CN=web.example";
    report.tls->problem = example.problem;
    report.tls->evidence = "why";
    const CheckResult result = result_of_exchange(report, {}, kTimeout);
    EXPECT_EQ(result.outcome, example.outcome);
    EXPECT_EQ(result.detail, "why");
    ASSERT_TRUE(result.tls);
    EXPECT_EQ(result.tls->subject, "CN=web.example");
  }
}

TEST(HttpChecks, what_goes_wrong_below_http_has_the_outcomes_of_tcp) {
  io::HttpReport report;
  report.status = Status::ConnectFailed;
  report.error_number = ECONNREFUSED;
  EXPECT_EQ(result_of_exchange(report, {}, kTimeout).outcome, CheckOutcome::Refused);
  report.error_number = ENETUNREACH;
  EXPECT_EQ(result_of_exchange(report, {}, kTimeout).outcome, CheckOutcome::NoRoute);
  report.icmp = io::IcmpReport{false, 3, 13, *parse_ip_address("10.0.1.1")};
  const CheckResult prohibited = result_of_exchange(report, {}, kTimeout);
  EXPECT_EQ(prohibited.outcome, CheckOutcome::Prohibited);
  EXPECT_EQ(prohibited.detail, "ICMP admin-prohibited (3/13) from 10.0.1.1");
  report.status = Status::TimedOut;
  report.evidence = "no connection";
  const CheckResult late = result_of_exchange(report, {}, kTimeout);
  EXPECT_EQ(late.outcome, CheckOutcome::TimedOut);
  EXPECT_EQ(late.detail, "no answer in 10 s: no connection");
  report.status = Status::Reset;
  EXPECT_EQ(result_of_exchange(report, {}, kTimeout).outcome, CheckOutcome::Reset);
  report.status = Status::Malformed;
  EXPECT_EQ(result_of_exchange(report, {}, kTimeout).outcome, CheckOutcome::HttpMalformed);
}

}  // namespace
}  // namespace lw
