// SPDX-License-Identifier: Apache-2.0
#include "server/arm/connectivity.h"

#include <gtest/gtest.h>

namespace lw::server::arm {
namespace {

IpAddress ip(const char* text) { return parse_ip_address(text).value(); }

ConnectivityWish wish_of(const char* body) {
  auto read = read_connectivity_wish(parse_json(body).value());
  const auto* const refusal = std::get_if<Refusal>(&read);
  EXPECT_EQ(refusal, nullptr) << (refusal != nullptr ? refusal->message : "");
  return refusal == nullptr ? std::get<ConnectivityWish>(std::move(read)) : ConnectivityWish{};
}

std::string refusal_of(const char* body) {
  const auto read = read_connectivity_wish(parse_json(body).value());
  const auto* const refusal = std::get_if<Refusal>(&read);
  return refusal != nullptr ? refusal->message : "";
}

TEST(ConnectivityWish, TakesTheProtocolOrGuessesItFromThePort) {
  const auto tcp = wish_of(
      R"({"source":{"resourceId":"/vm1"},"destination":{"address":"192.168.100.4","port":3389}})");
  EXPECT_EQ(std::get<TcpConfiguration>(tcp.check.configuration.protocol).port, 3389);
  EXPECT_EQ(tcp.check.destination, "192.168.100.4");
  const auto ping =
      wish_of(R"({"source":{"resourceId":"/vm1"},"destination":{"resourceId":"/vm2"}})");
  EXPECT_TRUE(std::holds_alternative<IcmpConfiguration>(ping.check.configuration.protocol));
  const auto web = wish_of(R"({"source":{"resourceId":"/vm1"},
      "destination":{"address":"bing.com","port":8443},"protocol":"Https","preferredIPVersion":"IPv6",
      "protocolConfiguration":{"HTTPConfiguration":{"method":"Get",
        "headers":[{"name":"X","value":"y"}],"validStatusCodes":[200,404]}}})");
  const auto& http = std::get<HttpConfiguration>(web.check.configuration.protocol);
  EXPECT_TRUE(http.uses_tls());
  EXPECT_EQ(http.port, 8443);
  EXPECT_EQ(http.request_headers, (std::vector<HttpHeader>{{"X", "y"}}));
  EXPECT_TRUE(http.is_valid_status(404));
  EXPECT_FALSE(http.is_valid_status(302));
  EXPECT_EQ(web.check.configuration.preferred_ip_version, IpVersion::V6);
}

TEST(ConnectivityWish, SaysWhatIsWrong) {
  EXPECT_NE(refusal_of(R"({})").find("source.resourceId"), std::string::npos);
  EXPECT_NE(refusal_of(R"({"source":{"resourceId":"/v"}})").find("destination"), std::string::npos);
  EXPECT_NE(refusal_of(R"({"source":{"resourceId":"/v"},"destination":{"address":"a","port":0}})")
                .find("port"),
            std::string::npos);
  EXPECT_NE(
      refusal_of(R"({"source":{"resourceId":"/v"},"destination":{"address":"a"},"protocol":"Udp"})")
          .find("protocol"),
      std::string::npos);
  EXPECT_NE(
      refusal_of(R"({"source":{"resourceId":"/v"},"destination":{"address":"a"},"protocol":"Http",
      "protocolConfiguration":{"httpConfiguration":{"headers":[{"name":"A","value":"b\r\nC: d"}]}}})")
          .find("header"),
      std::string::npos);
}

NextHop hop_by(std::optional<IpAddress> router, std::uint32_t table = 254) {
  return {
      .is_reachable = true, .router = router, .interface = "eth0", .source = "", .table = table};
}

OneOffResult result_with(CheckOutcome outcome, int failed) {
  OneOffResult result;
  Round& round = result.round.emplace();
  round.address = "198.51.100.7";
  for (int i = 0; i < 10; ++i) {
    const bool fails = i < failed;
    round.checks.push_back(
        {.outcome = fails ? outcome : CheckOutcome::Success,
         .rtt = fails ? std::nullopt : std::optional(Microseconds(10'000 + 1'000 * i)),
         .offset = Microseconds(0)});
  }
  round.detail = failed > 0 ? "evidence" : "";
  Path path{.hops = {{.ttl = 1, .address = ip("10.0.0.1"), .rtt_min = Microseconds(400)},
                     {.ttl = 2},
                     {.ttl = 3, .address = ip("203.0.113.9"), .rtt_min = Microseconds(5'000)},
                     {.ttl = 4, .address = ip("198.51.100.7"), .rtt_min = Microseconds(9'000)}},
            .is_reached = true};
  result.path.emplace().paths.push_back(std::move(path));
  result.next_hop = hop_by(ip("10.0.0.1"));
  return result;
}

const Value& hop_at(const Value& result, std::size_t index) {
  return result.find("hops")->as_array().at(index);
}

const ConnectivityEnds kEnds{.source_address = "10.0.0.5",
                             .source_resource_id = "/subscriptions/s/vm1",
                             .destination_address = "198.51.100.7",
                             .destination_resource_id = "Internet"};

TEST(ConnectivityResult, HasTheHopsThatAnsweredLinkedToEachOther) {
  const Value result = connectivity_result(kEnds, result_with(CheckOutcome::TimedOut, 0));
  EXPECT_EQ(result.text("connectionStatus"), "Reachable");
  EXPECT_EQ(result.number("probesSent"), 10);
  EXPECT_EQ(result.number("probesFailed"), 0);
  EXPECT_EQ(result.number("minLatencyInMs"), 10);
  EXPECT_EQ(result.number("maxLatencyInMs"), 19);
  ASSERT_EQ(result.find("hops")->as_array().size(), 4U) << "the silent hop is none";
  EXPECT_EQ(hop_at(result, 0).text("type"), "Source");
  EXPECT_EQ(hop_at(result, 1).text("type"), "VnetLocal");
  EXPECT_EQ(hop_at(result, 2).text("type"), "Internet");
  EXPECT_EQ(hop_at(result, 3).text("type"), "Destination");
  for (std::size_t i = 0; i + 1 < 4; ++i) {
    const Value& hop = hop_at(result, i);
    const std::string next = hop_at(result, i + 1).text("id");
    EXPECT_EQ(hop.find("nextHopIds")->as_array().at(0).as_string(), next);
    EXPECT_EQ(hop.find("links")->as_array().at(0).text("nextHopId"), next);
    EXPECT_EQ(hop_at(result, i + 1).find("previousHopIds")->as_array().at(0).as_string(),
              hop.text("id"));
  }
  const Value& last = hop_at(result, 2).find("links")->as_array().at(0);
  EXPECT_EQ(last.find("properties")->number("roundTripTimeMin"), 9);
  EXPECT_TRUE(hop_at(result, 3).find("nextHopIds")->as_array().empty());
}

TEST(ConnectivityResult, SaysWhereTheFaultIs) {
  struct Case {
    CheckOutcome outcome;
    int failed;
    const char* status;
    std::size_t hop;
    const char* type;
  };
  for (const Case& each :
       {Case{CheckOutcome::Refused, 10, "Unreachable", 3, "NoListenerOnDestination"},
        Case{CheckOutcome::TimedOut, 4, "Degraded", 3, "NetworkError"},
        Case{CheckOutcome::NoRoute, 10, "Unreachable", 0, "UserDefinedRoute"},
        Case{CheckOutcome::NameNotFound, 10, "Unreachable", 0, "DnsResolution"}}) {
    const Value result = connectivity_result(kEnds, result_with(each.outcome, each.failed));
    EXPECT_EQ(result.text("connectionStatus"), each.status);
    const auto& issues = hop_at(result, each.hop).find("issues")->as_array();
    ASSERT_EQ(issues.size(), 1U) << each.type;
    EXPECT_EQ(issues[0].text("type"), each.type);
    EXPECT_EQ(result.find("avgLatencyInMs") == nullptr, each.failed == 10);
  }
}

TEST(ConnectivityResult, PutsAnIssueOfThePathWhereItsLinkBegins) {
  OneOffResult result = result_with(CheckOutcome::TimedOut, 10);
  result.path->issues = {
      {.kind = PathIssueKind::Prohibited, .from_ttl = 3, .to_ttl = 4, .text = "x"}};
  const Value value = connectivity_result(kEnds, result);
  const auto& issues = hop_at(value, 2).find("issues")->as_array();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].text("type"), "NetworkSecurityRule");
  EXPECT_EQ(issues[0].text("origin"), "Outbound");
}

TEST(ConnectivityResult, WithoutAnAgentTheSourceSaysSo) {
  const Value value = connectivity_unknown(kEnds, {ErrorCode::Conflict, "the agent is away"});
  EXPECT_EQ(value.text("connectionStatus"), "Unknown");
  const auto& issues = hop_at(value, 0).find("issues")->as_array();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].text("type"), "AgentStopped");
}

TEST(NextHopResult, NamesTheKindOfTheHop) {
  const auto type = [](const char* destination, const NextHop& hop) {
    return next_hop_result(ip(destination), hop).text("nextHopType");
  };
  const NextHop router = hop_by(ip("10.0.0.1"));
  EXPECT_EQ(type("198.51.100.7", router), "Internet");
  EXPECT_EQ(type("10.9.0.1", router), "VirtualAppliance");
  EXPECT_EQ(type("10.0.0.9", hop_by(std::nullopt)), "VnetLocal");
  EXPECT_EQ(type("198.51.100.7", {}), "None");
  EXPECT_EQ(next_hop_result(ip("198.51.100.7"), router).text("nextHopIpAddress"), "10.0.0.1");
  EXPECT_EQ(next_hop_result(ip("10.0.0.1"), router).text("routeTableId"), "System Route");
  EXPECT_EQ(next_hop_result(ip("10.0.0.1"), hop_by(std::nullopt, 100)).text("routeTableId"), "100");
}

}  // namespace
}  // namespace lw::server::arm
