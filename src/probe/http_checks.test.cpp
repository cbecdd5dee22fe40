// SPDX-License-Identifier: Apache-2.0
#include "probe/http_checks.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "io/test_http.h"

namespace lw {
namespace {

using Status = io::HttpExchangeStatus;

constexpr Seconds kHttpTimeout{10};

io::HttpReport answered(int http_status) {
  io::HttpReport report;
  report.status = Status::Answered;
  report.http_status = http_status;
  report.connect = Microseconds(100);
  report.request = Microseconds(20);
  report.first_byte = Microseconds(280);
  report.transfer = Microseconds(50);
  report.total = Microseconds(450);
  return report;
}

TEST(HttpChecks, a_valid_status_is_a_success_with_rtt_and_phases) {
  const CheckResult result = result_of_exchange(answered(200), {}, nullptr, kHttpTimeout);
  EXPECT_EQ(result.outcome, CheckOutcome::Success);
  EXPECT_EQ(result.rtt, Microseconds(450));
  EXPECT_EQ(result.http_status, 200);
  ASSERT_TRUE(result.http);
  EXPECT_EQ(result.http->connect, Microseconds(100));
  EXPECT_EQ(result.http->request, Microseconds(20));
  EXPECT_EQ(result.http->first_byte, Microseconds(280));
  EXPECT_EQ(result.http->transfer, Microseconds(50));
  EXPECT_FALSE(result.http->tls);
  EXPECT_FALSE(result.http->dns);
}

TEST(HttpChecks, the_configuration_says_which_status_is_valid) {
  HttpConfiguration configuration;
  configuration.valid_status_codes = {{503, 503}};
  EXPECT_EQ(result_of_exchange(answered(503), configuration, nullptr, kHttpTimeout).outcome,
            CheckOutcome::Success);
  const CheckResult result =
      result_of_exchange(answered(200), configuration, nullptr, kHttpTimeout);
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
        Case{io::TlsProblem::RevocationUnknown, CheckOutcome::CertificateRevocationUnknown},
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
    report.tls->key = "RSA 2048";
    report.tls->chain = {"CN=web.example", "CN=middle"};
    const CheckResult result = result_of_exchange(report, {}, nullptr, kHttpTimeout);
    EXPECT_EQ(result.outcome, example.outcome);
    EXPECT_EQ(result.detail, "why");
    ASSERT_TRUE(result.tls);
    EXPECT_EQ(result.tls->subject, "CN=web.example");
    EXPECT_EQ(result.tls->key, "RSA 2048");
    EXPECT_EQ(result.tls->chain.size(), 2U);
    EXPECT_FALSE(result.tls->is_verified);
  }
}

TEST(HttpChecks, what_goes_wrong_below_http_has_the_outcomes_of_tcp) {
  io::HttpReport report;
  report.status = Status::ConnectFailed;
  report.error_number = ECONNREFUSED;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome, CheckOutcome::Refused);
  report.error_number = ENETUNREACH;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome, CheckOutcome::NoRoute);
  report.icmp = io::IcmpReport{false, 3, 13, *parse_ip_address("10.0.1.1")};
  const CheckResult prohibited = result_of_exchange(report, {}, nullptr, kHttpTimeout);
  EXPECT_EQ(prohibited.outcome, CheckOutcome::Prohibited);
  EXPECT_EQ(prohibited.detail, "ICMP admin-prohibited (3/13) from 10.0.1.1");
  report.status = Status::TimedOut;
  report.evidence = "no connection";
  const CheckResult late = result_of_exchange(report, {}, nullptr, kHttpTimeout);
  EXPECT_EQ(late.outcome, CheckOutcome::TimedOut);
  EXPECT_EQ(late.detail, "no answer in 10 s: no connection");
  report.status = Status::Reset;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome, CheckOutcome::Reset);
  report.status = Status::Malformed;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome,
            CheckOutcome::HttpMalformed);
}

TEST(HttpChecks, a_body_without_what_it_must_contain_is_a_failure_that_names_it) {
  HttpConfiguration configuration;
  configuration.body_matches = "status: *ok";
  const Pattern pattern(configuration.body_matches);
  io::HttpReport report = answered(200);
  report.body = "status:   ok";
  report.body_bytes = report.body.size();
  EXPECT_EQ(result_of_exchange(report, configuration, &pattern, kHttpTimeout).outcome,
            CheckOutcome::Success);
  report.body = "status: down";
  CheckResult result = result_of_exchange(report, configuration, &pattern, kHttpTimeout);
  EXPECT_EQ(result.outcome, CheckOutcome::HttpBodyMismatch);
  EXPECT_EQ(result.detail, "`status: *ok` is not in 12 bytes of the body");
  EXPECT_EQ(result.http_status, 200);
  EXPECT_FALSE(result.rtt);
  report.body_is_cut = true;
  EXPECT_EQ(result_of_exchange(report, configuration, &pattern, kHttpTimeout).detail,
            "`status: *ok` is not in 12 bytes of the body, which has more");
  report.http_status = 500;  // The status comes first.
  EXPECT_EQ(result_of_exchange(report, configuration, &pattern, kHttpTimeout).outcome,
            CheckOutcome::HttpStatus);
}

TEST(HttpChecks, version_redirects_and_lookups_are_evidence) {
  io::HttpReport report = answered(200);
  report.version = "HTTP/2";
  report.redirects = 2;
  report.url = "https://b.example/";
  report.body_bytes = 7;
  report.lookup = Microseconds(30);
  const CheckResult result = result_of_exchange(report, {}, nullptr, kHttpTimeout);
  EXPECT_EQ(result.http_facts, (HttpFacts{"HTTP/2", 2, "https://b.example/", 7}));
  ASSERT_TRUE(result.http);
  EXPECT_EQ(result.http->dns, Microseconds(30));
  EXPECT_EQ(result.detail, "");
  report.http_status = 404;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).detail,
            "HTTP 404 (redirected to https://b.example/)");
}

TEST(HttpChecks, what_goes_wrong_on_the_way_of_redirects_has_its_outcome) {
  io::HttpReport report;
  report.status = Status::TooManyRedirects;
  report.evidence = "5 redirects and the next would lead to http://a/";
  report.http_status = 302;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome,
            CheckOutcome::HttpTooManyRedirects);
  report.status = Status::NameFailed;
  report.name_status = io::NameStatus::NotFound;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome,
            CheckOutcome::NameNotFound);
}

TEST(HttpChecks, a_source_that_this_host_lacks_is_void) {
  io::HttpReport report;
  report.status = Status::LocalFault;
  report.evidence = "192.0.2.9 is no address of this host";
  report.error_number = EADDRNOTAVAIL;
  const CheckResult lacking = result_of_exchange(report, {}, nullptr, kHttpTimeout);
  EXPECT_EQ(lacking.outcome, CheckOutcome::LocalConfiguration);
  EXPECT_EQ(lacking.detail.find(report.evidence), 0U) << lacking.detail;
  report.error_number = EPERM;
  EXPECT_EQ(result_of_exchange(report, {}, nullptr, kHttpTimeout).outcome,
            CheckOutcome::LocalPermission);
}

TEST(HttpChecks, revocation_that_is_not_checkable_is_a_note_of_a_success) {
  io::HttpReport report = answered(200);
  report.tls.emplace();
  report.tls->note = "revocation not checkable: no responder";
  const CheckResult result = result_of_exchange(report, {}, nullptr, kHttpTimeout);
  EXPECT_EQ(result.outcome, CheckOutcome::Success);
  EXPECT_EQ(result.detail, "revocation not checkable: no responder");
}

TEST(HttpChecks, the_request_is_what_the_configuration_says) {
  lw::Test test;
  test.destination_address = "web.example";
  auto configuration = std::make_shared<TestConfiguration>();
  HttpConfiguration http;
  http.prefer_https = true;
  http.method = HttpMethod::Head;
  http.path = "/health";
  http.request_headers = {{"X-A", "b"}};
  http.version = HttpVersion::Http2;
  http.redirects_max = 4;
  http.body_matches = "ok";
  http.body_bytes_max = 99;
  http.revocation = RevocationPolicy::Strict;
  configuration->protocol = http;
  configuration->preferred_ip_version = IpVersion::V6;
  configuration->packets.source_address = "192.0.2.9";
  configuration->packets.source_interface = "eth1";
  configuration->packets.dscp = 46;
  configuration->packets.ttl = 9;
  test.configuration = configuration;
  const io::HttpExchangeRequest request =
      request_of(test, *parse_ip_address("192.0.2.1"), Seconds(3));
  EXPECT_EQ(request.address, parse_ip_address("192.0.2.1"));
  EXPECT_EQ(request.port, 443);
  EXPECT_TRUE(request.use_tls);
  EXPECT_EQ(request.host, "web.example");
  EXPECT_EQ(request.offer, io::HttpOffer::Http2);
  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.path, "/health");
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.timeout, Seconds(3));
  EXPECT_EQ(request.redirects_max, 4);
  EXPECT_EQ(request.redirect_family, io::AddressFamily::V6);
  EXPECT_EQ(request.body_bytes_max, 99U);
  EXPECT_TRUE(request.keeps_body);
  EXPECT_EQ(request.revocation, io::RevocationCheck::Strict);
  EXPECT_EQ(request.socket.source, parse_ip_address("192.0.2.9"));
  EXPECT_EQ(request.socket.interface, "eth1");
  EXPECT_EQ(request.socket.dscp, 46);
  EXPECT_EQ(request.socket.ttl, 9);
}

/// One check of a web server on loopback.
CheckResult check(const HttpConfiguration& http, const PacketOptions& packets = {}) {
  io::Loop loop;
  const SystemClock clock;
  io::Resolver resolver(loop, clock, {});
  std::optional<CheckResult> got;
  HttpChecks checks(loop, clock, resolver, {},
                    [&](const CheckTicket& ticket, CheckResult&& result) {
                      EXPECT_EQ(ticket, (CheckTicket{7, 2}));
                      got = std::move(result);
                      loop.stop();
                    });
  lw::Test test;
  test.destination_address = "127.0.0.1";
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = http;
  configuration->packets = packets;
  test.configuration = configuration;
  checks.start({7, 2}, test, *parse_ip_address("127.0.0.1"), kHttpTimeout);
  loop.run_for(Seconds(20));
  EXPECT_TRUE(got);
  return got.value_or(CheckResult{});
}

TEST(HttpChecks, are_made_as_configured) {
  io::PathServer server;
  server.set_redirect("/", "/next");
  server.set_body("/next", "all is well");
  HttpConfiguration http;
  http.port = server.port;
  http.redirects_max = 1;
  http.body_matches = "is (well|fine)$";
  const CheckResult good = check(http);
  EXPECT_EQ(good.outcome, CheckOutcome::Success) << good.detail;
  EXPECT_TRUE(good.rtt);
  ASSERT_TRUE(good.http_facts);
  EXPECT_EQ(*good.http_facts, (HttpFacts{"HTTP/1.1", 1, server.url("/next"), 11}));
  http.body_bytes_max = 10;  // Judged by what was read.
  const CheckResult cut = check(http);
  EXPECT_EQ(cut.outcome, CheckOutcome::HttpBodyMismatch);
  EXPECT_EQ(cut.detail,
            "`is (well|fine)$` is not in 10 bytes of the body, which has more "
            "(redirected to " +
                server.url("/next") + ")");
  http.redirects_max = 0;
  http.body_matches.clear();
  const CheckResult unfollowed = check(http);
  EXPECT_EQ(unfollowed.outcome, CheckOutcome::Success);
  EXPECT_EQ(unfollowed.http_status, 302);
  PacketOptions strange;
  strange.source_address = "192.0.2.9";
  EXPECT_EQ(check(http, strange).outcome, CheckOutcome::LocalConfiguration);
}

}  // namespace
}  // namespace lw
