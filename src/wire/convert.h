// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/agent.h"
#include "model/round.h"
#include "model/test.h"

namespace linewatch::wire {
class AgentFacts;
class Assignment;
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

/// The parts of one assignment, at least one, the last marked. All tests are of one agent.
std::vector<linewatch::wire::Assignment> encode_assignment(std::uint64_t version,
                                                           const std::vector<Test>& tests);
/// The tests of one part. Refuses values outside the model's limits.
Result<std::vector<Test>> decode_assignment(const linewatch::wire::Assignment& part);

/// The agent's own claims; id and joined are the server's business.
linewatch::wire::AgentFacts encode_facts(const Agent& agent);
Agent decode_facts(const linewatch::wire::AgentFacts& facts);

}  // namespace lw::wire
