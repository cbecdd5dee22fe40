// SPDX-License-Identifier: Apache-2.0
#include "simnet/network.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "simnet/test_source.h"

namespace lw::lab {
namespace {

using packet::Transport;

// Routers r1, r2, r3 one after the other, each 1 ms away from the last, then the host.
std::string chain(std::string_view r2 = "", std::string_view rest = "", std::string_view end = "") {
  return "defaults: {delay_ms: 1}\n"
         "source: {next: r1}\n"
         "nodes:\n"
         "  r1: {addresses: [10.0.1.1, \"2001:db8:1::1\"], next: r2}\n"
         "  r2: {addresses: [10.0.2.1, \"2001:db8:2::1\"], next: r3" +
         std::string(r2) +
         "}\n"
         "  r3: {addresses: [10.0.3.1, \"2001:db8:3::1\"], next: end}\n"
         "  end: {addresses: [198.51.100.7, \"2001:db8:7::7\"]" +
         std::string(end) + "}\n" + std::string(rest);
}

TEST(SimulatedNetwork, RoutersAnswerByTtlAndTheHostByProtocol) {
  for (const bool is_v6 : {false, true}) {
    TestSource source(chain("", "", ", tcp: {accept: 443}"));
    if (is_v6) source.use_v6();
    const std::string exceeded = is_v6 ? " 3/0" : " 11/0";
    const std::string host = to_string(source.flow.destination);
    EXPECT_EQ(source.told(1), (is_v6 ? "2001:db8:1::1" : "10.0.1.1") + exceeded);
    EXPECT_EQ(source.told(3), (is_v6 ? "2001:db8:3::1" : "10.0.3.1") + exceeded);
    EXPECT_EQ(source.told(4), host + (is_v6 ? " 1/4" : " 3/3"));
    source.flow.transport = Transport::Icmp;
    EXPECT_EQ(source.told(2), (is_v6 ? "2001:db8:2::1" : "10.0.2.1") + exceeded);
    EXPECT_EQ(source.told(30), host + " echo");
    source.flow.transport = Transport::Tcp;
    source.flow.destination_port = 443;
    EXPECT_EQ(source.told(4), host + " syn-ack");
    source.flow.destination_port = 444;
    EXPECT_EQ(source.told(4), host + " rst");
  }
}

TEST(SimulatedNetwork, TimesAndTtlsGrowWithTheWay) {
  TestSource source(chain());
  const auto first = source.ask(1);
  const auto third = source.ask(3);
  ASSERT_TRUE(first && third);
  EXPECT_EQ(first->after, Milliseconds(2));
  EXPECT_EQ(third->after, Milliseconds(6));
  EXPECT_EQ(first->ip.ttl, 255);
  EXPECT_EQ(third->ip.ttl, 253);
  EXPECT_EQ(source.ask(4)->ip.ttl, 61);
}

TEST(SimulatedNetwork, QuotesAreProvenToBeOurs) {
  for (const Transport transport : {Transport::Icmp, Transport::Udp, Transport::Tcp}) {
    for (const bool is_v6 : {false, true}) {
      TestSource source(chain());
      if (is_v6) source.use_v6();
      source.flow.transport = transport;
      const auto answer = source.ask(2);
      ASSERT_TRUE(answer && answer->error() != nullptr);
      EXPECT_EQ(answer->error()->quote.ip.ttl, 1);
      const auto identity = packet::identify_quote({1, 2, 3}, answer->error()->quote);
      ASSERT_TRUE(identity);
      EXPECT_EQ(identity->number, 1);
      EXPECT_TRUE(identity->is_proven);
    }
  }
}

/// The addresses that answer at `ttl`, each with how often, over as many flows.
std::map<std::string, int> spread_over_flows(TestSource& source, int ttl, int flows) {
  std::map<std::string, int> counts;
  for (int i = 0; i < flows; ++i) {
    source.flow.source_port = static_cast<std::uint16_t>(40'000 + i);
    ++counts[source.ask(ttl).value().from()];
  }
  return counts;
}

std::string four_ways(std::string_view options) {
  return "source: {next: r1}\n"
         "nodes:\n"
         "  r1: {addresses: [10.0.1.1, \"2001:db8:1::1\"], " +
         std::string(options) +
         "}\n"
         "  a: {addresses: [10.0.2.1, \"2001:db8:2::1\"], next: end}\n"
         "  b: {addresses: [10.0.2.2, \"2001:db8:2::2\"], next: end}\n"
         "  c: {addresses: [10.0.2.3, \"2001:db8:2::3\"], next: end}\n"
         "  d: {addresses: [10.0.2.4, \"2001:db8:2::4\"], next: end}\n"
         "  end: {addresses: [198.51.100.7, \"2001:db8:7::7\"]}\n";
}

TEST(SimulatedNetwork, FlowsSpreadAndKeepTheirWay) {
  for (const Transport transport : {Transport::Icmp, Transport::Udp, Transport::Tcp}) {
    for (const bool is_v6 : {false, true}) {
      TestSource source(four_ways("next: [a, b, c, d]"));
      if (is_v6) source.use_v6();
      source.flow.transport = transport;
      const auto counts = spread_over_flows(source, 2, 400);
      ASSERT_EQ(counts.size(), 4U);
      for (const auto& [address, count] : counts) EXPECT_NEAR(count, 100, 40) << address;
      std::set<std::string> of_one_flow;
      for (int i = 0; i < 50; ++i) of_one_flow.insert(source.ask(2).value().from());
      EXPECT_EQ(of_one_flow.size(), 1U);
    }
  }
}

TEST(SimulatedNetwork, WeightsCount) {
  TestSource source(four_ways("next: [{to: a, weight: 9}, b]"));
  const auto counts = spread_over_flows(source, 2, 1'000);
  EXPECT_NEAR(counts.at("10.0.2.1"), 900, 60);
}

TEST(SimulatedNetwork, PerPacketBalancingSplitsOneFlow) {
  TestSource source(four_ways("next: [a, b], balance: packet"));
  std::set<std::string> of_one_flow;
  for (int i = 0; i < 50; ++i) of_one_flow.insert(source.ask(2).value().from());
  EXPECT_EQ(of_one_flow.size(), 2U);
}

TEST(SimulatedNetwork, AnswersComeFromTheInterfaceThatThePacketCameIn) {
  TestSource source(four_ways("next: [{to: a, via: 10.9.9.9, delay_ms: 7}]"));
  const auto answer = source.ask(2);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->from(), "10.9.9.9");
  EXPECT_EQ(answer->after, Milliseconds(14));
}

int answers_of(TestSource& source, int ttl, int asked) {
  int answers = 0;
  for (int i = 0; i < asked; ++i) answers += source.ask(ttl) ? 1 : 0;
  return answers;
}

TEST(SimulatedNetwork, LossHasItsPlaceAndDirection) {
  TestSource link(chain(", loss: 30"));
  EXPECT_EQ(answers_of(link, 1, 1'000), 1'000);
  EXPECT_NEAR(answers_of(link, 2, 1'000), 700, 60);
  EXPECT_NEAR(answers_of(link, 4, 1'000), 700, 60);
  TestSource router(chain(", forward_loss: 30"));
  EXPECT_EQ(answers_of(router, 2, 1'000), 1'000);
  EXPECT_NEAR(answers_of(router, 3, 1'000), 700, 60);
  TestSource back(chain(", return_loss: 30"));
  EXPECT_EQ(answers_of(back, 1, 1'000), 1'000);
  EXPECT_NEAR(answers_of(back, 3, 1'000), 700, 60);
  TestSource answers(chain(", answers: {loss: 30}"));
  EXPECT_NEAR(answers_of(answers, 2, 1'000), 700, 60);
  EXPECT_EQ(answers_of(answers, 3, 1'000), 1'000);
}

TEST(SimulatedNetwork, TheSameSeedGivesTheSame) {
  const auto run = [](std::string_view seed) {
    TestSource source(chain(", loss: 30, jitter_ms: 5", "seed: " + std::string(seed) + "\n"));
    std::vector<Microseconds> times;
    for (int i = 0; i < 100; ++i) {
      for (const Answer& answer : source.ask_all(3)) times.push_back(answer.after);
    }
    return times;
  };
  EXPECT_EQ(run("5"), run("5"));
  EXPECT_NE(run("5"), run("6"));
}

TEST(SimulatedNetwork, LinuxLimitsErrorsToOneASecondAfterABurst) {
  TestSource source(chain(", limit: linux"));
  EXPECT_EQ(answers_of(source, 2, 20), 6);
  EXPECT_EQ(answers_of(source, 3, 20), 20);
  source.advance(Milliseconds(2'500));
  EXPECT_EQ(answers_of(source, 2, 20), 2);
  EXPECT_EQ(source.network().counters().refused, 14U + 18U);
}

TEST(SimulatedNetwork, LabelledTunnelsShowTheirLabelsAndQuoteTtls) {
  TestSource source(R"(
source: {next: in}
nodes:
  in: {addresses: 10.0.1.1, next: p1}
  p1: {addresses: 10.0.2.1, next: p2, tunnel: labelled, labels: [16001, {label: 24, ttl: 9}]}
  p2: {addresses: 10.0.3.1, next: out, tunnel: labelled}
  out: {addresses: 10.0.4.1, next: end}
  end: {addresses: 198.51.100.7}
)");
  const auto first = source.ask(2);
  const auto second = source.ask(3);
  const auto out = source.ask(4);
  ASSERT_TRUE(first && first->error() && second && second->error() && out && out->error());
  const auto extensions = packet::parse_icmp_extensions(first->error()->extensions);
  ASSERT_TRUE(extensions);
  const std::vector<packet::MplsEntry> wanted{{16'001, 0, false, 1}, {24, 0, true, 9}};
  EXPECT_EQ(extensions->labels, wanted);
  EXPECT_EQ(first->error()->quote.ip.ttl, 1);
  EXPECT_EQ(second->error()->quote.ip.ttl, 2);
  EXPECT_EQ(out->error()->quote.ip.ttl, 1);
  EXPECT_EQ(out->from(), "10.0.4.1");
  EXPECT_EQ(source.told(5), "198.51.100.7 3/3");
}

TEST(SimulatedNetwork, HiddenTunnelsAndTransparentNodesAreOneLink) {
  for (const std::string option : {"tunnel: hidden", "transparent: true"}) {
    TestSource source(chain(", " + option));
    EXPECT_EQ(source.told(2), "10.0.3.1 11/0") << option;
    EXPECT_EQ(source.ask(2)->ip.ttl, 254) << option;
    EXPECT_EQ(source.told(3), "198.51.100.7 3/3") << option;
  }
}

TEST(SimulatedNetwork, TranslationsShowInQuotesUnlessTheyAreUndone) {
  for (const bool restores : {false, true}) {
    TestSource source(chain(std::string(", nat: {source: 203.0.113.5, destination: 198.51.100.9, "
                                        "source_port: 5000, restores_quotes: ") +
                                (restores ? "true}" : "false}"),
                            "", ", tcp: {accept: 33434}"));
    const auto before = source.ask(2);
    const auto after = source.ask(3);
    ASSERT_TRUE(before && before->error() && after && after->error());
    EXPECT_EQ(before->error()->quote.source_port, 40'000);
    const auto& quote = after->error()->quote;
    EXPECT_EQ(to_string(quote.ip.source), restores ? "10.0.0.1" : "203.0.113.5");
    EXPECT_EQ(to_string(quote.ip.destination), restores ? "198.51.100.7" : "198.51.100.9");
    EXPECT_EQ(quote.source_port, restores ? 40'000 : 5'000);
    EXPECT_EQ(to_string(after->ip.destination), "10.0.0.1");
  }
}

TEST(SimulatedNetwork, TranslationsKeepChecksumsRightAndAnswersAreTranslatedBack) {
  for (const Transport transport : {Transport::Icmp, Transport::Udp, Transport::Tcp}) {
    TestSource source(R"(
source: {next: r1}
nodes:
  r1:
    addresses: 10.0.1.1
    next: host
    nat: {source: 203.0.113.5, destination: 198.51.100.9, source_port: 5000, destination_port: 80}
  host: {addresses: 198.51.100.9, tcp: {accept: 80}}
)");
    source.flow.transport = transport;
    source.flow.destination_port = 8'080;
    const auto answer = source.ask(9);
    ASSERT_TRUE(answer);
    EXPECT_EQ(to_string(answer->ip.destination), "10.0.0.1");
    if (transport == Transport::Udp) {
      const auto quoted = Bytes(answer->bytes).subspan(answer->ip.header_bytes + 8);
      EXPECT_EQ(
          packet::transport_checksum(answer->error()->quote.ip.source,
                                     answer->error()->quote.ip.destination, 17, quoted.subspan(20)),
          0);
    } else {
      EXPECT_EQ(answer->from(), "198.51.100.7");
    }
  }
}

TEST(SimulatedNetwork, TrafficClassesAreRewrittenForThoseBehind) {
  for (const bool is_v6 : {false, true}) {
    TestSource source(chain(", dscp: 10, ecn: 0"));
    if (is_v6) source.use_v6();
    source.flow.traffic_class = 46 << 2 | 1;
    EXPECT_EQ(source.ask(2)->error()->quote.ip.traffic_class, 46 << 2 | 1);
    EXPECT_EQ(source.ask(3)->error()->quote.ip.traffic_class, 10 << 2);
  }
}

TEST(SimulatedNetwork, RoutersLie) {
  TestSource source(
      chain(", answers: {from: 192.0.2.66, quoted_ttl: 0, quote_bytes: 8, hops: 3, "
            "delay_ms: 50, ttl: 64}"));
  const auto answer = source.ask(2);
  ASSERT_TRUE(answer && answer->error());
  EXPECT_EQ(answer->from(), "192.0.2.66");
  EXPECT_EQ(answer->error()->quote.ip.ttl, 0);
  EXPECT_EQ(answer->bytes.size(), 20U + 8 + 20 + 8);
  EXPECT_EQ(answer->ip.ttl, 64 - 1 - 3);
  EXPECT_EQ(answer->after, Milliseconds(54));
  EXPECT_EQ(source.ask(3)->after, Milliseconds(6));
  TestSource silent(chain(", answers: {silent: true}"));
  EXPECT_EQ(silent.told(2), "-");
  EXPECT_EQ(silent.told(3), "10.0.3.1 11/0");
}

TEST(SimulatedNetwork, ExtensionsAreFoundWithAndWithoutTheLengthField) {
  for (const std::string field : {"true", "false"}) {
    for (const bool is_v6 : {false, true}) {
      TestSource source(chain(", answers: {length_field: " + field +
                              "}, labels: 77, interfaces: {index: 5, name: xe-0/0/1, mtu: 9000}"));
      if (is_v6) source.use_v6();
      const auto answer = source.ask(2);
      ASSERT_TRUE(answer && answer->error());
      const auto found = packet::parse_icmp_extensions(answer->error()->extensions);
      ASSERT_TRUE(found) << field << is_v6;
      EXPECT_EQ(found->labels.size(), 1U);
      ASSERT_EQ(found->interfaces.size(), 1U);
      EXPECT_EQ(found->interfaces[0].name, "xe-0/0/1");
    }
  }
}

TEST(SimulatedNetwork, AnswersOfALoopComeBackByTheShortWay) {
  TestSource source(R"(
defaults: {delay_ms: 1}
source: {next: a}
nodes:
  a: {addresses: 10.0.1.1, next: b}
  b: {addresses: 10.0.2.1, next: a}
)");
  EXPECT_EQ(source.told(1), "10.0.1.1 11/0");
  EXPECT_EQ(source.told(2), "10.0.2.1 11/0");
  EXPECT_EQ(source.told(9), "10.0.1.1 11/0");
  const auto late = source.ask(254);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->ip.ttl, 254);
  EXPECT_EQ(late->after, Milliseconds(254 + 2));
}

TEST(SimulatedNetwork, WaysChangeAtTheirTime) {
  TestSource source(chain("", R"(
  r9: {addresses: 10.0.9.1, next: r3}
changes:
  - {at_s: 30, until_s: 60, node: r1, set: {next: r9}}
)"));
  EXPECT_EQ(source.told(2), "10.0.2.1 11/0");
  source.advance(Seconds(30));
  EXPECT_EQ(source.told(2), "10.0.9.1 11/0");
  source.advance(Seconds(30));
  EXPECT_EQ(source.told(2), "10.0.2.1 11/0");
}

TEST(SimulatedNetwork, LargePacketsAreRefusedOrVanish) {
  for (const bool is_v6 : {false, true}) {
    for (const bool is_silent : {false, true}) {
      TestSource source(
          chain(std::string(", mtu: 1400, mtu_silent: ") + (is_silent ? "true" : "false")));
      if (is_v6) source.use_v6();
      source.packet_bytes = 1'400;
      EXPECT_NE(source.told(9), "-");
      source.packet_bytes = 1'401;
      const auto answer = source.ask(9);
      EXPECT_EQ(answer.has_value(), !is_silent);
      if (!answer) continue;
      EXPECT_EQ(answer->kind(), is_v6 ? "2/0" : "3/4");
      EXPECT_EQ(answer->error()->mtu, 1'400U);
      EXPECT_EQ(answer->from(), is_v6 ? "2001:db8:1::1" : "10.0.1.1");
    }
  }
}

TEST(SimulatedNetwork, FirewallsAnswerInTheirWay) {
  const std::vector<std::pair<std::string, std::string>> cases{{"drop", "-"},
                                                               {"net", "10.0.2.1 3/0"},
                                                               {"host", "10.0.2.1 3/1"},
                                                               {"prohibited", "10.0.2.1 3/13"},
                                                               {"net_prohibited", "10.0.2.1 3/9"},
                                                               {"host_prohibited", "10.0.2.1 3/10"},
                                                               {"reset", "198.51.100.7 rst"}};
  for (const auto& [answer, wanted] : cases) {
    TestSource source(chain(", deny: {protocol: tcp, ports: 440-450, answer: " + answer + "}"));
    source.flow.transport = Transport::Tcp;
    source.flow.destination_port = 443;
    EXPECT_EQ(source.told(2), "10.0.2.1 11/0");
    EXPECT_EQ(source.told(3), wanted) << answer;
    source.flow.destination_port = 451;
    EXPECT_EQ(source.told(3), "10.0.3.1 11/0") << answer;
  }
}

TEST(SimulatedNetwork, WhereNoWayLeadsOnARouterSaysSo) {
  TestSource source(chain());
  source.flow.destination = *parse_ip_address("203.0.113.77");
  EXPECT_EQ(source.told(9), "198.51.100.7 3/0");
}

TEST(SimulatedNetwork, RoutesGoBeforeTheUsualWay) {
  TestSource source(chain(", routes: [{prefix: 198.51.100.0/24, next: other}]",
                          "  other: {addresses: 198.51.0.0/16}\n"));
  EXPECT_EQ(source.told(3), "198.51.100.7 3/3");
  source.flow.destination = *parse_ip_address("198.51.99.1");
  EXPECT_EQ(source.told(3), "10.0.3.1 11/0");
}

TEST(SimulatedNetwork, AWayBackOfItsOwnHasItsLengthAndDelay) {
  TestSource source(chain(", return_delay_ms: 40, return_hops: 6"));
  EXPECT_EQ(source.ask(1)->after, Milliseconds(2));
  const auto answer = source.ask(3);
  EXPECT_EQ(answer->after, Milliseconds(3 + 42));
  EXPECT_EQ(answer->ip.ttl, 255 - 7);
}

TEST(SimulatedNetwork, DuplicatesAndReordering) {
  TestSource source(chain(", duplicate: 50, reorder: 50, reorder_by_ms: 20"));
  std::size_t answers = 0;
  int late = 0;
  for (int i = 0; i < 400; ++i) {
    const auto all = source.ask_all(3);
    answers += all.size();
    if (all.front().after >= Milliseconds(26)) ++late;
  }
  EXPECT_NEAR(static_cast<double>(answers), 600, 60);
  EXPECT_NEAR(late, 200, 50);
}

TEST(SimulatedNetwork, NonsenseIsCountedAndForgotten) {
  TestSource source(chain());
  SimulatedNetwork& network = source.network();
  const std::vector<Packet> nonsense{{}, {0x45}, Packet(40, 0), Packet(20, 0x45), Packet(60, 0x6f)};
  for (const Packet& packet : nonsense) network.deliver(packet, Instant{Seconds(1'000)});
  EXPECT_EQ(network.counters().malformed, nonsense.size());
  EXPECT_FALSE(network.next_departure());
}

}  // namespace
}  // namespace lw::lab
