// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/agent.h"
#include "model/listening.h"
#include "model/round.h"
#include "model/self_test.h"
#include "model/test.h"

namespace linewatch::wire {
class AgentFacts;
class AgentStatus;
class Assignment;
class SelfTest;
}  // namespace linewatch::wire

/// Between the domain's values and the messages of fleet.proto. Pure; what comes off the wire is
/// checked here, so that inside every value is valid.
namespace lw::wire {

/// A Round message's bytes: what the spool keeps and a RoundBatch carries. Bytes of its texts that
/// are no UTF-8 become U+FFFD, and long texts are cut.
std::string encode_round(const Round& round);
/// Refuses bytes that are no Round, unknown outcomes, lists of differing lengths, and more checks
/// than the store keeps. Cuts long texts, as an agent of another release may not have.
Result<Round> decode_round(std::string_view bytes);

/// The parts of one assignment, at least one, the last marked. All tests are of one agent, which
/// listens on the ports besides. Sets and differences to them: wire/assignment.h.
std::vector<linewatch::wire::Assignment> encode_assignment(
    std::uint64_t version, const std::vector<Test>& tests,
    const std::vector<std::uint16_t>& listen_ports = {});
/// Hashes all that an assignment says of a test: equal numbers, nothing new for its agent. Never 0.
/// Remembers configurations by their address, so it must not outlive them.
class Fingerprinter {
 public:
  std::uint64_t of(const Test& test);

 private:
  std::unordered_map<const TestConfiguration*, std::string> configurations_;  ///< as encoded
};
/// The tests of one part. Refuses values outside the model's limits.
Result<std::vector<Test>> decode_assignment(const linewatch::wire::Assignment& part);
/// The ports of one part, as they stand there. Refuses what is no port.
Result<std::vector<std::uint16_t>> decode_listen_ports(const linewatch::wire::Assignment& part);

/// The agent's own claims; id and joined are the server's business.
linewatch::wire::AgentFacts encode_facts(const Agent& agent);
Agent decode_facts(const linewatch::wire::AgentFacts& facts);

linewatch::wire::SelfTest encode_self_test(const SelfTest& test);
/// Takes numbers as they are, cuts long texts; a stamp source of a newer release counts as User.
SelfTest decode_self_test(const linewatch::wire::SelfTest& message);

void encode_listening(const std::vector<ListeningPort>& ports,
                      linewatch::wire::AgentStatus& status);
/// Leaves out what is no port and what comes after the 1,000th, cuts long texts; an outcome of a
/// newer release counts as Failed.
std::vector<ListeningPort> decode_listening(const linewatch::wire::AgentStatus& status);

}  // namespace lw::wire
