// SPDX-License-Identifier: Apache-2.0
#include "simnet/network_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/files.h"

namespace lw::lab {
namespace {

std::string faults_of(std::string_view text) {
  std::string all;
  for (const Diagnostic& fault : parse_network(text, "net.yaml").faults) {
    all += to_string(fault) + "\n";
  }
  return all;
}

void expect_fault(std::string_view text, std::string_view wanted) {
  const std::string faults = faults_of(text);
  EXPECT_NE(faults.find(wanted), std::string::npos) << "wanted: " << wanted << "\ngot: " << faults;
}

constexpr std::string_view kSmall = R"(
source: {next: r1}
nodes:
  r1: {addresses: 10.0.1.1, next: end}
  end: {addresses: [198.51.100.7, "2001:db8::7"]}
)";

TEST(NetworkReader, ReadsNodesInTheOrderOfTheFile) {
  const NetworkRead read = parse_network(kSmall, "net.yaml");
  EXPECT_TRUE(read.faults.empty());
  ASSERT_EQ(read.config.nodes.size(), 3U);
  EXPECT_EQ(read.config.nodes[0].name, "source");
  EXPECT_EQ(read.config.nodes[1].phases[0].config.next[0].to, 2U);
  EXPECT_EQ(read.config.nodes[2].phases[0].config.addresses.size(), 2U);
}

TEST(NetworkReader, FaultsNameThePlaceAndTheFix) {
  expect_fault("nodes: {}\n", "`source` is missing; write source: {next: NODE}");
  expect_fault("source: {next: r2}\nnodes:\n  r1: {}\n",
               "net.yaml:1:16: source.next: there is no node `r2`; did you mean `r1`?");
  expect_fault("source: {}\nnodes:\n  r1: {delay: 3}\n",
               "net.yaml:3:8: nodes.r1.delay: unknown key");
  expect_fault("source: {}\nnodes:\n  r1: {loss: 101}\n", "more than 100 percent");
  expect_fault("source: {}\nnodes:\n  r1: {addresses: [10.0.0.300]}\n",
               "nodes.r1.addresses[0]: `10.0.0.300` is no address");
  expect_fault("source: {}\nnodes:\n  r1: {tcp: {accept: [70000]}}\n", "`70000` is no port");
  expect_fault("source: {}\nnodes:\n  r1: {deny: [{answer: prohibit}]}\n",
               "did you mean `prohibited`?");
  expect_fault("source: {}\nnodes:\n  source: {}\n", "name the node otherwise");
  expect_fault(
      "source: {}\nnodes:\n  r1: {}\nchanges: [{at_s: 5, until_s: 5, node: r1, set: {}}]\n",
      "must be after `at_s`");
  expect_fault("source: {}\nnodes:\n  r1: {}\nchanges: [{at_s: 5, node: r1}]\n",
               "`set` is missing");
  expect_fault("nodes: [\n", "net.yaml");
}

TEST(NetworkReader, AFaultOfTheDefaultsIsReportedOnce) {
  const auto faults =
      parse_network("source: {}\ndefaults: {tll: 3}\nnodes: {a: {}, b: {}}\n", "net.yaml").faults;
  EXPECT_EQ(faults.size(), 1U);
}

TEST(NetworkReader, AFaultOfAChangeIsFoundInItsPlace) {
  expect_fault("source: {}\nnodes:\n  r1: {}\nchanges:\n  - {at_s: 5, node: r1, set: {los: 3}}\n",
               "net.yaml:5:31: nodes.r1.los: unknown key `los`, did you mean `loss`?");
}

TEST(NetworkReader, NodesTakeWhatTheyDoNotSayFromTheDefaults) {
  const NetworkRead read = parse_network(R"(
source: {}
defaults: {delay_ms: 2, limit: linux}
nodes:
  a: {}
  b: {delay_ms: 5.5, return_delay_ms: 1}
)",
                                         "net.yaml");
  EXPECT_TRUE(read.faults.empty());
  const NodeConfig& a = read.config.nodes[1].phases[0].config;
  const NodeConfig& b = read.config.nodes[2].phases[0].config;
  EXPECT_EQ(a.link.delay, Microseconds(2'000));
  EXPECT_EQ(a.link.return_delay, Microseconds(2'000));
  EXPECT_EQ(a.limit.rate, 1);
  EXPECT_EQ(b.link.delay, Microseconds(5'500));
  EXPECT_EQ(b.link.return_delay, Microseconds(1'000));
}

TEST(NetworkReader, ChangesOverlapAndEnd) {
  const NetworkRead read = parse_network(R"(
source: {}
nodes:
  r1: {delay_ms: 1}
changes:
  - {at_s: 10, until_s: 30, node: r1, set: {loss: 5}}
  - {at_s: 20, node: r1, set: {delay_ms: 90}}
)",
                                         "net.yaml");
  EXPECT_TRUE(read.faults.empty());
  const auto& phases = read.config.nodes[1].phases;
  ASSERT_EQ(phases.size(), 4U);
  const auto expect_phase = [&](std::size_t index, int second, double loss, int delay_ms) {
    EXPECT_EQ(phases[index].at, Seconds(second));
    EXPECT_EQ(phases[index].config.link.loss, loss);
    EXPECT_EQ(phases[index].config.link.delay, Milliseconds(delay_ms));
  };
  expect_phase(0, 0, 0, 1);
  expect_phase(1, 10, 5, 1);
  expect_phase(2, 20, 5, 90);
  expect_phase(3, 30, 0, 90);
}

TEST(NetworkReader, TheExampleOfTheDocumentationIsRight) {
  const auto page = read_file(LW_SOURCE_DIR "/docs/formats/simnet.md");
  ASSERT_TRUE(page);
  const std::size_t begin = page->find("```yaml\n") + 8;
  const std::string example = page->substr(begin, page->find("```", begin) - begin);
  EXPECT_EQ(faults_of(example), "");
  EXPECT_EQ(parse_network(example, "").config.nodes.size(), 6U);
}

}  // namespace
}  // namespace lw::lab
