// SPDX-License-Identifier: Apache-2.0
#include "wire/convert.h"

#include <gtest/gtest.h>

#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::wire {
namespace {

Round full_round() {
  Round round;
  round.test = TestId{0xfedcba9876543210};
  round.started = from_unix_us(1'790'000'000'123'456);
  round.checks = {{CheckOutcome::Success, Microseconds(0), Microseconds(0)},
                  {CheckOutcome::TimedOut, std::nullopt, Microseconds(100'000)},
                  {CheckOutcome::Success, Microseconds(4'000'000), Microseconds(200'000)}};
  round.address = "2001:db8::1";
  round.stamp_source = StampSource::Kernel;
  round.detail = "no answer from 2001:db8::1";
  round.http_status = 503;
  round.http = HttpPhases{.dns = std::nullopt,
                          .connect = Microseconds(0),
                          .tls = Microseconds(2),
                          .request = Microseconds(5),
                          .first_byte = Microseconds(3),
                          .transfer = Microseconds(4)};
  round.tls = TlsFacts{.subject = "CN=a",
                       .issuer = "CN=b",
                       .names = {"a", "b"},
                       .not_before = from_unix_us(-5),
                       .not_after = from_unix_us(5),
                       .version = "TLSv1.3",
                       .cipher = "TLS_AES_128_GCM_SHA256",
                       .key = "EC 256",
                       .chain = {"CN=a", "CN=b"},
                       .is_verified = true};
  round.http_facts = HttpFacts{
      .version = "HTTP/2", .redirects = 2, .url = "https://b.example/", .body_bytes = 1234};
  round.name = NameFacts{.outcome = CheckOutcome::NameTimedOut,
                         .took = Microseconds(5'000'000),
                         .server = "10.0.0.2:53",
                         .ttl = Seconds(0),
                         .addresses = {"2001:db8::1", "192.0.2.1"},
                         .is_last_good = true,
                         .detail = "no answer from 10.0.0.2"};
  round.confirmation = Confirmation{5, 4};
  round.reply_ttls = ReplyTtls{57, 255};
  return round;
}

TEST(ConvertRound, ComesBackEqualWithMissingStillMissing) {
  const Round round = full_round();
  const auto decoded = decode_round(encode_round(round));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(*decoded, round);
}

TEST(ConvertRound, RefusesBytesThatAreNoRound) {
  EXPECT_FALSE(decode_round("\xff\xff\xff").has_value());
}

TEST(ConvertRound, RefusesListsOfDifferingLengths) {
  ::linewatch::wire::Round message;
  message.add_outcomes(0);
  EXPECT_FALSE(decode_round(message.SerializeAsString()).has_value());
}

TEST(ConvertRound, RefusesAnOutcomeItDoesNotKnow) {
  ::linewatch::wire::Round message;
  message.add_outcomes(250);
  message.add_offsets_us(0);
  message.add_rtts_us_plus_one(0);
  EXPECT_FALSE(decode_round(message.SerializeAsString()).has_value());
}

TEST(ConvertRound, TakesTtlsThatNoPacketHasForNone) {
  for (const auto& [lowest, highest] :
       {std::pair{0, 60}, std::pair{60, 59}, std::pair{60, 256}, std::pair{0, 0}}) {
    ::linewatch::wire::Round message;
    message.set_started_us(1);
    message.set_reply_ttl_lowest(static_cast<std::uint32_t>(lowest));
    message.set_reply_ttl_highest(static_cast<std::uint32_t>(highest));
    const auto decoded = decode_round(message.SerializeAsString());
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_FALSE(decoded->reply_ttls.has_value()) << lowest << " to " << highest;
  }
}

TEST(ConvertRound, MakesTextThatIsNoUtf8ReadableRatherThanLoseTheRound) {
  Round round = full_round();
  round.detail = "certificate is for M\xfcller";
  round.address = "\xff";
  round.tls->subject = "CN=\xc3";
  round.tls->issuer = "CN=\xed\xa0\x80";
  round.tls->names = {"a", "\xc0\x80"};
  round.tls->version = "\x80";
  round.tls->cipher = "\xf5";
  const auto decoded = decode_round(encode_round(round));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(decoded->detail, "certificate is for M\ufffdller");
  EXPECT_EQ(decoded->address, "\ufffd");
  EXPECT_EQ(decoded->tls->subject, "CN=\ufffd");
  EXPECT_EQ(decoded->tls->issuer, "CN=\ufffd\ufffd\ufffd");
  EXPECT_EQ(decoded->tls->names, (std::vector<std::string>{"a", "\ufffd\ufffd"}));
  EXPECT_EQ(decoded->tls->version, "\ufffd");
  EXPECT_EQ(decoded->tls->cipher, "\ufffd");
}

/// "€" (3 bytes) so often that no limit falls between two of them.
std::string long_text() {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "\u20ac";
  return text;
}

void expect_cut(const Round& round) {
  const std::string whole = long_text();
  EXPECT_EQ(round.detail, whole.substr(0, 2046));
  EXPECT_EQ(round.address, whole.substr(0, 1023));
  EXPECT_EQ(round.tls->subject, whole.substr(0, 1023));
  EXPECT_EQ(round.tls->issuer, whole.substr(0, 1023));
  EXPECT_EQ(round.tls->version, whole.substr(0, 1023));
  EXPECT_EQ(round.tls->cipher, whole.substr(0, 1023));
  EXPECT_EQ(round.tls->names, std::vector<std::string>(100, whole.substr(0, 255)));
}

TEST(ConvertRound, CutsLongTextsBeforeTheyAreSent) {
  Round round = full_round();
  TlsFacts& tls = *round.tls;
  for (std::string* text :
       {&round.detail, &round.address, &tls.subject, &tls.issuer, &tls.version, &tls.cipher}) {
    *text = long_text();
  }
  tls.names.assign(200, long_text());
  const std::string bytes = encode_round(round);
  EXPECT_LT(bytes.size(), 34'000U);
  expect_cut(decode_round(bytes).value());
}

TEST(ConvertRound, CutsLongTextsOfAnAgentThatDoesNot) {
  ::linewatch::wire::Round message;
  message.set_detail(long_text());
  message.set_address(long_text());
  ::linewatch::wire::TlsFacts& tls = *message.mutable_tls();
  tls.set_subject(long_text());
  tls.set_issuer(long_text());
  tls.set_version(long_text());
  tls.set_cipher(long_text());
  for (int i = 0; i < 200; ++i) tls.add_names(long_text());
  const auto decoded = decode_round(message.SerializeAsString());
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  expect_cut(*decoded);
}

TEST(ConvertRound, RefusesMoreChecksThanTheStoreKeeps) {
  Round round = full_round();
  round.checks.assign(255, round.checks[0]);
  EXPECT_TRUE(decode_round(encode_round(round)).has_value());
  round.checks.push_back(round.checks[0]);
  const auto refused = decode_round(encode_round(round));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("256 checks"), std::string::npos);
}

std::vector<lw::Test> many_tests(std::size_t count) {
  auto http = std::make_shared<TestConfiguration>();
  http->name = "web";
  http->frequency = Seconds(10);
  http->preferred_ip_version = IpVersion::V6;
  http->checks_per_round = 2;
  http->check_timeout = Milliseconds(500);
  http->protocol = HttpConfiguration{.port = 8443,
                                     .method = HttpMethod::Post,
                                     .path = "/x",
                                     .request_headers = {{"A", "b"}},
                                     .valid_status_codes = {{200, 204}},
                                     .prefer_https = true,
                                     .version = HttpVersion::Http2,
                                     .redirects_max = 3,
                                     .body_matches = "ok",
                                     .body_bytes_max = 0,
                                     .revocation = RevocationPolicy::Strict};
  http->packets = {.payload_bytes = std::nullopt,
                   .dscp = 0,
                   .ttl = 3,
                   .dont_fragment = true,
                   .source_address = "192.0.2.9",
                   .source_interface = "eth1"};
  http->address_use = AddressUse::All;
  http->timing = CheckTiming::Random;
  http->trace = {.protocol = TraceProtocol::Icmp,
                 .port = 65'535,
                 .interval = Seconds(3'600),
                 .hops_max = 64,
                 .all_paths = false};
  auto tcp = std::make_shared<TestConfiguration>();
  tcp->name = "db";
  tcp->protocol =
      TcpConfiguration{.port = 5432,
                       .disable_trace_route = true,
                       .destination_port_behavior = DestinationPortBehavior::ListenIfAvailable};
  std::vector<lw::Test> tests;
  for (std::size_t i = 0; i < count; ++i) {
    lw::Test test;
    test.id = TestId{i + 1};
    test.connection_monitor = "m";
    test.destination = "d" + std::to_string(i);
    test.destination_address = "host" + std::to_string(i);
    test.configuration = i % 2 == 0 ? http : tcp;
    tests.push_back(std::move(test));
  }
  return tests;
}

TEST(ConvertAssignment, ComesBackEqualOverSeveralParts) {
  const std::vector<lw::Test> tests = many_tests(kTestsPerAssignmentPart + 1);
  const auto parts = encode_assignment(42, tests);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_FALSE(parts[0].last_part());
  EXPECT_TRUE(parts[1].last_part());
  EXPECT_EQ(parts[0].configurations_size(), 2);
  std::vector<lw::Test> decoded;
  for (const auto& part : parts) {
    EXPECT_EQ(part.version(), 42U);
    auto some = decode_assignment(part);
    ASSERT_TRUE(some.has_value()) << some.error().message;
    decoded.insert(decoded.end(), some->begin(), some->end());
  }
  ASSERT_EQ(decoded.size(), tests.size());
  for (std::size_t i = 0; i < tests.size(); ++i) {
    ASSERT_EQ(decoded[i].id, tests[i].id);
    ASSERT_EQ(decoded[i].full_name(), tests[i].full_name());
    ASSERT_EQ(decoded[i].destination_address, tests[i].destination_address);
    ASSERT_EQ(decoded[i].configuration->protocol, tests[i].configuration->protocol);
    ASSERT_EQ(decoded[i].configuration->packets, tests[i].configuration->packets);
    ASSERT_EQ(decoded[i].configuration->address_use, tests[i].configuration->address_use);
    ASSERT_EQ(decoded[i].configuration->timing, tests[i].configuration->timing);
    ASSERT_EQ(decoded[i].configuration->trace, tests[i].configuration->trace);
    ASSERT_EQ(decoded[i].configuration->frequency, tests[i].configuration->frequency);
    ASSERT_EQ(decoded[i].configuration->check_timeout, tests[i].configuration->check_timeout);
  }
}

TEST(ConvertAssignment, HasOneLastPartEvenWithoutTests) {
  const auto parts = encode_assignment(1, {});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(parts[0].last_part());
}

TEST(ConvertFacts, MakesAStrangeHostNameReadable) {
  Agent agent;
  agent.name = "caf\xe9";
  agent.labels = {{"site", "b"}};
  ::linewatch::wire::AgentFacts parsed;
  ASSERT_TRUE(parsed.ParseFromString(encode_facts(agent).SerializeAsString()));
  EXPECT_EQ(decode_facts(parsed).name, "caf\xef\xbf\xbd");
  EXPECT_EQ(decode_facts(parsed).labels, agent.labels);
}

TEST(ConvertAssignment, RefusesATestWithoutItsConfiguration) {
  auto parts = encode_assignment(1, many_tests(1));
  parts[0].clear_configurations();
  EXPECT_FALSE(decode_assignment(parts[0]).has_value());
}

TEST(ConvertAssignment, ports_stand_in_the_last_part_only) {
  const auto parts = encode_assignment(1, many_tests(kTestsPerAssignmentPart + 1), {80, 8084});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(decode_listen_ports(parts[0]).value().empty());
  EXPECT_EQ(decode_listen_ports(parts[1]).value(), (std::vector<std::uint16_t>{80, 8084}));
}

TEST(ConvertListening, ComesBackEqual) {
  const std::vector<ListeningPort> ports = {
      {.port = 80, .outcome = ListeningOutcome::InUse, .problem = "taken"},
      {.port = 65'535},
      {.port = 1, .outcome = ListeningOutcome::Failed, .problem = "no right"}};
  linewatch::wire::AgentStatus status;
  encode_listening(ports, status);
  EXPECT_EQ(decode_listening(status), ports);
}

TEST(ConvertListening, LeavesOutWhatIsNoPortAndDoesNotTrustNumbers) {
  linewatch::wire::AgentStatus status;
  for (const std::uint32_t port : {0U, 65'536U, 4'294'967'295U})
    status.add_listening()->set_port(port);
  auto& newer = *status.add_listening();
  newer.set_port(443);
  newer.set_outcome(7);
  newer.set_problem(std::string(5'000, 'x'));
  const auto ports = decode_listening(status);
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0].outcome, ListeningOutcome::Failed);
  EXPECT_EQ(ports[0].problem.size(), 300U);
  for (int i = 0; i < 2'000; ++i) status.add_listening()->set_port(80);
  EXPECT_EQ(decode_listening(status).size(), 1'000U);
}

TEST(ConvertSelfTest, ComesBackEqual) {
  SelfTest test{.echoes = 2000,
                .failed = 1,
                .error_median = Microseconds(2),
                .error = Microseconds(7),
                .error_max = Microseconds(90),
                .is_against_capture = true,
                .stamps = StampSource::Kernel,
                .socket_drops = 3,
                .late_replies = 2,
                .checks_per_second = 64'000,
                .kernel = "6.1.0",
                .cpus = 2,
                .has_raw_sockets = true};
  EXPECT_EQ(decode_self_test(encode_self_test(test)), test);
  test.checks_per_second.reset();
  EXPECT_EQ(decode_self_test(encode_self_test(test)), test);
  EXPECT_EQ(decode_self_test(encode_self_test({})), SelfTest{});
}

TEST(ConvertRound, RefusesATimeFromWhichNoAgeCanBeWorkedOut) {
  for (const std::int64_t us :
       {INT64_MIN, std::int64_t{-1}, std::int64_t{253'402'300'800'000'000}, INT64_MAX}) {
    ::linewatch::wire::Round message;
    message.set_started_us(us);
    EXPECT_FALSE(decode_round(message.SerializeAsString()).has_value()) << us;
  }
}

TEST(ConvertRound, RefusesANumberThatIsNoHttpStatus) {
  ::linewatch::wire::Round message;
  message.set_http_status(999);
  EXPECT_TRUE(decode_round(message.SerializeAsString()).has_value());
  message.set_http_status(1000);
  EXPECT_FALSE(decode_round(message.SerializeAsString()).has_value());
}

}  // namespace
}  // namespace lw::wire
